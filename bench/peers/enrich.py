"""The kafka-python peer: what the original's enrichment service does, a loop of poll, send, flush, commit.

In: broker, raw topic, output topic, messages, passes, registry file. Out: a line "done N" after each pass, all committed.
"""

import json
import sys
import time
from datetime import datetime, timezone

from kafka import KafkaConsumer, KafkaProducer
from kafka.structs import OffsetAndMetadata, TopicPartition

API_VERSION = (2, 5, 0)
# Its CPU time is read from outside after the last line; then it is ended from there.
LINGER_S = 60
DEVICE_KEYS = {
    "device_type_name": "name",
    "device_type_description": "description",
    "device_category": "category",
    "capabilities": "capabilities",
    "data_format": "data_format",
    "update_frequency": "update_frequency",
    "retention_policy": "retention_policy",
}


def read_registry(path):
    with open(path, encoding="utf-8") as file:
        types = json.load(file)["device_types"]
    return {
        name: {
            "device": {"device_type": name, **{key: it.get(source) for key, source in DEVICE_KEYS.items()}},
            "measurements": it["measurements"],
        }
        for name, it in types.items()
    }


def enrich(value, types):
    message = json.loads(value)
    name = message["device_type"]
    known = types[name]
    message["device_metadata"] = known["device"]
    message["measurement_metadata"] = known["measurements"]
    message["enrichment_info"] = {
        "enriched_at": datetime.now(timezone.utc).isoformat(),
        "enrichment_service": "iot-enrichment-service",
        "enrichment_version": "1.0.0",
        "device_type_detected": name,
    }
    measurements = message.get("measurements", {})
    message["data_quality"] = {
        "timestamp_valid": "timestamp" in message,
        "measurements_complete": all(it in measurements for it in known["measurements"]),
        "enrichment_success": True,
    }
    return json.dumps(message, separators=(",", ":")).encode()


def run(broker, raw, output, messages, types):
    consumer = KafkaConsumer(
        raw,
        bootstrap_servers=broker,
        group_id=output,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_poll_records=2000,
        api_version=API_VERSION,
    )
    producer = KafkaProducer(
        bootstrap_servers=broker,
        acks="all",
        compression_type="zstd",
        batch_size=524288,
        linger_ms=20,
        max_request_size=2000000,
        api_version=API_VERSION,
    )
    done = 0
    while done < messages:
        offsets = {}
        sent = []
        for place, records in consumer.poll(timeout_ms=500).items():
            for record in records:
                value = enrich(record.value, types)
                to = {"partition": record.partition, "timestamp_ms": record.timestamp}
                sent.append(producer.send(output, key=record.key, value=value, **to))
            offsets[TopicPartition(place.topic, place.partition)] = OffsetAndMetadata(records[-1].offset + 1, "")
        producer.flush()
        for future in sent:
            future.get(timeout=30)
        if offsets:
            consumer.commit(offsets)
        done += len(sent)
    producer.close()
    consumer.close()


def main():
    broker, raw, output, messages, passes, registry = sys.argv[1:7]
    types = read_registry(registry)
    for number in range(1, int(passes) + 1):
        run(broker, raw, f"{output}-{number}", int(messages), types)
        print(f"done {number}", flush=True)
    time.sleep(LINGER_S)


main()

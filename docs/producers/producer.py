#!/usr/bin/env python3
"""A device in Python: checks a message against the published schema, sends it, and reads what became of it.

    pip install kafka-python jsonschema zstandard
    python3 docs/producers/producer.py [BROKERS]        from the root of the tree; default 127.0.0.1:9092

zstandard is for reading: iot.enriched and iot.raw.dlq are compressed with zstd.
"""
import json
import pathlib
import sys
import time
from datetime import datetime, timezone

from jsonschema import Draft202012Validator
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

BROKERS = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:9092"
SCHEMA = pathlib.Path(__file__).parents[2] / "schemas" / "json" / "telemetry.schema.json"
OUTPUTS = ["iot.enriched", "iot.raw.dlq"]

validator = Draft202012Validator(json.loads(SCHEMA.read_text()))


def now():
    """ISO 8601 with its zone: without one the time would be taken as UTC."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


device_id = f"python-{time.time_ns()}"
good = {
    "device_id": device_id,
    "device_type": "environmental_sensor",
    "timestamp": now(),
    "event_type": "telemetry",
    "measurements": {"temperature": {"value": 21.4}, "humidity": {"value": 47.2}, "pressure": {"value": 1013.2}},
}
bad = {**good, "measurements": "21.4 degrees"}


def outputs():
    """A reader of all partitions from here on, in no group: it commits nothing."""
    consumer = KafkaConsumer(bootstrap_servers=BROKERS, enable_auto_commit=False)
    partitions = [TopicPartition(topic, n) for topic in OUTPUTS for n in consumer.partitions_for_topic(topic)]
    consumer.assign(partitions)
    consumer.seek_to_end()
    for partition in partitions:
        consumer.position(partition)  # seek_to_end is lazy
    return consumer


consumer = outputs()
# The key is the device id: it keeps a device's messages in order, and one that contradicts the id is refused.
producer = KafkaProducer(bootstrap_servers=BROKERS, acks="all", compression_type="gzip")
for message in (good, bad):
    faults = [error.message for error in validator.iter_errors(message)]
    print("by the schema:", "; ".join(faults) or "good")
    producer.send("iot.raw", key=device_id.encode(), value=json.dumps(message).encode()).get(timeout=10)

waiting, deadline = {"iot.enriched", "iot.raw.dlq"}, time.monotonic() + 30
while waiting and time.monotonic() < deadline:
    for records in consumer.poll(timeout_ms=500).values():
        for record in records:
            if record.key != device_id.encode():
                continue
            waiting.discard(record.topic)
            headers = {name: value.decode() for name, value in record.headers}
            if record.topic == "iot.enriched":
                quality = json.loads(record.value)["data_quality"]
                print("enriched:", quality["grade"], quality["findings"])
            else:
                print("dead letter:", headers["iot.reason"], headers["iot.path"], headers["iot.message"])
sys.exit(f"nothing came in {', '.join(sorted(waiting))}: does an enricher run?" if waiting else 0)

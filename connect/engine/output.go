// The `redpanda` output over franz-go, with just the fields of our pipeline: acks from all replicas, idempotent, one
// batch at a time. Names, defaults and meaning as in Connect 4.106.
package main

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/twmb/franz-go/pkg/kgo"
)

func outputSpec() *service.ConfigSpec {
	return service.NewConfigSpec().
		Fields(connectionFields()...).
		Fields(
			service.NewInterpolatedStringField("topic"),
			service.NewInterpolatedStringField("key").Optional(),
			service.NewStringEnumField("partitioner", "murmur2_hash", "manual").Optional(),
			service.NewInterpolatedStringField("partition").Optional(),
			service.NewInterpolatedStringField("timestamp_ms").Optional(),
			service.NewMetadataFilterField("metadata").Optional(),
			service.NewStringEnumField("compression", "lz4", "snappy", "gzip", "none", "zstd").Optional(),
			service.NewStringField("max_message_bytes").Default("1MiB"),
			service.NewBoolField("allow_auto_topic_creation").Default(true),
		).
		LintRule(`root = match {
  this.partitioner == "manual" && this.partition.or("") == "" => "the manual partitioner needs a partition",
  this.partitioner != "manual" && this.partition.or("") != "" => "a partition needs the manual partitioner",
}`)
}

type output struct {
	options                          []kgo.Opt
	topic, key, partition, timestamp *service.InterpolatedString
	headers                          *service.MetadataFilter
	// Held through produce and acknowledgement: one batch at a time, as in Connect.
	mutex  sync.Mutex
	client *kgo.Client
}

// Connect's default of max_in_flight; the mutex makes it one.
const maxInFlight = 256

func newOutput(conf *service.ParsedConfig, res *service.Resources) (service.BatchOutput, service.BatchPolicy, int, error) {
	made, err := outputOf(conf, res)
	return made, service.BatchPolicy{}, maxInFlight, err
}

func outputOf(conf *service.ParsedConfig, res *service.Resources) (*output, error) {
	o := &output{}
	var err error
	if o.options, err = connectionOptions(conf, res); err != nil {
		return nil, err
	}
	options, err := producerOptions(conf)
	if err != nil {
		return nil, err
	}
	o.options = append(o.options, options...)
	for name, field := range map[string]**service.InterpolatedString{
		"topic": &o.topic, "key": &o.key, "partition": &o.partition, "timestamp_ms": &o.timestamp,
	} {
		if !conf.Contains(name) {
			continue
		}
		if *field, err = conf.FieldInterpolatedString(name); err != nil {
			return nil, err
		}
	}
	if conf.Contains("metadata") {
		o.headers, err = conf.FieldMetadataFilter("metadata")
	}
	return o, err
}

var codecs = map[string]kgo.CompressionCodec{
	"lz4": kgo.Lz4Compression(), "snappy": kgo.SnappyCompression(), "gzip": kgo.GzipCompression(),
	"none": kgo.NoCompression(), "zstd": kgo.ZstdCompression(),
}

func producerOptions(conf *service.ParsedConfig) ([]kgo.Opt, error) {
	options := []kgo.Opt{kgo.RequiredAcks(kgo.AllISRAcks())}
	limit, err := conf.FieldString("max_message_bytes")
	if err != nil {
		return nil, err
	}
	bytes, err := humanize.ParseBytes(limit)
	if err != nil {
		return nil, fmt.Errorf("max_message_bytes: %w", err)
	}
	options = append(options, kgo.ProducerBatchMaxBytes(int32(bytes)))
	if conf.Contains("compression") {
		name, err := conf.FieldString("compression")
		if err != nil {
			return nil, err
		}
		options = append(options, kgo.ProducerBatchCompression(codecs[name]))
	}
	if conf.Contains("partitioner") {
		if name, _ := conf.FieldString("partitioner"); name == "manual" {
			options = append(options, kgo.RecordPartitioner(kgo.ManualPartitioner()))
		}
	}
	if create, _ := conf.FieldBool("allow_auto_topic_creation"); create {
		options = append(options, kgo.AllowAutoTopicCreation())
	}
	return options, nil
}

func (o *output) Connect(ctx context.Context) error {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.client != nil {
		return nil
	}
	client, err := connect(ctx, o.options)
	o.client = client
	return err
}

func (o *output) WriteBatch(ctx context.Context, batch service.MessageBatch) error {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.client == nil {
		return service.ErrNotConnected
	}
	records := make([]*kgo.Record, len(batch))
	for i, message := range batch {
		record, err := o.record(message)
		if err != nil {
			return fmt.Errorf("message %d of the batch: %w", i, err)
		}
		records[i] = record
	}
	return o.client.ProduceSync(ctx, records...).FirstErr()
}

func (o *output) record(message *service.Message) (*kgo.Record, error) {
	record := &kgo.Record{}
	var err error
	if record.Value, err = message.AsBytes(); err != nil {
		return nil, err
	}
	if record.Topic, err = o.topic.TryString(message); err != nil {
		return nil, fmt.Errorf("topic: %w", err)
	}
	if o.key != nil {
		if record.Key, err = o.key.TryBytes(message); err != nil {
			return nil, fmt.Errorf("key: %w", err)
		}
	}
	if o.partition != nil {
		number, err := integer(o.partition, message, 32)
		if err != nil {
			return nil, fmt.Errorf("partition: %w", err)
		}
		record.Partition = int32(number)
	}
	if o.timestamp != nil {
		ms, err := integer(o.timestamp, message, 64)
		if err != nil {
			return nil, fmt.Errorf("timestamp_ms: %w", err)
		}
		record.Timestamp = time.UnixMilli(ms)
	}
	if o.headers == nil {
		return record, nil
	}
	return record, o.headers.Walk(message, func(name, value string) error {
		record.Headers = append(record.Headers, kgo.RecordHeader{Key: name, Value: []byte(value)})
		return nil
	})
}

func integer(field *service.InterpolatedString, message *service.Message, bits int) (int64, error) {
	text, err := field.TryString(message)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(text, 10, bits)
}

func (o *output) Close(context.Context) error {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.client != nil {
		o.client.Close()
		o.client = nil
	}
	return nil
}

// The `redpanda` input over franz-go, with just the fields of our pipeline: a member of a consumer group that keeps each
// partition's order. Names, defaults and meaning as in Connect 4.106; partitions.go holds what waits and what is in hand.
package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/twmb/franz-go/pkg/kgo"
)

func inputSpec() *service.ConfigSpec {
	return service.NewConfigSpec().
		Fields(connectionFields()...).
		Fields(
			service.NewStringListField("topics"),
			service.NewStringField("consumer_group"),
			service.NewStringEnumField("start_offset", "earliest", "latest").Default("earliest"),
			service.NewStringEnumField("transaction_isolation_level", "read_uncommitted", "read_committed").Default("read_uncommitted"),
			service.NewDurationField("session_timeout").Default("1m"),
			service.NewDurationField("fetch_max_wait").Default("5s"),
			service.NewDurationField("commit_period").Default("5s"),
			service.NewStringField("partition_buffer_bytes").Default("1MB"),
			service.NewStringField("max_yield_batch_bytes").Default("32KB"),
			service.NewAutoRetryNacksToggleField(),
		)
}

type input struct {
	options []kgo.Opt
	limits  limits
	log     *service.Logger
	client  *kgo.Client
	waiting *partitions
	// Ends the poll loop, and says that it has ended.
	stop context.CancelFunc
	done chan struct{}
}

type limits struct{ buffer, yield int }

func newInput(conf *service.ParsedConfig, res *service.Resources) (service.BatchInput, error) {
	made := &input{log: res.Logger()}
	var err error
	if made.options, err = connectionOptions(conf, res); err != nil {
		return nil, err
	}
	options, err := consumerOptions(conf)
	if err != nil {
		return nil, err
	}
	made.options = append(made.options, options...)
	if made.limits.buffer, err = bytesIn(conf, "partition_buffer_bytes"); err != nil {
		return nil, err
	}
	if made.limits.yield, err = bytesIn(conf, "max_yield_batch_bytes"); err != nil {
		return nil, err
	}
	return service.AutoRetryNacksBatchedToggled(conf, made)
}

func consumerOptions(conf *service.ParsedConfig) ([]kgo.Opt, error) {
	topics, err := conf.FieldStringList("topics")
	if err != nil {
		return nil, err
	}
	group, err := conf.FieldString("consumer_group")
	if err != nil {
		return nil, err
	}
	start, err := conf.FieldString("start_offset")
	if err != nil {
		return nil, err
	}
	offset := kgo.NewOffset().AtStart()
	if start == "latest" {
		offset = kgo.NewOffset().AtEnd()
	}
	isolation, err := conf.FieldString("transaction_isolation_level")
	if err != nil {
		return nil, err
	}
	level := kgo.ReadUncommitted()
	if isolation == "read_committed" {
		level = kgo.ReadCommitted()
	}
	options := []kgo.Opt{
		kgo.ConsumeTopics(topics...), kgo.ConsumerGroup(group), kgo.ConsumeResetOffset(offset), kgo.AutoCommitMarks(),
		kgo.FetchIsolationLevel(level),
	}
	for name, option := range map[string]func(time.Duration) kgo.Opt{
		"session_timeout": func(d time.Duration) kgo.Opt { return kgo.SessionTimeout(d) },
		"fetch_max_wait":  func(d time.Duration) kgo.Opt { return kgo.FetchMaxWait(d) },
		"commit_period":   func(d time.Duration) kgo.Opt { return kgo.AutoCommitInterval(d) },
	} {
		duration, err := conf.FieldDuration(name)
		if err != nil {
			return nil, err
		}
		options = append(options, option(duration))
	}
	return options, nil
}

func bytesIn(conf *service.ParsedConfig, name string) (int, error) {
	text, err := conf.FieldString(name)
	if err != nil {
		return 0, err
	}
	bytes, err := humanize.ParseBytes(text)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	return int(bytes), nil
}

func (i *input) Connect(ctx context.Context) error {
	if i.client != nil {
		return nil
	}
	waiting := newPartitions()
	client, err := connect(ctx, append(i.options,
		kgo.OnPartitionsRevoked(func(ctx context.Context, client *kgo.Client, revoked map[string][]int32) {
			// What is acknowledged is committed; what is in hand will come again, to the next owner.
			if err := client.CommitMarkedOffsets(ctx); err != nil {
				i.log.Errorf("the offsets of revoked partitions are not committed: %v", err)
			}
			waiting.lose(revoked)
		}),
		kgo.OnPartitionsLost(func(_ context.Context, _ *kgo.Client, lost map[string][]int32) { waiting.lose(lost) }),
	))
	if err != nil {
		return err
	}
	polling, stop := context.WithCancel(context.Background())
	i.client, i.waiting, i.stop, i.done = client, waiting, stop, make(chan struct{})
	go i.poll(polling)
	return nil
}

func (i *input) poll(ctx context.Context) {
	defer close(i.done)
	for ctx.Err() == nil {
		// A deadline, since all partitions may be paused.
		patience, cancel := context.WithTimeout(ctx, time.Second)
		fetches := i.client.PollFetches(patience)
		cancel()
		fetches.EachError(func(topic string, partition int32, err error) {
			if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
				i.log.Errorf("reading %s[%d]: %v", topic, partition, err)
			}
		})
		fetches.EachPartition(func(fetched kgo.FetchTopicPartition) {
			i.waiting.add(place{fetched.Topic, fetched.Partition}, fetched.Records)
		})
		full, others := i.waiting.byFill(i.limits.buffer)
		i.client.PauseFetchPartitions(full)
		i.client.ResumeFetchPartitions(others)
	}
}

func (i *input) ReadBatch(ctx context.Context) (service.MessageBatch, service.AckFunc, error) {
	if i.client == nil {
		return nil, nil, service.ErrNotConnected
	}
	taken, err := i.waiting.take(ctx, i.limits.yield)
	if err != nil {
		return nil, nil, err
	}
	batch := make(service.MessageBatch, len(taken.records))
	for at, record := range taken.records {
		batch[at] = messageOf(record)
	}
	return batch, func(context.Context, error) error {
		// Never an error: auto_replay_nacks brings a rejected batch again until it is written.
		i.waiting.acknowledge(taken, func(last *kgo.Record) { i.client.MarkCommitRecords(last) })
		return nil
	}, nil
}

func messageOf(record *kgo.Record) *service.Message {
	message := service.NewMessage(record.Value)
	message.MetaSetMut("kafka_key", record.Key)
	message.MetaSetMut("kafka_topic", record.Topic)
	message.MetaSetMut("kafka_partition", int(record.Partition))
	message.MetaSetMut("kafka_offset", int(record.Offset))
	message.MetaSetMut("kafka_timestamp_unix", record.Timestamp.Unix())
	message.MetaSetMut("kafka_timestamp_ms", record.Timestamp.UnixMilli())
	message.MetaSetMut("kafka_tombstone_message", record.Value == nil)
	// As in Connect, headers come after our own: one named kafka_offset hides the record's. The pipeline must see it.
	for _, header := range record.Headers {
		if header.Value == nil {
			message.MetaSetMut(header.Key, nil)
		} else {
			message.MetaSetMut(header.Key, string(header.Value))
		}
	}
	if len(record.Headers) > 0 {
		message.MetaSetMut("__rpcn_kafka_headers", record.Headers)
	}
	return message
}

func (i *input) Close(context.Context) error {
	if i.client == nil {
		return nil
	}
	i.stop()
	<-i.done
	i.client.Close()
	return nil
}

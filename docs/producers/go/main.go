// A device in Go: sends a good and a bad message to iot.raw and reads what became of them.
//
//	cd docs/producers/go && go run . [BROKERS]        default 127.0.0.1:9092
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Message is iot.raw's value in our own form; schemas/json/telemetry.schema.json says all of it.
type Message struct {
	DeviceID     string         `json:"device_id"`
	DeviceType   string         `json:"device_type,omitempty"`
	Timestamp    string         `json:"timestamp"`
	EventType    string         `json:"event_type"`
	Measurements map[string]any `json:"measurements"`
}

func main() {
	brokers := "127.0.0.1:9092"
	if len(os.Args) > 1 {
		brokers = os.Args[1]
	}
	ctx, cancel := context.WithTimeout(context.Background(), 40*time.Second)
	defer cancel()
	if err := run(ctx, brokers); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, brokers string) error {
	start := time.Now()
	client, err := kgo.NewClient(
		kgo.SeedBrokers(brokers),
		// In no group: reads all partitions from now on and commits nothing. The client decompresses zstd by itself.
		kgo.ConsumeTopics("iot.enriched", "iot.raw.dlq"),
		kgo.ConsumeResetOffset(kgo.NewOffset().AfterMilli(start.UnixMilli()-1000)),
	)
	if err != nil {
		return err
	}
	defer client.Close()

	good := Message{
		DeviceID:     fmt.Sprintf("go-%d", start.UnixNano()),
		DeviceType:   "environmental_sensor",
		Timestamp:    start.UTC().Format(time.RFC3339Nano),
		EventType:    "telemetry",
		Measurements: map[string]any{"temperature": 21.4, "humidity": 47.2, "pressure": 1013.2},
	}
	bad := good
	bad.Timestamp = "yesterday"
	for _, message := range []Message{good, bad} {
		value, err := json.Marshal(message)
		if err != nil {
			return err
		}
		// The key is the device id: it keeps a device's messages in order, and one that contradicts the id is refused.
		record := &kgo.Record{Topic: "iot.raw", Key: []byte(message.DeviceID), Value: value}
		if err := client.ProduceSync(ctx, record).FirstErr(); err != nil {
			return err
		}
	}
	return readBack(ctx, client, good.DeviceID)
}

func readBack(ctx context.Context, client *kgo.Client, id string) error {
	waiting := map[string]bool{"iot.enriched": true, "iot.raw.dlq": true}
	for len(waiting) > 0 {
		fetches := client.PollFetches(ctx)
		if ctx.Err() != nil {
			return fmt.Errorf("nothing came in %v: does an enricher run?", waiting)
		}
		fetches.EachRecord(func(record *kgo.Record) {
			if string(record.Key) != id {
				return
			}
			delete(waiting, record.Topic)
			if record.Topic == "iot.enriched" {
				fmt.Println("enriched:", grade(record.Value))
				return
			}
			headers := map[string]string{}
			for _, header := range record.Headers {
				headers[header.Key] = string(header.Value)
			}
			fmt.Println("dead letter:", headers["iot.reason"], headers["iot.path"], headers["iot.message"])
		})
	}
	return nil
}

func grade(value []byte) string {
	var enriched struct {
		Quality struct {
			Grade string `json:"grade"`
		} `json:"data_quality"`
	}
	if err := json.Unmarshal(value, &enriched); err != nil {
		return err.Error()
	}
	return enriched.Quality.Grade
}

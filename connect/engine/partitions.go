// Records that wait, by partition: one batch of a partition is in hand until it is acknowledged, so its order holds.
package main

import (
	"context"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
)

type place struct {
	topic     string
	partition int32
}

type partition struct {
	records []*kgo.Record
	bytes   int
	inHand  bool
	// Revoked: somebody else owns it, so nothing of it may be committed any more.
	lost bool
}

type taken struct {
	from    *partition
	records []*kgo.Record
	bytes   int
}

type partitions struct {
	mutex sync.Mutex
	all   map[place]*partition
	// Has one entry when something may have become ready.
	changed chan struct{}
}

func newPartitions() *partitions {
	return &partitions{all: map[place]*partition{}, changed: make(chan struct{}, 1)}
}

func (p *partitions) wake() {
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

func sizeOf(record *kgo.Record) int { return len(record.Key) + len(record.Value) }

func (p *partitions) add(at place, records []*kgo.Record) {
	if len(records) == 0 {
		return
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	known := p.all[at]
	if known == nil {
		known = &partition{}
		p.all[at] = known
	}
	known.records = append(known.records, records...)
	for _, record := range records {
		known.bytes += sizeOf(record)
	}
	p.wake()
}

func (p *partitions) lose(lost map[string][]int32) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for topic, numbers := range lost {
		for _, number := range numbers {
			at := place{topic, number}
			if known := p.all[at]; known != nil {
				known.lost = true
				delete(p.all, at)
			}
		}
	}
}

// byFill tells the partitions whose buffer is full from the others.
func (p *partitions) byFill(limit int) (full, others map[string][]int32) {
	full, others = map[string][]int32{}, map[string][]int32{}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for at, known := range p.all {
		side := others
		if known.bytes >= limit {
			side = full
		}
		side[at.topic] = append(side[at.topic], at.partition)
	}
	return full, others
}

// take waits for a partition that has records and none in hand.
func (p *partitions) take(ctx context.Context, limit int) (*taken, error) {
	for {
		if batch := p.ready(limit); batch != nil {
			p.wake() // another reader may find another partition
			return batch, nil
		}
		select {
		case <-p.changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (p *partitions) ready(limit int) *taken {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for _, known := range p.all {
		if known.inHand || len(known.records) == 0 {
			continue
		}
		batch := &taken{from: known}
		for _, record := range known.records {
			if len(batch.records) > 0 && batch.bytes+sizeOf(record) > limit {
				break
			}
			batch.records = append(batch.records, record)
			batch.bytes += sizeOf(record)
		}
		known.records = known.records[len(batch.records):]
		known.inHand = true
		return batch
	}
	return nil
}

// acknowledge marks the last record for the next commit, unless the partition has been lost meanwhile.
func (p *partitions) acknowledge(batch *taken, mark func(last *kgo.Record)) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	batch.from.inHand = false
	batch.from.bytes -= batch.bytes
	if !batch.from.lost {
		mark(batch.records[len(batch.records)-1])
	}
	p.wake()
}

// `prometheus` metrics as a stand-in of fields only: it lints as in Connect and measures nothing.
package main

import (
	"context"

	"github.com/redpanda-data/benthos/v4/public/service"
)

func prometheusSpec() *service.ConfigSpec {
	return service.NewConfigSpec().
		Field(service.NewBoolField("use_histogram_timing").Default(false)).
		Field(service.NewBoolField("add_process_metrics").Default(false))
}

type prometheus struct{}

func newPrometheus(*service.ParsedConfig, *service.Logger) (service.MetricsExporter, error) {
	return prometheus{}, nil
}

func (prometheus) NewCounterCtor(string, ...string) service.MetricsExporterCounterCtor {
	return func(...string) service.MetricsExporterCounter { return nothing{} }
}

func (prometheus) NewTimerCtor(string, ...string) service.MetricsExporterTimerCtor {
	return func(...string) service.MetricsExporterTimer { return nothing{} }
}

func (prometheus) NewGaugeCtor(string, ...string) service.MetricsExporterGaugeCtor {
	return func(...string) service.MetricsExporterGauge { return nothing{} }
}

func (prometheus) Close(context.Context) error { return nil }

type nothing struct{}

func (nothing) Incr(int64)   {}
func (nothing) Timing(int64) {}
func (nothing) Set(int64)    {}

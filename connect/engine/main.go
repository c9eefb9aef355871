// The gate's engine: the real Benthos with what its core lacks for our pipeline. README.md says what is a stand-in.
package main

import (
	"context"

	_ "github.com/redpanda-data/benthos/v4/public/components/io"
	_ "github.com/redpanda-data/benthos/v4/public/components/pure"
	"github.com/redpanda-data/benthos/v4/public/service"
)

func main() {
	service.MustRegisterBatchProcessor("javascript", javascriptSpec(), newJavascript)
	service.MustRegisterBatchInput("redpanda", inputSpec(), newInput)
	service.MustRegisterBatchOutput("redpanda", outputSpec(), newOutput)
	service.MustRegisterMetricsExporter("prometheus", prometheusSpec(), newPrometheus)
	service.RunCLI(context.Background(), service.CLIOptSetProductName("the gate's engine"))
}

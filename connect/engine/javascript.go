// The `javascript` processor, in the manner of Connect's: a program compiled once and run once a message, on a runtime
// that serves many messages and lives in a pool. One throw fails its batch.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"github.com/dop251/goja"
	"github.com/dop251/goja_nodejs/console"
	"github.com/dop251/goja_nodejs/require"
	"github.com/redpanda-data/benthos/v4/public/service"
)

func javascriptSpec() *service.ConfigSpec {
	return service.NewConfigSpec().
		Field(service.NewStringField("code").Optional()).
		Field(service.NewStringField("file").Optional()).
		Field(service.NewStringListField("global_folders").Default([]any{})).
		LintRule(`root = match {
  this.code.or("") == "" && this.file.or("") == "" => "one of code and file must be there",
  this.code.or("") != "" && this.file.or("") != "" => "code and file exclude each other",
}`)
}

type javascript struct {
	program *goja.Program
	modules *require.Registry
	log     *service.Logger
	// Idle instances; the garbage collector empties it, so what an instance remembers may vanish at any time.
	idle sync.Pool
}

func newJavascript(conf *service.ParsedConfig, res *service.Resources) (service.BatchProcessor, error) {
	name, source, err := programSource(conf, res)
	if err != nil {
		return nil, err
	}
	program, err := goja.Compile(name, source, false)
	if err != nil {
		return nil, fmt.Errorf("%s does not compile: %w", name, err)
	}
	folders, err := conf.FieldStringList("global_folders")
	if err != nil {
		return nil, err
	}
	modules := require.NewRegistry(require.WithGlobalFolders(folders...), require.WithLoader(loaderOf(res.FS())))
	modules.RegisterNativeModule("console", console.RequireWithPrinter(printer{res.Logger()}))
	return &javascript{program: program, modules: modules, log: res.Logger()}, nil
}

// A path is relative to the working directory, in `file` as in `require`.
func programSource(conf *service.ParsedConfig, res *service.Resources) (name, source string, err error) {
	if conf.Contains("code") {
		source, err = conf.FieldString("code")
		return "main.js", source, err
	}
	if name, err = conf.FieldString("file"); err != nil {
		return "", "", err
	}
	bytes, err := service.ReadFile(res.FS(), name)
	return name, string(bytes), err
}

func (p *javascript) ProcessBatch(_ context.Context, batch service.MessageBatch) ([]service.MessageBatch, error) {
	instance, ok := p.idle.Get().(*instance)
	if !ok {
		var err error
		if instance, err = p.newInstance(); err != nil {
			return nil, err
		}
	}
	defer p.idle.Put(instance)
	defer func() { instance.message = nil }()
	done := make(service.MessageBatch, 0, len(batch))
	for _, message := range batch {
		instance.message = message
		if _, err := instance.runtime.RunProgram(p.program); err != nil {
			return nil, err
		}
		done = append(done, message)
	}
	return []service.MessageBatch{done}, nil
}

func (p *javascript) Close(context.Context) error { return nil }

func loaderOf(files *service.FS) require.SourceLoader {
	return func(path string) ([]byte, error) {
		file, err := files.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, require.ModuleFileDoesNotExistError
		} else if err != nil {
			return nil, err
		}
		defer file.Close()
		if info, err := file.Stat(); err != nil {
			return nil, err
		} else if info.IsDir() {
			return nil, require.ModuleFileDoesNotExistError
		}
		return io.ReadAll(file)
	}
}

// printer sends console.log and its kin to the engine's log.
type printer struct{ log *service.Logger }

func (p printer) Log(text string)   { p.log.Info(text) }
func (p printer) Warn(text string)  { p.log.Warn(text) }
func (p printer) Error(text string) { p.log.Error(text) }

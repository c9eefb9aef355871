// What a script sees: `require`, `console`, and the text and metadata functions of the global `benthos`.
package main

import (
	"errors"
	"fmt"

	"github.com/dop251/goja"
	"github.com/dop251/goja_nodejs/console"
	"github.com/redpanda-data/benthos/v4/public/service"
)

// instance is a runtime and the message that it has in hand.
type instance struct {
	runtime *goja.Runtime
	message *service.Message
}

type hostFunction func(on *service.Message, arguments []goja.Value) (any, error)

// Not here: v0_fetch and the structured pair (they turn numbers into objects), which the pipeline must not use.
var hostFunctions = map[string]hostFunction{
	"v0_msg_as_string": func(on *service.Message, _ []goja.Value) (any, error) {
		bytes, err := on.AsBytes()
		return string(bytes), err
	},
	"v0_msg_set_string": func(on *service.Message, arguments []goja.Value) (any, error) {
		if len(arguments) > 0 {
			on.SetBytes([]byte(arguments[0].String()))
		}
		return nil, nil
	},
	"v0_msg_exists_meta": func(on *service.Message, arguments []goja.Value) (any, error) {
		_, found := on.MetaGet(nameIn(arguments))
		return found, nil
	},
	"v0_msg_get_meta": func(on *service.Message, arguments []goja.Value) (any, error) {
		value, found := on.MetaGet(nameIn(arguments))
		if !found {
			return nil, errors.New("key not found")
		}
		return value, nil
	},
	"v0_msg_set_meta": func(on *service.Message, arguments []goja.Value) (any, error) {
		if len(arguments) > 1 {
			on.MetaSetMut(nameIn(arguments), arguments[1].Export())
		}
		return nil, nil
	},
}

func nameIn(arguments []goja.Value) string {
	if len(arguments) == 0 {
		return ""
	}
	return arguments[0].String()
}

func (p *javascript) newInstance() (*instance, error) {
	made := &instance{runtime: goja.New()}
	p.modules.Enable(made.runtime)
	console.Enable(made.runtime)
	// A Go map, as in Connect: each access of a function wraps it anew, which is part of what a call costs.
	benthos := map[string]any{}
	for name, function := range hostFunctions {
		benthos[name] = made.callable(p.log, name, function)
	}
	return made, made.runtime.Set("benthos", benthos)
}

// A host error is thrown as a string: it has no `message`.
func (i *instance) callable(log *service.Logger, name string, function hostFunction) func(goja.FunctionCall, *goja.Runtime) goja.Value {
	return func(call goja.FunctionCall, runtime *goja.Runtime) goja.Value {
		// Connect makes a logger for each call too: part of what a call costs.
		_ = log.With("function", name)
		for at, argument := range call.Arguments {
			if goja.IsUndefined(argument) {
				panic(runtime.ToValue(fmt.Sprintf("argument %d of %s is undefined", at, name)))
			}
		}
		result, err := function(i.message, call.Arguments)
		if err != nil {
			panic(runtime.ToValue(err.Error()))
		}
		return runtime.ToValue(result)
	}
}

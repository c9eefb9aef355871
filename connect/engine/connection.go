// What the `redpanda` input and output share: how to reach the brokers. Names, defaults and meaning as in Connect 4.106.
package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
	"golang.org/x/sys/unix"
)

func connectionFields() []*service.ConfigField {
	return []*service.ConfigField{
		service.NewStringListField("seed_brokers"),
		service.NewStringField("client_id").Default("redpanda-connect"),
		service.NewTLSToggledField("tls"),
		service.NewObjectListField("sasl",
			service.NewStringEnumField("mechanism", "none", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"),
			service.NewStringField("username").Default(""),
			service.NewStringField("password").Default("").Secret(),
		).Optional(),
		service.NewObjectField("tcp", service.NewDurationField("tcp_user_timeout").Default("0s")),
	}
}

func connectionOptions(conf *service.ParsedConfig, res *service.Resources) ([]kgo.Opt, error) {
	listed, err := conf.FieldStringList("seed_brokers")
	if err != nil {
		return nil, err
	}
	var brokers []string
	for _, item := range listed {
		brokers = append(brokers, strings.Split(item, ",")...)
	}
	id, err := conf.FieldString("client_id")
	if err != nil {
		return nil, err
	}
	mechanisms, err := saslMechanisms(conf)
	if err != nil {
		return nil, err
	}
	dialer, err := dialerOf(conf)
	if err != nil {
		return nil, err
	}
	return []kgo.Opt{
		kgo.SeedBrokers(brokers...), kgo.ClientID(id), kgo.SASL(mechanisms...), kgo.Dialer(dialer),
		kgo.WithLogger(clientLog{res.Logger()}),
	}, nil
}

func saslMechanisms(conf *service.ParsedConfig) (mechanisms []sasl.Mechanism, err error) {
	if !conf.Contains("sasl") {
		return nil, nil
	}
	listed, err := conf.FieldObjectList("sasl")
	if err != nil {
		return nil, err
	}
	for _, one := range listed {
		name, _ := one.FieldString("mechanism")
		user, _ := one.FieldString("username")
		password, _ := one.FieldString("password")
		switch name {
		case "none":
		case "PLAIN":
			mechanisms = append(mechanisms, plain.Auth{User: user, Pass: password}.AsMechanism())
		case "SCRAM-SHA-256":
			mechanisms = append(mechanisms, scram.Auth{User: user, Pass: password}.AsSha256Mechanism())
		case "SCRAM-SHA-512":
			mechanisms = append(mechanisms, scram.Auth{User: user, Pass: password}.AsSha512Mechanism())
		default:
			return nil, fmt.Errorf("sasl mechanism %q is not known", name)
		}
	}
	return mechanisms, nil
}

type dial = func(ctx context.Context, network, address string) (net.Conn, error)

func dialerOf(conf *service.ParsedConfig) (dial, error) {
	userTimeout, err := conf.FieldDuration("tcp", "tcp_user_timeout")
	if err != nil {
		return nil, err
	}
	settings, encrypted, err := conf.FieldTLSToggled("tls")
	if err != nil {
		return nil, err
	}
	plainDialer := &net.Dialer{Timeout: 10 * time.Second}
	if userTimeout > 0 {
		plainDialer.Control = func(_, _ string, socket syscall.RawConn) error {
			var failed error
			err := socket.Control(func(fd uintptr) {
				failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(userTimeout.Milliseconds()))
			})
			if err != nil {
				return err
			}
			return failed
		}
	}
	if encrypted {
		return (&tls.Dialer{NetDialer: plainDialer, Config: settings}).DialContext, nil
	}
	return plainDialer.DialContext, nil
}

// connect makes a client and proves that a broker answers.
func connect(ctx context.Context, options []kgo.Opt) (*kgo.Client, error) {
	client, err := kgo.NewClient(options...)
	if err != nil {
		return nil, err
	}
	if err := client.Ping(ctx); err != nil {
		client.Close()
		err = fmt.Errorf("no broker answers: %w", err)
		if !kgo.IsRetryableBrokerErr(err) {
			// As in Connect: a connection that is refused is tried again after a minute.
			return nil, service.NewErrBackOff(err, time.Minute)
		}
		return nil, err
	}
	return client, nil
}

// clientLog shows franz-go's warnings and errors.
type clientLog struct{ log *service.Logger }

func (clientLog) Level() kgo.LogLevel { return kgo.LogLevelWarn }

func (l clientLog) Log(level kgo.LogLevel, text string, pairs ...any) {
	if level == kgo.LogLevelError {
		l.log.With(pairs...).Error(text)
	} else {
		l.log.With(pairs...).Warn(text)
	}
}

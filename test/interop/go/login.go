package main

import (
	"crypto/x509"
	"errors"
	"os"
	"strconv"
	"time"

	apis "github.com/openziti/sdk-golang/edge-apis"
	"github.com/openziti/sdk-golang/ziti"
)

// openContext reads an identity file; INTEROP_LOGIN says how to log in, `legacy` or `oidc`: unset, the SDK
// chooses by what the controller offers.
func openContext(file string) (ziti.Context, error) {
	config, err := ziti.NewConfigFromFile(file)
	if err != nil {
		return nil, err
	}
	return newContext(config)
}

func newContext(config *ziti.Config) (ziti.Context, error) {
	context, err := ziti.NewContext(config)
	if err != nil {
		return nil, err
	}
	if login := os.Getenv("INTEROP_LOGIN"); login != "" {
		client := context.(*ziti.ContextImpl).CtrlClt
		client.SetAllowOidcDynamicallyEnabled(false)
		client.SetUseOidc(login == "oidc")
	}
	return context, nil
}

// login API-URL CA-FILE METHOD USER-OR-TOKEN PASSWORD SERVICE BYTES: logs in without a certificate of its
// own, lists services and dials one.
func login(args []string) error {
	pem, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	config := &ziti.Config{ZtAPI: args[0]}
	switch args[2] {
	case "password":
		credentials := apis.NewUpdbCredentials(args[3], args[4])
		credentials.CaPool = pool
		config.Credentials = credentials
	case "ext-jwt":
		credentials := apis.NewJwtCredentials(args[3])
		credentials.CaPool = pool
		config.Credentials = credentials
	default:
		return errors.New("unknown method")
	}
	count, err := strconv.ParseInt(args[6], 10, 64)
	if err != nil {
		return err
	}
	context, err := newContext(config)
	if err != nil {
		return err
	}
	defer context.Close()
	if err := reportServices(context); err != nil {
		return err
	}
	return dialAndExchange(context, args[5], count)
}

func dialAndExchange(context ziti.Context, service string, count int64) error {
	conn, err := context.DialWithOptions(service, &ziti.DialOptions{ConnectTimeout: 10 * time.Second})
	if err != nil {
		return err
	}
	defer conn.Close()
	return exchange(conn, count)
}

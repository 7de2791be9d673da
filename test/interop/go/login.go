package main

import (
	"crypto/x509"
	"errors"
	"os"

	"github.com/openziti/edge-api/rest_util"
	apis "github.com/openziti/sdk-golang/edge-apis"
	"github.com/openziti/sdk-golang/ziti"
)

// login API-URL CA-FILE METHOD USER-OR-TOKEN PASSWORD [SERVICE BYTES]: logs in without a certificate of its own.
func login(args []string) error {
	pool := x509.NewCertPool()
	pem, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	pool.AppendCertsFromPEM(pem)
	var credentials apis.Credentials
	switch args[2] {
	case "password":
		credentials = apis.NewUpdbCredentials(args[3], args[4])
	case "ext-jwt":
		credentials = apis.NewJwtCredentials(args[3])
	default:
		return errors.New("unknown method")
	}
	_ = rest_util.GetControllerWellKnownCaPool
	credentials.(interface{ SetCaPool(*x509.CertPool) }).SetCaPool(pool)
	context, err := ziti.NewContext(&ziti.Config{ZtAPI: args[0], Credentials: credentials})
	if err != nil {
		return err
	}
	defer context.Close()
	return reportServices(context)
}

package main

import (
	"encoding/json"
	"os"
	"sort"

	"github.com/openziti/sdk-golang/ziti"
	"github.com/openziti/sdk-golang/ziti/enroll"
)

// enrollIdentity JWT-FILE IDENTITY-FILE
func enrollIdentity(args []string) error {
	jwt, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	claims, token, err := enroll.ParseToken(string(jwt))
	if err != nil {
		return err
	}
	var algorithm ziti.KeyAlgVar
	if err := algorithm.Set("EC"); err != nil {
		return err
	}
	config, err := enroll.Enroll(enroll.EnrollmentFlags{
		Token:     claims,
		JwtToken:  token,
		JwtString: string(jwt),
		KeyAlg:    algorithm,
	})
	if err != nil {
		return err
	}
	file, err := os.OpenFile(args[1], os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := json.NewEncoder(file).Encode(config); err != nil {
		return err
	}
	report(result{"api": config.ZtAPI})
	return nil
}

// listServices IDENTITY-FILE
func listServices(args []string) error {
	context, err := openContext(args[0])
	if err != nil {
		return err
	}
	defer context.Close()
	return reportServices(context)
}

// reportServices logs in and lists what the identity may use.
func reportServices(context ziti.Context) error {
	if err := context.Authenticate(); err != nil {
		return err
	}
	services, err := context.GetServices()
	if err != nil {
		return err
	}
	names := make([]string, 0, len(services))
	for _, service := range services {
		names = append(names, *service.Name)
	}
	sort.Strings(names)
	identity, err := context.GetCurrentIdentity()
	if err != nil {
		return err
	}
	report(result{"services": names, "identity": *identity.Name})
	return nil
}

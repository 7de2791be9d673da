// Unmodified OpenZiti SDK for Go against Postern: one small command for each thing a test asks for.
// Results are single lines of JSON on standard output; what the SDK logs goes to standard error.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

// result is one line of output.
type result map[string]any

func report(line result) {
	encoded, err := json.Marshal(line)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(encoded))
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: interop COMMAND ARGUMENT…")
		os.Exit(2)
	}
	commands := map[string]func([]string) error{
		"enroll":   enrollIdentity,
		"services": listServices,
		"host":     host,
		"dial":     dial,
		"login":    login,
	}
	command, known := commands[os.Args[1]]
	if !known {
		fmt.Fprintln(os.Stderr, "unknown command")
		os.Exit(2)
	}
	if err := command(os.Args[2:]); err != nil {
		report(result{"error": err.Error()})
		os.Exit(1)
	}
}

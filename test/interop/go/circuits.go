package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/openziti/sdk-golang/ziti"
	"github.com/openziti/sdk-golang/ziti/edge"
)

const chunkBytes = 32 * 1024

// host IDENTITY-FILE SERVICE NAME: echoes until its standard input ends. Every connection is first told
// NAME and a line end; its own half is closed when the dialer has closed the other.
func host(args []string) error {
	context, err := openContext(args[0])
	if err != nil {
		return err
	}
	defer context.Close()
	options := ziti.DefaultListenOptions()
	options.WaitForNEstablishedListeners = 1
	listener, err := context.ListenWithOptions(args[1], options)
	if err != nil {
		return err
	}
	report(result{"hosting": args[1]})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = listener.Close()
	}()
	for {
		conn, err := listener.AcceptEdge()
		if err != nil {
			report(result{"ended": err.Error()})
			return nil
		}
		go echo(conn, args[2])
	}
}

func echo(conn edge.Conn, name string) {
	defer conn.Close()
	report(result{"caller": conn.SourceIdentifier()})
	if _, err := conn.Write([]byte(name + "\n")); err != nil {
		report(result{"failed": err.Error()})
		return
	}
	hash := sha256.New()
	count, err := io.CopyBuffer(writerOnly{conn}, io.TeeReader(conn, hash), make([]byte, chunkBytes))
	if err != nil {
		report(result{"failed": err.Error()})
		return
	}
	if err := conn.CloseWrite(); err != nil {
		report(result{"failed": err.Error()})
		return
	}
	report(result{"echoed": count, "sha256": hex.EncodeToString(hash.Sum(nil))})
	// The dialer closes: closing first would overtake what is still on its way to it.
	_, _ = io.Copy(io.Discard, conn)
	time.Sleep(lingerTime)
}

const lingerTime = 500 * time.Millisecond

// writerOnly hides what io.Copy would use instead of its buffer.
type writerOnly struct{ io.Writer }

// dial IDENTITY-FILE SERVICE BYTES: sends so many random bytes, closes its half, and wants the same back.
func dial(args []string) error {
	context, err := openContext(args[0])
	if err != nil {
		return err
	}
	defer context.Close()
	count, err := strconv.ParseInt(args[2], 10, 64)
	if err != nil {
		return err
	}
	return dialAndExchange(context, args[1], count)
}

func exchange(conn edge.Conn, count int64) error {
	name, err := readLine(conn)
	if err != nil {
		return fmt.Errorf("greeting: %w", err)
	}
	started := time.Now()
	sent := sha256.New()
	failed := make(chan error, 1)
	go func() {
		source := io.TeeReader(io.LimitReader(rand.Reader, count), sent)
		if _, err := io.CopyBuffer(writerOnly{conn}, source, make([]byte, chunkBytes)); err != nil {
			failed <- err
			return
		}
		failed <- conn.CloseWrite()
	}()
	received := sha256.New()
	back, err := io.Copy(received, conn)
	if err != nil {
		return fmt.Errorf("after %d bytes: %w", back, err)
	}
	if err := <-failed; err != nil {
		return fmt.Errorf("sending: %w", err)
	}
	if back != count || string(sent.Sum(nil)) != string(received.Sum(nil)) {
		return fmt.Errorf("sent %d bytes, %d came back, or others", count, back)
	}
	report(result{
		"host":    name,
		"bytes":   back,
		"sha256":  hex.EncodeToString(received.Sum(nil)),
		"seconds": time.Since(started).Seconds(),
	})
	return nil
}

func readLine(conn io.Reader) (string, error) {
	line := make([]byte, 0, 64)
	one := make([]byte, 1)
	for len(line) < cap(line) {
		if _, err := io.ReadFull(conn, one); err != nil {
			return "", err
		}
		if one[0] == '\n' {
			return string(line), nil
		}
		line = append(line, one[0])
	}
	return "", errors.New("no line")
}

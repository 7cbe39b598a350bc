package main

import (
	"fmt"
	"io"
	"os"
)

// The payload comes on standard input, the output goes to standard output, log lines to standard error.
func main() {
	payload, err := io.ReadAll(os.Stdin)
	if err != nil {
		panic(err)
	}
	fmt.Fprintf(os.Stderr, "got %d bytes\n", len(payload))
	fmt.Printf("Hello from Go! You sent: %s\n", payload)
}

// Command faultline runs experiments on models of replicated stores under faults.
package main

import "os"

func main() {
	os.Exit(Main(os.Args[1:]))
}

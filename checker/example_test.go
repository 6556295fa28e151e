package checker_test

import (
	"fmt"
	"time"

	"faultline/checker"
	"faultline/checker/history"
)

// A client writes twice. Another reads the first value long after the second was
// acknowledged.
func ExampleScore() {
	at := func(d time.Duration) history.Time { return history.Time(d) }
	op := func(client int, kind history.Kind, call, ret time.Duration) history.Op {
		return history.Op{Client: client, Process: client, Kind: kind, Key: "x", Call: at(call), Return: at(ret), Status: history.OK}
	}
	one, two, stale := op(1, history.Write, 0, 10*time.Millisecond), op(1, history.Write, 20*time.Millisecond, 30*time.Millisecond), op(2, history.Read, 75*time.Millisecond, 80*time.Millisecond)
	one.In, two.In, stale.Out = history.Num(1), history.Num(2), history.Num(1)

	s := checker.Score(checker.Run{History: history.History{one, two, stale}})
	fmt.Println("Delta:", s.Delta.Time)
	fmt.Println("because", s.Delta.Text)
	fmt.Println("Gamma:", s.Gamma.Time)
	fmt.Println("k:", s.K.Lower, "to", s.K.Upper)
	fmt.Println("to remove:", s.Removal.Lower, "to", s.Removal.Upper, s.RemovalOps)
	fmt.Println("stale:", s.Staleness.Stale, "of", s.Staleness.Reads, "reads,", s.Staleness.Basis)
	fmt.Printf("consistability: %.2f\n", s.Consistability.Value)
	// Output:
	// Delta: 45ms
	// because client 2 read x=1 at 75 ms, 45 ms after client 1 wrote x=2 (answered at 30 ms)
	// Gamma: 10ms
	// k: 2 to 2
	// to remove: 1 to 1 [2]
	// stale: 1 of 1 reads, inferred
	// consistability: 0.67
}

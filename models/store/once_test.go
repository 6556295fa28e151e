package store_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/net/call"
	"faultline/sim"
)

// The table of keys agrees with a list that is searched from its beginning, also
// after the state was copied, and whatever clocks say on the way.
func TestTableOfKeysAgreesWithAList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type record struct {
			key call.Token
			at  sim.Time
		}
		keep := time.Duration(rapid.IntRange(0, 3).Draw(t, "keep")) * time.Second
		state := store.NewState()
		var known []record
		var list []int64
		now := sim.Time(0)
		for n := range int64(rapid.IntRange(1, 60).Draw(t, "requests")) {
			r := &store.Request{Kind: history.Append, Key: "x", In: history.Num(n)}
			r.Token = call.Token{Client: int64(rapid.IntRange(0, 1).Draw(t, "client")), Seq: uint64(rapid.IntRange(1, 4).Draw(t, "seq"))}
			at := sim.Time(rapid.IntRange(0, 8).Draw(t, "clock")) * sim.Time(time.Second)
			r.Once = &store.Once{Part: store.Part(rapid.IntRange(int(store.Whole), int(store.Record)).Draw(t, "part")), At: at, Keep: keep}
			now = max(now, at)
			again := false
			for _, k := range known {
				again = again || k.key == r.Token && (keep == 0 || now.Sub(k.at) < keep)
			}
			if !again && r.Once.Part != store.Record {
				list = append(list, n)
			}
			if !again && r.Once.Part != store.Effect {
				known = append(known, record{r.Token, now})
			}
			if rapid.Bool().Draw(t, "copy") {
				state = state.Clone()
			}
			if reply := state.Apply(r, history.Version{Major: n + 1}); reply.Again != again || reply.Status != history.OK {
				t.Fatalf("request %d: again %v, %v; want %v", n, reply.Again, reply.Status, again)
			}
		}
		held := state.Read(&store.Request{Key: "x"}).Value
		if !held.Equal(history.Value{List: list}) {
			t.Fatalf("holds %v, want %v", held.List, list)
		}
	})
}

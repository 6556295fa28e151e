package store_test

import (
	"testing"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/net/call"
)

type note struct{ n int }

// Within a run, no message lies where another does; the next run takes the memory over.
func TestBoxesAreTakenOver(t *testing.T) {
	var boxes store.Boxes
	cfg := store.Config{Boxes: &boxes}
	run := func(messages int) (places map[any]bool) {
		boxes.Reset()
		places = map[any]bool{}
		notes := store.SlabOf[note](cfg)
		for n := range messages {
			req := boxes.Request(store.Request{Key: "x"})
			req.ID = call.ID(n)
			reply := req.Answer(history.Num(int64(n)), history.Version{})
			places[req], places[reply], places[store.SlabOf[note](cfg).New(note{n})], places[notes.New(note{n})] = true, true, true, true
			if reply.ID != req.ID || reply.Value.Num != int64(n) {
				t.Fatalf("reply %+v to request %d", reply, n)
			}
		}
		if len(places) != 4*messages {
			t.Fatalf("%d messages lie in %d places", 4*messages, len(places))
		}
		return places
	}
	first := run(1000)
	for place := range run(1000) {
		if !first[place] {
			t.Fatal("a second run of as many messages takes new memory")
		}
	}
	run(20_000) // more than is kept
	allocations := testing.AllocsPerRun(5, func() {
		boxes.Reset()
		notes := store.SlabOf[note](cfg)
		for n := range 1000 {
			notes.New(note{n})
			boxes.Request(store.Request{}).Doubt()
		}
	})
	if allocations > 0 {
		t.Errorf("%v allocations in a run as long as an earlier one", allocations)
	}
}

// Whoever builds a store by hand need not keep memory for it.
func TestMessagesWithoutBoxes(t *testing.T) {
	notes := store.SlabOf[note](store.Config{})
	req := &store.Request{}
	a, b := notes.New(note{1}), notes.New(note{2})
	c, d := req.Doubt(), req.Doubt()
	if a == b || a.n != 1 || c == d {
		t.Error("two messages lie in one place")
	}
}

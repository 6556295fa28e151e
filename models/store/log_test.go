package store_test

import (
	"testing"

	"pgregory.net/rapid"

	"faultline/models/store"
)

// Writes come in any order, some twice, while their beginning is forgotten: the
// log holds a stretch without gaps, each write in its place, and has all of them in the end.
func TestLogPutsWritesInTheirPlaces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const count = 12
		places := make([]uint64, 0, 2*count)
		for place := range uint64(count) {
			places = append(places, place+1)
		}
		places = rapid.Permutation(append(places, places[:rapid.IntRange(0, count).Draw(t, "twice")]...)).Draw(t, "order")
		var log store.Log[uint64]
		for _, place := range places {
			before := log.Last()
			added := log.Take(place, place)
			if log.Last() != before+uint64(len(added)) || len(added) > 0 && added[0] != before+1 {
				t.Fatalf("taking %d after %d added %v", place, before, added)
			}
			log.Forget(rapid.Uint64Range(0, log.Last()).Draw(t, "forget"))
			for at := log.Forgotten() + 1; at <= log.Last(); at++ {
				if *log.At(at) != at || log.After(at - 1)[0] != at {
					t.Fatalf("at %d stands %d", at, *log.At(at))
				}
			}
		}
		if log.Last() != count {
			t.Fatalf("the log ends at %d, want %d", log.Last(), count)
		}
	})
}

// What came early in one epoch means nothing in the next.
func TestDropEarly(t *testing.T) {
	log := store.NewLog[string](3)
	log.Take(5, "old")
	log.DropEarly()
	log.Take(4, "four")
	if got := log.Take(5, "new"); len(got) != 1 || got[0] != "new" || log.Last() != 5 {
		t.Errorf("added %v, the log ends at %d", got, log.Last())
	}
}

// A log that forgets its beginning stays in its memory, and has every write in its place.
func TestLogKeepsItsRoom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var log store.Log[uint64]
		lag := uint64(rapid.IntRange(0, 300).Draw(t, "lag"))
		for place := uint64(1); place <= 2000; place++ {
			log.Append(place)
			if place%7 == 0 && place > lag {
				log.Forget(place - lag)
			}
			for at := log.Forgotten() + 1; at <= log.Last(); at += max(1, lag/2) {
				if *log.At(at) != at {
					t.Fatalf("at %d stands %d", at, *log.At(at))
				}
			}
		}
		if held := log.After(log.Forgotten()); uint64(len(held)) != 2000-log.Forgotten() || cap(held) > 4*(int(lag)+64) {
			t.Fatalf("the log holds %d writes in room for %d, %d of them lagging", len(held), cap(held), lag)
		}
	})
}

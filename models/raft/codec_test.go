package raft

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/net/call"
	"faultline/sim"
)

func values() *rapid.Generator[history.Value] {
	return rapid.Custom(func(t *rapid.T) history.Value {
		v := history.Value{Num: rapid.Int64().Draw(t, "num")}
		if list := rapid.SliceOf(rapid.Int64()).Draw(t, "list"); len(list) > 0 {
			v.List = list
		}
		return v
	})
}

// What is proposed is what is applied.
func TestCodecGivesBackWhatItGot(t *testing.T) {
	d := newDecoder(store.Config{}) // one for all: nothing of one request may be left in the next
	rapid.Check(t, func(t *rapid.T) {
		r := new(store.Request)
		r.Kind = rapid.SampledFrom(Model.Kinds).Draw(t, "kind")
		r.Key = rapid.String().Draw(t, "key")
		r.Token.Client = rapid.Int64().Draw(t, "client")
		r.Token.Seq = rapid.Uint64().Draw(t, "seq")
		if r.Kind.Mutates() {
			r.In = values().Draw(t, "in")
		}
		if r.Kind == history.CAS {
			expect := values().Draw(t, "expect")
			r.Expect = &expect
		}
		if rapid.Bool().Draw(t, "once") {
			r.Once = &store.Once{
				Part: store.Part(rapid.IntRange(0, 3).Draw(t, "part")), At: sim.Time(rapid.Int64().Draw(t, "at")),
				Keep: time.Duration(rapid.Int64Min(0).Draw(t, "keep")),
			}
		}
		number := rapid.Uint64().Draw(t, "number")
		if gotNumber, got := d.decode(encode(nil, number, r)); gotNumber != number || !reflect.DeepEqual(got, r) {
			t.Fatalf("got %d %+v, want %d %+v", gotNumber, got, number, r)
		}
	})
}

// The window tells copies from first arrivals as a set of all IDs would, but
// takes what lies too far behind the highest for a copy.
func TestDuplicatesAgreeWithASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type key struct {
			client sim.NodeID
			id     call.ID
		}
		taken, seen, top := duplicates{}, map[key]bool{}, map[sim.NodeID]call.ID{}
		for range rapid.IntRange(1, 200).Draw(t, "requests") {
			k := key{sim.NodeID(rapid.IntRange(0, 2).Draw(t, "client")), call.ID(rapid.OneOf(rapid.IntRange(1, 300), rapid.IntRange(1, 5*remembered)).Draw(t, "id"))}
			top[k.client] = max(top[k.client], k.id)
			want := !seen[k] && top[k.client]-k.id < remembered
			seen[k] = true
			if got := taken.first(k.client, k.id); got != want {
				t.Fatalf("request %d of client %d: first %v, want %v", k.id, k.client, got, want)
			}
		}
	})
}

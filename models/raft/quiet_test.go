package raft_test

import (
	"testing"
	"time"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/sim"
)

// A follower answers a heartbeat that asks for a read index itself, or leaves that
// to the library where an entry comes at the same instant: the read is answered after
// one round trip either way, though only one follower is left, and a single answer is sent.
func TestReadIndexBesideAnEntry(t *testing.T) {
	const withNumber = 64 + 8 // bytes of the only message from a follower that names a round of reads
	for name, requests := range map[string][]*store.Request{
		"a read alone":         {read("x")},
		"a read, then a write": {read("x"), write("x", 2)},
		"a write, then a read": {write("x", 2), read("x")},
	} {
		r := newRig(t, 5, 3, nil, "")
		leader := r.leader()
		r.mustDo(leader, write("x", 1))
		others := r.others(leader)
		r.wait(50 * time.Millisecond)
		r.Crash(others[0], sim.LoseUnsynced)
		answers := 0
		r.wire.spy = func(from, to sim.NodeID, msg any) bool {
			if m, ok := msg.(interface{ Size() int }); ok && from == others[1] && to == leader && m.Size() == withNumber {
				answers++
			}
			return false
		}
		var sent []*store.Request
		for _, req := range requests {
			sent = append(sent, r.send(leader, req))
		}
		began := r.Now()
		for _, req := range sent {
			if reply, ok := r.answer(req); !ok || reply.Status != history.OK {
				t.Errorf("%s: answer %v, %+v", name, ok, reply)
			}
		}
		if took := r.Now().Sub(began); took > 15*time.Millisecond {
			t.Errorf("%s: answers after %v, want them after one round trip", name, took)
		}
		if answers != 1 {
			t.Errorf("%s: the follower sent %d answers, want one", name, answers)
		}
	}
}

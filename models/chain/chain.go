// Package chain models chain replication. The replicas stand in a row:
//
//	writes -> head -> ... -> ... -> tail -> answers to writes
//	                         reads -> tail -> answers to reads
//
// The head gives writes their order; each replica journals what comes from its
// predecessor, applies it and hands it on; when it reaches the tail everybody has
// it, so the tail answers, and an acknowledgement runs back up the row. Every
// replica keeps what it handed on until it is acknowledged (Sent in the paper),
// and sends that again to whoever comes to stand behind it. What a replica holds
// is therefore always a prefix of what its predecessor holds, and what the tail
// holds is on all of them: the tail alone can answer reads.
//
// A master, a node of its own, notices who is silent and decides who stands in
// the row: every decision is a configuration with the next epoch number, and
// replicas heed only messages of their own epoch. One that failed is left out;
// one that recovers is put behind the tail, gets the whole state from it, and
// becomes the tail once it has caught up. If all are down, the master waits for a
// member of the last configuration that is known to have caught up in it: others
// may lack acknowledged writes.
//
// The paper assumes that a replica that seems dead is dead. Here it may only be
// cut off, and go on as a tail of old. So the tail answers reads only while it
// holds a lease from the master, which it counts from when it asked, and the
// master leaves nobody out before the lease it granted last must be over. Both
// count on their own oscillators: if none is more than a tenth too fast or too
// slow, then reads are linearizable through any partition. Writes need no lease:
// to be answered they pass through every member, and one that has gone on to a
// later epoch does not let them through.
package chain

import (
	"fmt"
	"time"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/sim"
)

// Model is the entry for the catalogue.
var Model = store.Model{
	Name:    "chain",
	Summary: "replicas in a row: the head orders writes, the tail answers; linearizable, cheap reads, stalls until a master mends the row",
	Paper: "van Renesse and Schneider, Chain Replication for Supporting High Throughput and Availability (OSDI 2004). Departures: the tail holds a " +
		"lease, so that partitions cannot make reads stale; replicas keep a journal and survive the loss of power; a replica that is not the head " +
		"hands writes on to it, since clients do not watch the configuration. The master is one node where the paper has several that run Paxos",
	Params:      params,
	Kinds:       []history.Kind{history.Read, history.Write, history.CAS, history.Append},
	Mutants:     mutants,
	Claims:      claims,
	Assumes:     assumes,
	AppliesOnce: func(store.Config) bool { return true }, // sessions are in the state that every member holds
	Relays:      true,                                    // writes go to the head, and the tail answers
	Check:       check,
	Replica:     func(cfg store.Config, id sim.NodeID) sim.Handler { return newReplica(cfg, id) },
	Master:      func(cfg store.Config) sim.Handler { return newMaster(cfg) },
	Route:       route,
}

// Who answers reads.
const (
	readTail = "tail"
	readAny  = "any"
)

var params = []store.Param{
	{Name: "reads", Default: readTail, Choices: []string{readTail, readAny}, Safety: true,
		Doc: "who answers reads: the tail, or any replica from what it has, which may be stale or not yet be acknowledged"},
	{Name: "lease", Default: 400 * time.Millisecond, Min: time.Millisecond, Max: 10 * time.Minute,
		Doc: "for how long the tail may answer reads after it last asked the master; a dead tail is replaced no sooner"},
	{Name: "heartbeat", Default: 50 * time.Millisecond, Min: time.Millisecond, Max: 10 * time.Second,
		Doc: "time between two messages of a replica to the master, and to its successor"},
	{Name: "failover", Default: 500 * time.Millisecond, Min: 5 * time.Millisecond, Max: 10 * time.Minute,
		Doc: "silence after which the master takes a replica for dead"},
}

var mutants = []store.Mutant{
	{Name: "no-lease", Doc: "the tail answers reads without a lease: cut off and left out, it goes on with old values"},
	{Name: "middle-reads", Doc: "every member answers reads, also of writes that are not acknowledged: what was read can vanish from the next read"},
	{Name: "head-acks", Doc: "the head answers writes before they are down the row: a read at the tail misses them"},
	{Name: "no-resend", Doc: "what was handed on and not acknowledged is not sent again: the row stops where it was lost", Breaks: "converges"},
	{Name: "keep-history", Doc: "a replica that was left out comes back with what it has: its unacknowledged writes, which the others did not get, stay", Breaks: "converges"},
}

func claims(cfg store.Config) store.Level {
	if cfg.Choice("reads") == readAny {
		return store.Eventual
	}
	return store.Linearizable
}

func assumes(cfg store.Config) []store.Assumption {
	if cfg.Choice("reads") == readAny {
		return []store.Assumption{store.DisksSurvive, store.HonestSync}
	}
	return []store.Assumption{store.ClockRate, store.DisksSurvive, store.HonestSync}
}

func check(cfg store.Config) error {
	beat := cfg.Duration("heartbeat")
	for _, name := range []string{"lease", "failover"} {
		if d := cfg.Duration(name); d < 2*beat {
			return fmt.Errorf("%s (%v) must be at least two heartbeats (%v each), or one late heartbeat ends it", name, d, beat)
		}
	}
	return nil
}

// route starts with whoever answered last, which is the tail, then goes from near to far.
func route(cfg store.Config, op *history.Op, view *store.View) []sim.NodeID {
	if op.Kind == history.Read && cfg.Choice("reads") == readAny {
		return view.Near
	}
	return view.HintFirst()
}

// ticks returns how many heartbeats make up at least d.
func ticks(cfg store.Config, d time.Duration) int {
	beat := cfg.Duration("heartbeat")
	return int((d + beat - 1) / beat)
}

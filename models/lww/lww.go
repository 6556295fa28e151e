// Package lww models multi-leader replication: every replica takes reads and
// writes on its own, answers at once, and tells the others afterwards. Nothing
// is ever unavailable while one replica can be reached, and nothing is ordered:
// of two writes to a key, the one with the later timestamp wins everywhere
// (the duplication rule of Johnson and Thomas, RFC 677, 1975), and the other is
// gone, although it was acknowledged.
//
//	write  stamp it with the own clock; keep it; answer; push it to everyone
//	read   answer what is held
//	merge  keep the version with the later stamp
//	now and then compare with somebody, and take what is newer there (anti-entropy)
//
// Merging by a total order of stamps is commutative, associative and idempotent,
// so replicas that have seen the same writes hold the same, whatever the order,
// the losses and the duplicates: that is all that is promised. What is lost:
//
//   - of concurrent writes, all but one, without a word to their clients;
//   - with wall clocks, writes at a replica whose clock is behind: they lose
//     against older ones, even those their client had just read.
//
// A hybrid logical clock (Kulkarni et al., OPODIS 2014) saves the second kind
// where the later write's replica had seen the earlier one: its stamps are never
// below what the replica has seen. It saves nothing of the first kind, and one
// clock far ahead drags all others along.
package lww

import (
	"time"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/sim"
)

// The choices of the parameter clock.
const (
	wall   = "wall"
	hybrid = "hybrid"
)

// Model is the entry for the catalogue.
var Model = store.Model{
	Name:    "lww",
	Summary: "every replica takes writes alone and the later timestamp wins: always available, and loses acknowledged writes",
	Paper: "Johnson and Thomas, RFC 677 (1975), for the rule; anti-entropy by pulling from a random partner after Demers et al., PODC 1987; " +
		"hybrid clocks after Kulkarni et al., OPODIS 2014; departs: no deletion, so no death certificates",
	Params: []store.Param{
		{Name: "clock", Default: wall, Choices: []string{wall, hybrid}, Safety: true, Doc: "what stamps are made from: the wall clock alone, or a hybrid logical clock"},
		{Name: "granularity", Default: time.Microsecond, Min: time.Nanosecond, Max: time.Minute, Doc: "the step in which the clock is read"},
		{Name: "sync", Default: true, Safety: true, Doc: "make a write durable before it is acknowledged"},
		{Name: "push", Default: true, Doc: "send a write to all others at once, not only when they compare"},
		{Name: "anti_entropy", Default: 500 * time.Millisecond, Min: time.Duration(0), Max: time.Hour, Safety: true, Doc: "how often a replica compares itself with another; 0 is never"},
	},
	Kinds: []history.Kind{history.Read, history.Write},
	Mutants: []store.Mutant{
		{Name: "no-anti-entropy", Doc: "pushes alone: a replica that was cut off never learns what it missed", Breaks: "converges"},
		{Name: "arrival-order", Doc: "the version that arrives last wins, even if it comes from a replica that slept: old values return", Breaks: "durable"},
		{Name: "no-tie-break", Doc: "equal times tie: each replica keeps the write it saw first", Breaks: "converges",
			Set: store.Values{"granularity": 100 * time.Millisecond}},
		{Name: "oldest-wins", Doc: "merging keeps the earlier stamp: replicas agree on what was overwritten long ago", Breaks: "durable"},
	},
	Claims:      claims,
	Assumes:     assumes,
	AppliesOnce: func(store.Config) bool { return false }, // a retry gets a stamp of its own
	Replica:     func(cfg store.Config, _ sim.NodeID) sim.Handler { return newReplica(cfg) },
	Route:       func(_ store.Config, _ *history.Op, view *store.View) []sim.NodeID { return view.HintFirst() },
}

// claims: a push may be lost, so without anti-entropy nothing is promised.
func claims(cfg store.Config) store.Level {
	if cfg.Duration("anti_entropy") == 0 {
		return store.Nothing
	}
	return store.Eventual
}

// assumes: replicas agree whatever happens to their disks. That what they agree
// on includes what was acknowledged or something newer, which Eventual is worth
// nothing without, rests on the disks.
func assumes(cfg store.Config) []store.Assumption {
	if !cfg.Bool("sync") {
		return []store.Assumption{store.DisksSurvive, store.NoCrash}
	}
	return []store.Assumption{store.DisksSurvive, store.HonestSync}
}

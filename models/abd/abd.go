// Package abd models the register of Attiya, Bar-Noy and Dolev: linearizable
// without any assumption about the network or clocks, available to whoever
// reaches a majority. It has no leader, so nothing stops when a replica dies.
//
// Every value carries a tag, and tags are ordered. To read or write, a
// coordinator first asks a majority for the newest tag, then makes sure that a
// majority holds a value at least as new:
//
//	read   query a majority; store the newest value at a majority; return it
//	write  query a majority; store the value under a higher tag at a majority
//
// Any two majorities share a replica, so whoever asks later meets what was
// stored before. Compare-and-set is beyond such a register: it would solve
// consensus, which no asynchronous register can (Herlihy, TOPLAS 1991).
//
// Where this departs from the paper: any replica coordinates for clients
// (multi-writer, after Lynch and Shvartsman, FTCS 1997); messages may be lost,
// so a coordinator sends again to those who are silent; replicas crash and come
// back, so what they acknowledge is on disk (Guerraoui and Levy, ICDCS 2004);
// and a slow exchange of digests brings up to date those whom the majorities left behind.
package abd

import (
	"fmt"
	"time"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/sim"
)

// Model is the entry for the catalogue.
var Model = store.Model{
	Name:    "abd",
	Summary: "majority register without a leader: linearizable, available to whoever reaches a majority",
	Paper: "Attiya, Bar-Noy and Dolev, JACM 1995; multi-writer as in Lynch and Shvartsman, FTCS 1997; " +
		"departs: replicas coordinate for clients, send again what may be lost, keep their state on disk, and repair in the background",
	Params: []store.Param{
		{Name: "sync", Default: true, Safety: true, Doc: "make a value durable before it is acknowledged"},
		{Name: "fast_reads", Default: false, Doc: "skip the second phase of a read when the whole majority agrees on the tag"},
		{Name: "resend", Default: 100 * time.Millisecond, Min: time.Millisecond, Max: time.Minute, Doc: "how long a coordinator waits before it asks a silent replica again"},
		{Name: "timeout", Default: time.Second, Min: time.Millisecond, Max: time.Hour, Doc: "how long a coordinator tries before it gives up"},
		{Name: "repair", Default: time.Second, Min: time.Duration(0), Max: time.Hour, Doc: "how often a replica compares itself with another; 0 is never"},
	},
	Kinds: []history.Kind{history.Read, history.Write},
	Mutants: []store.Mutant{
		{Name: "no-write-back", Doc: "a read returns after its first phase: a later read may miss what it returned"},
		{Name: "no-query", Doc: "a write takes the next number of its coordinator alone: it may be older than what it replaces"},
		{Name: "minority", Doc: "both phases wait for one replica less than a majority: they need not meet"},
		{Name: "no-sync", Doc: "acknowledges a value before it is durable: crashes lose it"},
	},
	Claims:      func(store.Config) store.Level { return store.Linearizable },
	Assumes:     assumes,
	AppliesOnce: func(store.Config) bool { return false }, // another coordinator would give it a new tag
	Check:       check,
	Replica:     func(cfg store.Config, _ sim.NodeID) sim.Handler { return newReplica(cfg) },
	Route:       func(_ store.Config, _ *history.Op, view *store.View) []sim.NodeID { return view.HintFirst() },
}

func assumes(cfg store.Config) []store.Assumption {
	if !cfg.Bool("sync") {
		return []store.Assumption{store.DisksSurvive, store.NoCrash}
	}
	return []store.Assumption{store.DisksSurvive, store.HonestSync}
}

const maxReplicas = 64 // who answered is kept in a word

func check(cfg store.Config) error {
	if len(cfg.Replicas) > maxReplicas {
		return fmt.Errorf("abd runs on at most %d replicas, not %d", maxReplicas, len(cfg.Replicas))
	}
	if cfg.Duration("timeout") < cfg.Duration("resend") {
		return fmt.Errorf("timeout (%v) must not be below resend (%v)", cfg.Duration("timeout"), cfg.Duration("resend"))
	}
	return nil
}

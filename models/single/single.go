// Package single models one copy on one machine: the baseline that replication
// is measured against. It is linearizable for as long as it lives, and gone
// while it is down or cut off.
//
// A write goes to the journal first, and is applied and answered once it is
// durable (write-ahead logging). A restart replays the journal.
package single

import (
	"faultline/checker/history"
	"faultline/models/store"
	"faultline/sim"
)

// Model is the entry for the catalogue.
var Model = store.Model{
	Name:    "single",
	Summary: "one copy on one machine: linearizable while it is up, unavailable while it is not",
	Paper:   "write-ahead logging as in Gray and Reuter, Transaction Processing (1992), chapter 9, without transactions",
	Params: []store.Param{
		{Name: "sync", Default: true, Safety: true, Doc: "make a write durable before it is acknowledged"},
	},
	Kinds: []history.Kind{history.Read, history.Write, history.CAS, history.Append},
	Mutants: []store.Mutant{
		{Name: "no-sync", Doc: "acknowledges a write before it is durable: a crash loses it"},
		{Name: "no-replay", Doc: "starts empty after a crash, though the journal has everything"},
		{Name: "no-sessions", Doc: "forgets which writes were applied: a retried write is applied twice"},
	},
	Claims:      func(store.Config) store.Level { return store.Linearizable },
	Assumes:     assumes,
	AppliesOnce: func(store.Config) bool { return true },
	Replica: func(cfg store.Config, id sim.NodeID) sim.Handler {
		if id != cfg.Replicas[0] {
			return idle{}
		}
		return newReplica(cfg)
	},
	Route: func(cfg store.Config, _ *history.Op, _ *store.View) []sim.NodeID { return cfg.Replicas[:1] },
}

func assumes(cfg store.Config) []store.Assumption {
	if !cfg.Bool("sync") {
		return []store.Assumption{store.DisksSurvive, store.NoCrash}
	}
	return []store.Assumption{store.DisksSurvive, store.HonestSync}
}

// idle is a machine beyond the first, if an experiment asks for more: it holds nothing.
type idle struct{}

func (idle) Start(sim.Env)              {}
func (idle) Timer(sim.Env, sim.TimerID) {}
func (idle) Receive(e sim.Env, from sim.NodeID, msg any) {
	e.Send(from, msg.(*store.Request).Refuse(0))
}

type replica struct {
	*store.State
	mutant  string
	applied int64 // writes in State
	disk    store.Journal[waiter]
}

// A waiter is a request that is answered once the disk has it.
type waiter struct {
	from sim.NodeID
	req  *store.Request
}

func newReplica(cfg store.Config) *replica {
	r := &replica{State: store.NewState(), mutant: cfg.Mutant}
	r.disk = store.NewJournal(cfg.Bool("sync") && r.mutant != "no-sync", r)
	return r
}

// Start replays the journal.
func (r *replica) Start(e sim.Env) {
	if r.mutant == "no-replay" {
		return
	}
	for _, record := range r.disk.Records(e) {
		r.apply(record.(*store.Request))
	}
}

func (r *replica) Receive(e sim.Env, from sim.NodeID, msg any) {
	req := msg.(*store.Request)
	if r.mutant == "no-sessions" {
		req = req.Copy()
		req.Token.Seq = 0
	}
	if !req.Kind.Mutates() {
		e.Send(from, r.Read(req))
		return
	}
	// Not applied yet: a read must not return what a crash could still undo.
	r.disk.Write(e, req)
	r.disk.Wait(waiter{from, req})
	r.disk.Flush(e)
}

// Durable applies and answers the writes that the disk has now.
func (r *replica) Durable(e sim.Env, due []waiter) {
	for _, w := range due {
		e.Send(w.from, r.apply(w.req))
	}
}

// apply applies the next write in order.
func (r *replica) apply(req *store.Request) *store.Reply {
	r.applied++
	return r.Apply(req, history.Version{Major: r.applied})
}

// Leads is true of the only machine that answers.
func (r *replica) Leads() bool { return true }

func (r *replica) Timer(e sim.Env, _ sim.TimerID) { r.disk.Synced(e) }

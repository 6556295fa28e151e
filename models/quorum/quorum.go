// Package quorum models the stores that follow Dynamo: every key has n homes on
// a ring, a write is acknowledged once w of them have it, a read returns the
// newest of the first r answers, and the later timestamp wins.
//
//	write  stamp it with the coordinator's own clock; send it to all n homes; answer after w acknowledgements
//	read   ask all n homes; answer with the newest of the first r answers
//
// What keeps copies alike afterwards: read repair (the coordinator of a read
// updates who answered with less), hinted handoff (what a home did not
// acknowledge is kept elsewhere with a hint, and delivered when it is back), and
// anti-entropy (homes compare digests). A sloppy quorum goes further: those who
// keep hints count, so writes go on without the homes.
//
// In place of any r and any w of the homes, quorums may be those of a grid.
//
// This is eventually consistent, and no more. Even with r+w > n, where every read
// meets every acknowledged write, it is not linearizable:
//
//   - stamps come from clocks: a write through a clock that is behind is
//     acknowledged and loses against an older one;
//   - a write that reached fewer than w homes is not undone: a read may return
//     it, and the next one, from other homes, may not;
//   - the same happens while a write is under way: a read does not write back
//     before it answers (compare package abd);
//   - a sloppy quorum meets nobody in particular.
//
// The coordinator is a replica, or a stateless proxy beside the client, as in
// the WARS model of Bailis et al.: there the four legs of an operation (write,
// acknowledgement, read, answer) are the four messages store, stored, fetch and fetched.
package quorum

import (
	"fmt"
	"slices"
	"time"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/sim"
)

// The choices of the parameter coordinator.
const (
	byReplica = "replica"
	byProxy   = "proxy"
)

// The choices of the parameter ask.
const (
	askAll  = "all"
	askSome = "some"
)

// Model is the entry for the catalogue.
var Model = store.Model{
	Name:    "quorum",
	Summary: "Dynamo-style N, R, W: the later timestamp wins; available to whoever reaches enough copies, eventually consistent",
	Paper: "DeCandia et al., Dynamo, SOSP 2007; proxies as in Bailis et al., PBS, PVLDB 5(8), 2012; departs: timestamps in place of " +
		"vector clocks (as Cassandra does), one token for each replica on the ring, digests in place of Merkle trees, no change of membership",
	Params: []store.Param{
		{Name: "copies", Default: 0, Min: 0, Max: maxReplicas, Doc: "homes of a key: Dynamo's N where there are more replicas than that; 0 is all replicas"},
		{Name: "r", Default: 2, Min: 1, Max: maxReplicas, Safety: true, Doc: "answers a read waits for"},
		{Name: "w", Default: 2, Min: 1, Max: maxReplicas, Safety: true, Doc: "acknowledgements a write waits for"},
		{Name: "grid", Default: 0, Min: 0, Max: maxReplicas, Doc: "columns of a grid in which the homes stand: a read needs one of each, a write all of one, too, in place of r and w; 0 is no grid"},
		{Name: "coordinator", Default: byReplica, Choices: []string{byReplica, byProxy}, Doc: "who coordinates: the replica that the client asks, or a stateless proxy beside the client"},
		{Name: "ask", Default: askAll, Choices: []string{askAll, askSome}, Doc: "whom an operation is sent to: all homes of the key, or as many as must answer, drawn at random"},
		{Name: "sloppy", Default: true, Safety: true, Doc: "let stand-ins count where homes are silent (needs handoff)"},
		{Name: "handoff", Default: true, Doc: "keep what a silent home missed elsewhere, with a hint, until it can be delivered"},
		{Name: "read_repair", Default: true, Doc: "update the homes that answered a read with less than the newest"},
		{Name: "anti_entropy", Default: 500 * time.Millisecond, Min: time.Duration(0), Max: time.Hour, Safety: true, Doc: "how often a replica compares itself with another; 0 is never"},
		{Name: "patience", Default: 100 * time.Millisecond, Min: time.Millisecond, Max: time.Hour, Doc: "how long a coordinator waits before it takes a home for silent"},
		{Name: "timeout", Default: time.Second, Min: time.Millisecond, Max: time.Hour, Doc: "how long a coordinator tries before it gives up"},
		{Name: "replay", Default: time.Second, Min: time.Millisecond, Max: time.Hour, Doc: "how often what is kept for others is offered to them"},
		{Name: "sync", Default: true, Safety: true, Doc: "make a value durable before it is acknowledged"},
	},
	Kinds: []history.Kind{history.Read, history.Write},
	Mutants: []store.Mutant{
		{Name: "no-anti-entropy", Doc: "homes never compare: what one missed stays missing", Breaks: "converges",
			Set: store.Values{"read_repair": false, "handoff": false, "sloppy": false}},
		{Name: "no-replay", Doc: "what is kept for a home is never delivered: writes that only stand-ins acknowledged are gone", Breaks: "durable",
			Set: store.Values{"copies": 1, "r": 1, "w": 1}},
		{Name: "fills-gaps", Doc: "homes that compare take the keys they lack, but keep old versions of those they have", Breaks: "converges",
			Set: store.Values{"read_repair": false, "handoff": false, "sloppy": false}},
		{Name: "older-wins", Doc: "merging keeps the older version: homes agree on what was overwritten long ago", Breaks: "durable"},
	},
	Claims:      claims,
	Assumes:     assumes,
	AppliesOnce: func(store.Config) bool { return false }, // a retry gets a stamp of its own
	Check:       check,
	Replica:     func(cfg store.Config, _ sim.NodeID) sim.Handler { return newReplica(cfg) },
	Proxy: func(cfg store.Config, _ sim.NodeID) sim.Handler {
		if cfg.Choice("coordinator") != byProxy {
			return nil
		}
		return &proxy{newCoordinator(cfg)}
	},
	Route: route,
}

// claims: read repair mends only what is read, and a coordinator that crashes
// leaves no hint, so replicas are sure to agree only if they compare.
func claims(cfg store.Config) store.Level {
	if cfg.Duration("anti_entropy") == 0 {
		return store.Nothing
	}
	return store.Eventual
}

// assumes: homes agree whatever happens to their disks. That what they agree on
// includes what was acknowledged or something newer rests on the disks.
func assumes(cfg store.Config) []store.Assumption {
	if !cfg.Bool("sync") {
		return []store.Assumption{store.DisksSurvive, store.NoCrash}
	}
	return []store.Assumption{store.DisksSurvive, store.HonestSync}
}

const maxReplicas = 64 // who answered is kept in a word

func check(cfg store.Config) error {
	n, r, w, replicas := homes(cfg), cfg.Int("r"), cfg.Int("w"), len(cfg.Replicas)
	switch {
	case replicas > maxReplicas:
		return fmt.Errorf("quorum runs on at most %d replicas, not %d", maxReplicas, replicas)
	case n > replicas:
		return fmt.Errorf("copies is %d, but there are only %d replicas", n, replicas)
	case r > n:
		return fmt.Errorf("r is %d, but a key has only %d copies", r, n)
	case w > n:
		return fmt.Errorf("w is %d, but a key has only %d copies", w, n)
	case cfg.Int("grid") > 0 && n%cfg.Int("grid") != 0:
		return fmt.Errorf("grid is %d columns, into which %d copies do not go", cfg.Int("grid"), n)
	case cfg.Int("grid") > 0 && (cfg.Bool("sloppy") || cfg.Choice("ask") == askSome):
		return fmt.Errorf("a grid needs sloppy: false and ask: all: stand-ins have no place in it, and who is enough depends on who answers")
	case cfg.Bool("sloppy") && !cfg.Bool("handoff"):
		return fmt.Errorf("sloppy needs handoff: without it, what stand-ins hold never reaches its home")
	case cfg.Duration("timeout") < cfg.Duration("patience"):
		return fmt.Errorf("timeout (%v) must not be below patience (%v)", cfg.Duration("timeout"), cfg.Duration("patience"))
	}
	return nil
}

// route sends a client to its proxy; or to the replica that answered it last, to
// the key's homes from near to far, and to the others. Any replica coordinates,
// but a home saves messages.
func route(cfg store.Config, op *history.Op, view *store.View) []sim.NodeID {
	if cfg.Choice("coordinator") == byProxy {
		return []sim.NodeID{view.Proxy}
	}
	ring := newRing(cfg)
	first := ring.first(op.Key)
	rank := func(id sim.NodeID) int {
		switch {
		case id == view.Hint:
			return 0
		case ring.place(first, id) < ring.n:
			return 1
		}
		return 2
	}
	order := slices.Clone(view.Near)
	slices.SortStableFunc(order, func(a, b sim.NodeID) int { return rank(a) - rank(b) })
	return order
}

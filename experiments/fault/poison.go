package fault

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"faultline/models/store"
	"faultline/sim"
)

// What the request of a poison client does to who handles it.
const (
	poisonCrash = "crash"
	poisonBlock = "block"
)

// poison strikes through what a client asks for: whoever handles it is lost to all others for a while. Retries carry it
// from one replica to the next, which shards keep from going far.
var poison = &Kind{
	Name: "poison", Family: "load", byHand: true,
	Doc: "The requests of a client are poison: each crashes or blocks the replica that handles it, for a while. So do its retries, and what services ask of others on its behalf.",
	Params: params([]Param{
		{Param: store.Param{Name: "clients", Doc: "Whose requests: names such as c1, or c1, c3.", Default: "c1"}},
		targetParam(targetAll, "Whom they harm: all, names such as n2, or, where there are services, the name of one, or store; others handle them like any."),
		choiceParam("does", "crash: the replica loses what it has in memory; block: it stands still, and then goes on.", poisonCrash, poisonCrash, poisonBlock),
		durationParam("down", "How long a replica is gone for each.", time.Second, time.Millisecond),
	}, timing()),
	plan:   planPoison,
	breaks: poisonBreaks,
	check:  checkPoison,
}

func poisonBreaks(v settings, c Cluster) ([]store.Assumption, int) {
	down, _ := c.countTarget(v.Choice("target"))
	if v.Choice("does") == poisonBlock {
		return []store.Assumption{store.FailStop}, down
	}
	return []store.Assumption{store.NoCrash}, down
}

func checkPoison(v settings, c Cluster) error {
	for _, name := range splitTarget(v.Choice("clients")) {
		if err := c.checkName(name); err != nil {
			return fmt.Errorf("clients: %w", err)
		}
		if prefix, _ := splitName(name); prefix != 'c' {
			return fmt.Errorf("clients: %s is no client: name one, such as c1", name)
		}
	}
	if target := v.Choice("target"); isRole(target) && target != targetAll {
		return errors.New("target: who handles a request is not known beforehand; say all, or name a service or replicas")
	}
	return checkTarget(v, c)
}

// A dose is one occurrence of poison.
type dose struct {
	world   *World
	clients []int // whose requests, from 1
	targets []sim.NodeID
	block   bool
	down    sim.Time
	struck  []*patient // who is gone at the moment
	over    bool
}

func planPoison(w *World, v settings, r *sim.Stream) strike {
	names := splitTarget(v.Choice("clients"))
	d := &dose{world: w, targets: w.servers(v.Choice("target"), r), block: v.Choice("does") == poisonBlock, down: sim.Time(v.Duration("down"))}
	for _, name := range names {
		_, i := splitName(name)
		d.clients = append(d.clients, i)
	}
	return strike{label: "poison of " + w.names(w.named(names)), begin: func() func() {
		w.doses = append(w.doses, d)
		for _, client := range d.clients {
			if !slices.Contains(w.culprits, client) {
				w.culprits = append(w.culprits, client)
			}
		}
		return d.end
	}}
}

// Culprits returns the clients, counted from 1, whose requests were ever poison.
func (w *World) Culprits() []int { return slices.Clone(w.culprits) }

// Poisons reports whether faults can make requests poison: then World.Handles must see all of them.
func Poisons(faults []Fault) bool {
	return slices.ContainsFunc(faults, func(f Fault) bool { return f.Kind == poison })
}

// Handles is told that the replica at id is about to handle a request of a client,
// counted from 1, and reports whether it still will: not if it dies of it.
func (w *World) Handles(id sim.NodeID, client int) bool {
	for _, d := range w.doses {
		if slices.Contains(d.clients, client) && slices.Contains(d.targets, id) {
			w.sim.At(w.sim.Now(), func() { d.strike(id) }) // outside of its handler
			return d.block
		}
	}
	return true
}

func (d *dose) strike(id sim.NodeID) {
	p := d.world.patient(id)
	if d.over || !d.world.sim.Up(id) || slices.Contains(d.struck, p) {
		return
	}
	d.struck = append(d.struck, p)
	if d.block {
		p.pause()
	} else {
		p.crash(sim.LoseUnsynced, false)
	}
	d.world.sim.At(d.world.sim.Now()+d.down, func() { d.revive(p) })
}

// revive ends what was done to a replica, unless that has been ended already.
func (d *dose) revive(p *patient) {
	i := slices.Index(d.struck, p)
	if i < 0 {
		return
	}
	d.struck = slices.Delete(d.struck, i, i+1)
	if d.block {
		p.resume()
	} else {
		p.restart()
	}
}

func (d *dose) end() {
	d.over = true
	d.world.doses = slices.DeleteFunc(d.world.doses, func(o *dose) bool { return o == d })
	for len(d.struck) > 0 {
		d.revive(d.struck[0])
	}
}

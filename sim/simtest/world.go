package simtest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"faultline/sim"
)

// A World is a run that a transcript plays on: named nodes, and a wire on which
// every message takes the same time unless the link is cut. Its commands are
//
//	delay 2ms               every message takes that long from now on (at first 1ms)
//	cut a b                 messages from a to b and from b to a are lost
//	heal                    no link is cut any more
//	crash a [torn|kept]     unsynced writes are lost, torn or kept
//	restart a               wipe a      pause a      resume a
//	step a 5ms              the clock of a jumps;    drift a 200 (ppm)
//	run 10ms                time passes, and what happens is shown
//
// Tests add commands of their own around them.
type World struct {
	Sim   *sim.Sim
	Names []string // by NodeID
	Hide  func(sim.Trace) bool

	delay time.Duration
	cuts  map[[2]sim.NodeID]bool
	shown strings.Builder
}

// NewWorld returns a world without nodes.
func NewWorld(seed uint64) *World {
	w := &World{Sim: sim.New(seed), delay: time.Millisecond, cuts: map[[2]sim.NodeID]bool{}}
	w.Sim.Use(w)
	w.Sim.Trace(w.show)
	return w
}

// Add places a node under a name; IDs count from 0.
func (w *World) Add(name string, build func() sim.Handler) sim.NodeID {
	id := sim.NodeID(len(w.Names))
	w.Names = append(w.Names, name)
	w.Sim.Add(id, build)
	return id
}

// ID returns the node of that name, which must exist.
func (w *World) ID(name string) sim.NodeID {
	i := slices.Index(w.Names, name)
	if i < 0 {
		panic("simtest: no node is named " + name)
	}
	return sim.NodeID(i)
}

// Carry makes a World a sim.Wire.
func (w *World) Carry(from, to sim.NodeID, _ any) sim.Fate {
	if w.cuts[[2]sim.NodeID{from, to}] {
		return sim.Lost
	}
	return sim.Arrives(w.delay)
}

// Show adds a line to what the transcript sees, stamped with the time.
func (w *World) Show(format string, args ...any) {
	fmt.Fprintf(&w.shown, "%-6v %s\n", w.Sim.Now(), fmt.Sprintf(format, args...))
}

// Shown returns the lines since the last call.
func (w *World) Shown() string {
	defer w.shown.Reset()
	return w.shown.String()
}

func (w *World) show(t sim.Trace) {
	if w.Hide != nil && w.Hide(t) {
		return
	}
	node := w.Names[t.Node]
	switch {
	case t.What == sim.Sent && t.Fate == sim.Lost:
		w.Show("%s send %s %+v (lost)", w.Names[t.From], node, t.Msg)
	case t.What == sim.Sent:
		w.Show("%s send %s %+v", w.Names[t.From], node, t.Msg)
	case t.Msg != nil:
		w.Show("%s %v from %s %+v", node, t.What, w.Names[t.From], t.Msg)
	default:
		w.Show("%s %v", node, t.What)
	}
}

// Play carries out one of the world's commands. It panics if it does not know it.
func (w *World) Play(line string) string {
	words := strings.Fields(line)
	node := func() sim.NodeID { return w.ID(words[1]) }
	switch words[0] {
	case "delay":
		w.delay = span(words[1])
	case "cut":
		a, b := w.ID(words[1]), w.ID(words[2])
		w.cuts[[2]sim.NodeID{a, b}], w.cuts[[2]sim.NodeID{b, a}] = true, true
	case "heal":
		clear(w.cuts)
	case "crash":
		w.Sim.Crash(node(), losses[strings.Join(words[2:], " ")])
	case "restart":
		w.Sim.Restart(node())
	case "wipe":
		w.Sim.Wipe(node())
	case "pause":
		w.Sim.Pause(node())
	case "resume":
		w.Sim.Resume(node())
	case "step":
		w.Sim.ClockOf(node()).Step(span(words[2]))
	case "drift":
		var ppm int64
		fmt.Sscan(words[2], &ppm)
		w.Sim.ClockOf(node()).Drift(ppm)
	case "run":
		w.Sim.Run(w.Sim.Now().Add(span(words[1])))
	default:
		panic("simtest: unknown command: " + line)
	}
	return w.Shown()
}

var losses = map[string]sim.Loss{"": sim.LoseUnsynced, "torn": sim.TearUnsynced, "kept": sim.KeepAll}

func span(word string) time.Duration {
	d, err := time.ParseDuration(word)
	if err != nil {
		panic("simtest: " + err.Error())
	}
	return d
}

package sim_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"faultline/sim"
	"faultline/sim/simtest"
)

// A noter does what it is told: it shows what reaches it, and keeps a journal.
type noter struct {
	w     *simtest.World
	name  string
	timer sim.TimerID
	syncs map[sim.TimerID]bool
}

type told struct{ text string }

func (n *noter) Start(e sim.Env) {
	n.syncs = map[sim.TimerID]bool{}
	if records := e.Disk().Records(); len(records) > 0 {
		n.w.Show("%s finds %v", n.name, records)
	}
}

func (n *noter) Receive(e sim.Env, _ sim.NodeID, msg any) {
	words := strings.Fields(msg.(told).text)
	switch words[0] {
	case "timer":
		d, _ := time.ParseDuration(words[1])
		n.timer = e.After(d)
	case "cancel":
		e.Cancel(n.timer)
	case "write":
		e.Disk().Write(words[1])
	case "checkpoint":
		e.Disk().Checkpoint(words[1])
	case "sync":
		n.syncs[e.Disk().Sync()] = true
	case "clock":
		earliest, latest := e.ClockBound()
		n.w.Show("%s reads %v, claims %v to %v", n.name, e.Clock(), earliest, latest)
	case "echo":
		e.Send(n.w.ID(words[1]), told{"hello"})
	}
}

func (n *noter) Timer(e sim.Env, t sim.TimerID) {
	if n.syncs[t] {
		n.w.Show("%s has synced", n.name)
	}
}

// fixed is a disk on which every sync takes the same time.
type fixed time.Duration

func (f fixed) Sample(uint64) time.Duration { return time.Duration(f) }

func TestTranscripts(t *testing.T) {
	simtest.Transcripts(t, "testdata/*.txt", func(t *testing.T) simtest.Play {
		w := simtest.NewWorld(1)
		for _, name := range []string{"a", "b"} {
			w.Add(name, func() sim.Handler { return &noter{w: w, name: name} })
			w.Sim.SetDisk(w.ID(name), fixed(3*time.Millisecond))
		}
		w.Sim.Go(sim.None, "idle", func(*sim.Proc) {})
		w.Hide = func(t sim.Trace) bool { return t.What == sim.Sent && t.Fate != sim.Lost }
		return func(line string) string {
			verb, rest, _ := strings.Cut(line, " ")
			name, text, _ := strings.Cut(rest, " ")
			id := func() sim.NodeID { return w.ID(name) }
			switch verb {
			case "tell": // the other node says it, so that the wire has its say
				w.Sim.At(w.Sim.Now(), func() { w.Sim.Inject(1-id(), id(), told{text}) })
			case "cpu":
				d, _ := time.ParseDuration(text)
				w.Sim.SetCPU(id(), d)
			case "slow":
				var factor int64
				fmt.Sscan(text, &factor)
				w.Sim.Slow(id(), factor)
			case "claim":
				d, _ := time.ParseDuration(text)
				w.Sim.ClockOf(id()).Claim(d)
			case "freeze":
				w.Sim.ClockOf(id()).Freeze()
			case "thaw":
				w.Sim.ClockOf(id()).Thaw()
			case "lie":
				w.Sim.LieAboutSync(id(), text == "on")
			default:
				return w.Play(line)
			}
			return w.Shown()
		}
	})
}

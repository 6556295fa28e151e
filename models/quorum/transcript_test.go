package quorum_test

import (
	"fmt"
	"strings"
	"testing"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/sim"
	"faultline/sim/simtest"
)

// Commands beyond those of the world: `a write 5`, `b read`.
func TestTranscripts(t *testing.T) {
	simtest.Transcripts(t, "testdata/*.txt", func(t *testing.T) simtest.Play {
		s := newStage(t, "", store.Values{"anti_entropy": never})
		s.tell()
		return func(line string) string {
			words := strings.Fields(line)
			switch {
			case len(words) > 1 && words[1] == "read":
				s.send(words[0], history.Read, 0)
			case len(words) > 1 && words[1] == "write":
				var value int64
				fmt.Sscan(words[2], &value)
				s.send(words[0], history.Write, value)
			default:
				return s.Play(line)
			}
			return s.Shown()
		}
	})
}

// tell shows messages as they arrive, and what clients ask and are answered in a few words.
func (s *stage) tell() {
	s.Sim.Trace(func(e sim.Trace) {
		at := s.Names[e.Node]
		switch m := e.Msg.(type) {
		case store.Request:
			if e.What == sim.Deliver {
				s.Show("%s is asked: %v %s", at, m.Kind, m.Key)
			}
		case store.Reply:
			if e.What == sim.Deliver {
				s.Show("%s answers %v %v", s.Names[e.From], m.Status, m.Value)
			}
		default:
			switch {
			case e.What == sim.Deliver:
				s.Show("%s <- %s: %v", at, s.Names[e.From], m)
			case e.What == sim.Sent && e.Fate == sim.Lost:
				s.Show("%s -> %s: %v (lost)", s.Names[e.From], at, m)
			case e.What == sim.Crashed || e.What == sim.Started:
				s.Show("%s %v", at, e.What)
			}
		}
	})
}

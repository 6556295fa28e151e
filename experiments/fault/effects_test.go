package fault

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"faultline/sim"
)

// A scribe writes one record after 100 ms, syncs it, and notes when that is done.
type scribe struct {
	idle
	log   *[]string
	clock func() sim.Time
	sync  sim.TimerID
}

func (h *scribe) Start(e sim.Env) {
	if found := len(e.Disk().Records()); found > 0 || h.clock() > 0 {
		*h.log = append(*h.log, fmt.Sprintf("%v n%d starts with %d", h.clock(), e.Self()+1, found))
		return
	}
	e.After(100 * time.Millisecond)
}

func (h *scribe) Timer(e sim.Env, t sim.TimerID) {
	if t != h.sync {
		e.Disk().Write("x")
		h.sync = e.Disk().Sync()
	} else {
		*h.log = append(*h.log, fmt.Sprintf("%v n%d has synced", h.clock(), e.Self()+1))
	}
}

// scribes sets up two replicas that are scribes.
func scribes(faults ...string) (*stage, *[]string) {
	st := newStage(1, 0, 1, false, time.Minute, Budget{})
	log := &[]string{}
	for id := range sim.NodeID(2) {
		st.world.cast.Replicas = append(st.world.cast.Replicas, id)
		st.sim.Add(id, func() sim.Handler { return &scribe{log: log, clock: st.sim.Now} })
		st.sim.SetDisk(id, st.world.cast.Disk)
	}
	for _, text := range faults {
		st.start(faultOf(nil, strings.Fields(text)))
	}
	return st, log
}

func wantLog(t *testing.T, log *[]string, want ...string) {
	t.Helper()
	if got := strings.Join(*log, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

func TestSlowNodeAndSlowDisk(t *testing.T) {
	st, log := scribes("slow-node target=n1 factor=10 at=0s for=1s", "slow-disk target=n1 factor=5 at=0s for=500ms")
	st.sim.Run(sim.Time(10 * time.Second))
	// A timer of 20 us times 10, a sync of 1 ms times 50, and the processor again.
	wantLog(t, log, "101ms n2 has synced", "150.4ms n1 has synced")
	if p := st.world.patient(0); len(p.slowCPU)+len(p.slowDisk) != 0 {
		t.Errorf("at the end it is still slow: %+v", *p)
	}
}

func TestOneSlownessEndsAndTheOtherStays(t *testing.T) {
	st, log := scribes("slow-disk target=n1 factor=5 at=0s for=50ms", "slow-disk target=n1 factor=7 at=0s for=1s")
	st.sim.Run(sim.Time(time.Second))
	wantLog(t, log, "101ms n2 has synced", "107ms n1 has synced")
}

func TestWhatACrashLeavesOfADisk(t *testing.T) {
	for _, c := range []struct {
		faults []string
		want   int // records that n1 finds when it restarts
	}{
		{[]string{"crash target=n1 at=150ms for=1s"}, 1},
		{[]string{"crash target=n1 at=100500us for=1s"}, 0}, // the sync was under way
		{[]string{"crash target=n1 at=100500us for=1s disk=kept"}, 1},
		{[]string{"crash target=n1 at=150ms for=1s disk=wiped"}, 0},
		{[]string{"lying-disk target=n1 at=0s for=1s", "crash target=n1 at=150ms for=1s"}, 0},
		{[]string{"lying-disk target=n1 at=0s for=1s", "lying-disk target=n1 at=0s for=10ms", "crash target=n1 at=150ms for=1s"}, 0},
		{[]string{"lying-disk target=n1 at=0s for=50ms", "crash target=n1 at=150ms for=1s"}, 1},
	} {
		st, log := scribes(c.faults...)
		st.sim.Run(sim.Time(2 * time.Second))
		if got, want := (*log)[len(*log)-1], fmt.Sprintf("n1 starts with %d", c.want); !strings.HasSuffix(got, want) {
			t.Errorf("%v: %s, want %s", c.faults, got, want)
		}
	}
}

// fates sends a hundred messages on each link, and returns how many are lost, arrive twice, and arrive late.
func fates(t *testing.T, fault string) string {
	st := newStage(1, 3, 1, false, time.Minute, Budget{})
	st.start(faultOf(t, strings.Fields(fault)))
	st.sim.Run(sim.Time(time.Second))
	var out []string
	name := func(id sim.NodeID) string {
		if id == testClient+1 {
			return "proxy"
		}
		return st.world.name(id)
	}
	everybody := append(st.world.serverIDs(), testClient, testClient+1)
	for _, a := range everybody {
		for _, b := range everybody {
			if a == b {
				continue
			}
			lost, twice, late := 0, 0, 0
			for range 100 {
				fate := st.net.Carry(a, b, "x")
				switch {
				case fate.Delay < 0:
					lost++
				case fate.Delay > time.Millisecond:
					late++
				}
				if fate.Copy >= 0 {
					twice++
				}
			}
			if lost+twice+late > 0 {
				out = append(out, fmt.Sprintf("%s>%s %d %d %d", name(a), name(b), lost, twice, late))
			}
		}
	}
	return strings.Join(out, ", ")
}

func TestLinkFaultsStrikeTheLinksTheyAreAimedAt(t *testing.T) {
	for fault, want := range map[string]string{
		"delay target=n1": "n1>n2 0 0 100, n1>n3 0 0 100, n1>c1 0 0 100, n1>proxy 0 0 100, " +
			"n2>n1 0 0 100, n3>n1 0 0 100, c1>n1 0 0 100, proxy>n1 0 0 100",
		"delay target=n1 between=replicas": "n1>n2 0 0 100, n1>n3 0 0 100, n2>n1 0 0 100, n3>n1 0 0 100",
		"loss share=1 between=clients": "n1>c1 100 0 0, n1>proxy 100 0 0, n2>c1 100 0 0, n2>proxy 100 0 0, n3>c1 100 0 0, n3>proxy 100 0 0, " +
			"c1>n1 100 0 0, c1>n2 100 0 0, c1>n3 100 0 0, proxy>n1 100 0 0, proxy>n2 100 0 0, proxy>n3 100 0 0",
		"duplication share=1 target=n2,n3 between=replicas": "n1>n2 0 100 0, n1>n3 0 100 0, n2>n1 0 100 0, n2>n3 0 100 0, n3>n1 0 100 0, n3>n2 0 100 0",
		"reordering share=1 target=n2 between=clients":      "n2>c1 0 0 100, n2>proxy 0 0 100, c1>n2 0 0 100, proxy>n2 0 0 100",
		"gray-link from=n2 to=n3 share=0":                   "n2>n3 0 0 100",
	} {
		if got := fates(t, fault); got != want {
			t.Errorf("%s:\n got %s\nwant %s", fault, got, want)
		}
	}
}

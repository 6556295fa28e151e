package fault

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"faultline/models/store"
	"faultline/sim"
)

// A walker takes a step every 100 ms: left, right, left, right.
type walker struct {
	store.Steps
	idle
	log   *[]string
	clock func() sim.Time
	n     int
}

func (h *walker) Start(e sim.Env) {
	*h.log = append(*h.log, fmt.Sprintf("%v n%d starts", h.clock(), e.Self()+1))
	e.After(100 * time.Millisecond)
}

func (h *walker) Timer(e sim.Env, _ sim.TimerID) {
	e.After(100 * time.Millisecond)
	h.n++
	if h.Reached([]string{"right", "left"}[h.n%2]) {
		return
	}
	if e.Self() == 0 {
		*h.log = append(*h.log, fmt.Sprintf("%v goes on", h.clock()))
	}
}

// walkers sets up two replicas that walk, for 600 ms.
func walkers(t *testing.T, fault string) (*stage, *[]string) {
	st := newStage(1, 0, 1, false, 600*time.Millisecond, Budget{})
	log := &[]string{}
	for id := range sim.NodeID(2) {
		st.world.cast.Replicas = append(st.world.cast.Replicas, id)
		st.sim.Add(id, func() sim.Handler { return &walker{log: log, clock: st.sim.Now} })
	}
	f := faultOf(t, strings.Fields(fault))
	if err := f.Check(Cluster{Replicas: 2, Steps: []string{"left", "right"}}); err != nil {
		t.Fatal(err)
	}
	st.start(f)
	st.sim.Run(sim.Time(600 * time.Millisecond))
	HealAll(st.world)
	return st, log
}

// The node that is there first crashes right after the step, and does nothing more.
func TestCrashAtStep(t *testing.T) {
	st, log := walkers(t, "crash-at-step step=right nth=1 at=0s for=250ms")
	wantLog(t, log, "0s n1 starts", "0s n2 starts", "100ms goes on", "450ms n1 starts", "550ms goes on")
	bands := st.world.Bands()
	if len(bands) != 1 || bands[0].From != sim.Time(200*time.Millisecond) || bands[0].To != sim.Time(450*time.Millisecond) || bands[0].Label != "crash at right" {
		t.Errorf("bands are %v", bands)
	}
}

// The step is counted from when the fault begins to watch, on each node.
func TestCrashAtTheSecondStep(t *testing.T) {
	_, log := walkers(t, "crash-at-step step=left nth=2 at=50ms for=1h")
	wantLog(t, log, "0s n1 starts", "0s n2 starts", "100ms goes on", "200ms goes on", "600ms n1 starts")
}

// A step that is never done is no fault.
func TestCrashAtStepThatIsNeverDone(t *testing.T) {
	st, log := walkers(t, "crash-at-step step=left nth=9 at=0s for=1s")
	if bands, counts := st.world.Bands(), st.world.Counts(); len(bands) != 0 || counts.Struck != 0 || len(*log) != 8 {
		t.Errorf("bands are %v, struck %d times; %v", bands, counts.Struck, *log)
	}
}

func TestCrashAtStepIsCheckedByName(t *testing.T) {
	f := Fault{Kind: crashAtStep, Values: store.Values{"step": "lft"}}
	if err := f.Check(Cluster{Replicas: 2, Steps: []string{"left", "right"}}); err == nil || !strings.Contains(err.Error(), "left, right") {
		t.Errorf("a step that there is not: %v", err)
	}
	if err := f.Check(Cluster{Replicas: 2}); err == nil || !strings.Contains(err.Error(), "names no steps") {
		t.Errorf("a store without steps: %v", err)
	}
}

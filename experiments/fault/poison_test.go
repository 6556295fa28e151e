package fault

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"faultline/sim"
)

// A taster is a replica that tells its world of what it handles, as those do that may be poisoned.
type taster struct {
	idle
	log   *[]string
	world func() *World
}

func (h *taster) Start(e sim.Env) {
	*h.log = append(*h.log, fmt.Sprintf("%v n%d starts", h.world().sim.Now(), e.Self()+1))
}

func (h *taster) Receive(e sim.Env, _ sim.NodeID, msg any) {
	if client := msg.(int); h.world().Handles(e.Self(), client) {
		*h.log = append(*h.log, fmt.Sprintf("%v n%d serves c%d", h.world().sim.Now(), e.Self()+1, client))
	}
}

// tasters sets up two replicas that are asked at given instants, in ms, by the clients named there.
func tasters(t *testing.T, fault string, asks ...[3]int) (*stage, *[]string) {
	const end = 600 * time.Millisecond
	st := newStage(1, 0, 2, false, end, Budget{})
	log := &[]string{}
	for id := range sim.NodeID(2) {
		st.world.cast.Replicas = append(st.world.cast.Replicas, id)
		st.sim.Add(id, func() sim.Handler { return &taster{log: log, world: func() *World { return st.world }} })
	}
	f := faultOf(t, strings.Fields(fault))
	if err := f.Check(Cluster{Replicas: 2, Clients: 2}); err != nil {
		t.Fatal(err)
	}
	if !Poisons([]Fault{f}) {
		t.Error("nobody is told that a request may be poison")
	}
	st.start(f)
	for _, a := range asks {
		st.sim.At(sim.Time(a[0])*sim.Time(time.Millisecond), func() { st.sim.Inject(st.world.cast.Clients[a[1]-1], sim.NodeID(a[2]-1), a[1]) })
	}
	st.sim.Run(sim.Time(end))
	HealAll(st.world)
	return st, log
}

// Who handles a poison request is gone for a while, every time; others' requests, and other replicas, are not touched.
func TestPoison(t *testing.T) {
	st, log := tasters(t, "poison clients=c1 target=n1 down=100ms at=100ms for=300ms",
		[3]int{50, 1, 1}, [3]int{150, 2, 1}, [3]int{160, 1, 2}, [3]int{170, 1, 1}, [3]int{180, 2, 1}, [3]int{300, 2, 1}, [3]int{350, 1, 1}, [3]int{450, 1, 1})
	wantLog(t, log, "0s n1 starts", "0s n2 starts", "51ms n1 serves c1", "151ms n1 serves c2", "161ms n2 serves c1",
		"271ms n1 starts", "301ms n1 serves c2", "400ms n1 starts", "451ms n1 serves c1")
	if c := st.world.Culprits(); len(c) != 1 || c[0] != 1 {
		t.Errorf("the culprits are %v", c)
	}
}

// A replica that is blocked stands still, and then goes on with what has come meanwhile.
func TestPoisonThatBlocks(t *testing.T) {
	_, log := tasters(t, "poison clients=c1,c2 does=block down=100ms at=0ms for=500ms", [3]int{100, 2, 1}, [3]int{150, 1, 1}, [3]int{160, 1, 2})
	wantLog(t, log, "0s n1 starts", "0s n2 starts", "101ms n1 serves c2", "161ms n2 serves c1", "201ms n1 serves c1")
}

// What poison may not be aimed at.
func TestMistakesInPoisonAreNamed(t *testing.T) {
	for text, says := range map[string]string{
		"poison clients=n1":     "n1 is no client",
		"poison clients=c3":     "there is no c3",
		"poison target=leader":  "not known beforehand",
		"poison target=c1":      "is a client",
		"poison target=nowhere": "nowhere",
	} {
		f := faultOf(t, strings.Fields(text))
		if err := f.Check(Cluster{Replicas: 2, Clients: 2}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: error is %v, want one that says %q", text, err, says)
		}
	}
}

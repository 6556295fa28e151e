package fault

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"faultline/models/store"
	"faultline/net"
	"faultline/sim"
	"faultline/sim/dist"
	"faultline/sim/simtest"
)

// A stage is a run with replicas that do nothing but lead, if they are told to.
type stage struct {
	sim     *sim.Sim
	net     *net.Network
	world   *World
	leaders map[sim.NodeID]bool // nil: a store without leaders
	seen    string
}

type idle struct{}

func (idle) Start(sim.Env)                    {}
func (idle) Receive(sim.Env, sim.NodeID, any) {}
func (idle) Timer(sim.Env, sim.TimerID)       {}

// leading is a replica of a store with leaders.
type leading struct {
	idle
	stage *stage
	id    sim.NodeID
}

func (l leading) Leads() bool { return l.stage.leaders[l.id] }

const (
	testMaster = 50
	testClient = 60
)

// newStage sets the stage: clients have the addresses 60, 62 and so on, each with
// a proxy beside it.
func newStage(seed uint64, replicas, clients int, master bool, end time.Duration, b Budget) *stage {
	st := &stage{sim: sim.New(seed)}
	st.net = net.New(st.sim, net.Flat(dist.Constant(time.Millisecond)), net.Options{})
	cast := Cast{Surge: func(float64) {}, Master: sim.None, End: sim.Time(end), ClockBound: 10 * time.Millisecond, Disk: dist.Constant(time.Millisecond)}
	for id := range sim.NodeID(replicas) {
		cast.Replicas = append(cast.Replicas, id)
		st.sim.Add(id, func() sim.Handler {
			if st.leaders != nil {
				return leading{stage: st, id: id}
			}
			return idle{}
		})
	}
	if master {
		cast.Master = testMaster
		st.sim.Add(testMaster, func() sim.Handler { return idle{} })
	}
	for i := range clients {
		id := sim.NodeID(testClient + 2*i)
		cast.Clients = append(cast.Clients, id)
		st.sim.AddDesk(id, func(any) *sim.Proc { return nil })
		st.sim.Add(id+1, func() sim.Handler { return idle{} })
		st.net.Colocate(id+1, id)
	}
	st.world = NewWorld(st.sim, st.net, cast, b)
	return st
}

// start starts the faults' scripts, as a run does.
func (st *stage) start(faults ...Fault) {
	for _, f := range Named(faults) {
		st.sim.Go(sim.None, "fault "+f.Name, func(p *sim.Proc) { f.Run(p, st.world) })
	}
}

// state says what is wrong now: who is down, whose clock is off, what is cut.
func (st *stage) state() string {
	var parts []string
	w := st.world
	for _, id := range w.serverIDs() {
		switch clock := st.sim.ClockOf(id).Error(); {
		case !st.sim.Up(id):
			parts = append(parts, "down "+w.name(id))
		case st.sim.Paused(id):
			parts = append(parts, "paused "+w.name(id))
		case clock != 0:
			parts = append(parts, fmt.Sprintf("clock %s %+v", w.name(id), clock))
		}
	}
	everybody := append(w.serverIDs(), w.cast.Clients...)
	for i, a := range everybody {
		for _, b := range everybody[:i] {
			switch out, in := st.net.Open(b, a), st.net.Open(a, b); {
			case !out && !in:
				parts = append(parts, w.name(b)+"-/-"+w.name(a))
			case !out:
				parts = append(parts, w.name(b)+"-/>"+w.name(a))
			case !in:
				parts = append(parts, w.name(a)+"-/>"+w.name(b))
			}
		}
	}
	for i, client := range w.cast.Clients {
		for _, id := range w.serverIDs() {
			if st.net.Open(client, id) != st.net.Open(client+1, id) || st.net.Open(id, client) != st.net.Open(id, client+1) {
				parts = append(parts, fmt.Sprintf("c%d and its proxy differ for %s", i+1, w.name(id)))
			}
		}
	}
	if len(parts) == 0 {
		return "all is well"
	}
	return strings.Join(parts, ", ")
}

// grid is how often a transcript looks.
const grid = 100 * time.Millisecond

// run lets time pass and returns every change of state.
func (st *stage) run(d time.Duration) string {
	var out strings.Builder
	for end := st.sim.Now().Add(d); st.sim.Now() < end; {
		st.sim.Run(min(end, st.sim.Now().Add(grid)))
		if now := st.state(); now != st.seen {
			st.seen = now
			fmt.Fprintf(&out, "%-6v %s\n", st.sim.Now(), now)
		}
	}
	return out.String()
}

// play carries out the commands of the transcripts:
//
//	world 5 2 [master] [leaders] [down=2] [within=fail-stop]   5 replicas, 2 clients, faults for 60s
//	leader n2 ...                                              who leads from now on
//	fault crash target=n1 at=1s                                a fault of the run
//	run 10s                                                    time passes; what is wrong is shown whenever it changes
//	heal                                                       HealAll
//	bands, counts, broken                                      what the world noted
func play(t *testing.T) simtest.Play {
	var st *stage
	return func(line string) string {
		words := strings.Fields(line)
		switch words[0] {
		case "world":
			st = stageOf(words[1:])
		case "leader":
			clear(st.leaders)
			for _, name := range words[1:] {
				st.leaders[st.world.byName(name)] = true
			}
		case "fault":
			f := faultOf(t, words[1:])
			if err := f.Check(st.world.cast.cluster()); err != nil {
				return err.Error() + "\n"
			}
			st.start(f)
		case "run":
			return st.run(mustDuration(words[1]))
		case "heal":
			HealAll(st.world)
			return st.run(time.Nanosecond)
		case "bands":
			return bandsOf(st.world)
		case "counts":
			return fmt.Sprintf("%+v\n", st.world.Counts())
		case "broken":
			return fmt.Sprintf("%v\n", st.world.Broken())
		default:
			t.Fatalf("no command %q", line)
		}
		return ""
	}
}

func stageOf(words []string) *stage {
	replicas, _ := strconv.Atoi(words[0])
	clients, _ := strconv.Atoi(words[1])
	master, leaders, budget := false, false, Budget{}
	for _, word := range words[2:] {
		switch name, value, _ := strings.Cut(word, "="); name {
		case "master":
			master = true
		case "leaders":
			leaders = true
		case "down":
			budget.Down, _ = strconv.Atoi(value)
		case "within":
			budget.StayWithin = append(budget.StayWithin, store.Assumption(value))
		}
	}
	st := newStage(1, replicas, clients, master, time.Minute, budget)
	if leaders {
		st.leaders = map[sim.NodeID]bool{}
	}
	st.seen = "all is well"
	return st
}

// faultOf reads a fault from "crash target=n1 at=1s".
func faultOf(t *testing.T, words []string) Fault {
	kind, ok := Find(words[0])
	if !ok {
		t.Fatalf("no fault is named %q", words[0])
	}
	values := store.Values{}
	for _, word := range words[1:] {
		name, text, _ := strings.Cut(word, "=")
		values[name] = valueOf(t, kind, name, text)
	}
	return Fault{Kind: kind, Values: values, Name: strings.Join(words, " ")}
}

func valueOf(t *testing.T, k *Kind, name, text string) any {
	p := k.Param(name)
	if p == nil {
		t.Fatalf("%s has no setting %q", k.Name, name)
	}
	switch p.Default.(type) {
	case time.Duration:
		return mustDuration(text)
	case int:
		i, _ := strconv.Atoi(text)
		return i
	case float64:
		x, _ := strconv.ParseFloat(text, 64)
		return x
	case [][]string:
		var groups [][]string
		for _, group := range strings.Split(text, "|") {
			groups = append(groups, strings.Split(group, ","))
		}
		return groups
	}
	return text
}

func mustDuration(text string) time.Duration {
	d, err := time.ParseDuration(text)
	if err != nil {
		panic(err)
	}
	return d
}

func bandsOf(w *World) string {
	var out strings.Builder
	for _, b := range w.Bands() {
		fmt.Fprintf(&out, "%v to %v: %s\n", b.From, b.To, b.Label)
	}
	return out.String()
}

func TestTranscripts(t *testing.T) { simtest.Transcripts(t, "testdata/*.txt", play) }

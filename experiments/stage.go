package experiments

import (
	"cmp"
	"fmt"
	"slices"

	"faultline/experiments/fault"
	"faultline/models/service"
	"faultline/models/store"
	"faultline/net/policy"
	"faultline/sim"
)

// The IDs of nodes other than replicas, which count from 0. Client i has the
// address base+2i and its proxy the next one, the master the one before base. The
// base leaves room, so that one more replica or client renames, and so changes
// the luck of, nobody; it is small, because the network keeps a table of links.
const smallestBase = 64

func baseOf(replicas int) sim.NodeID {
	base := smallestBase
	for base < replicas+2 {
		base *= 4
	}
	return sim.NodeID(base)
}

// prepare builds the world of a run: network, replicas, clients.
func (m *Runner) prepare(sc *Scenario, seed uint64) *run {
	m.sim.Reset(seed)
	m.record.Reset()
	m.boxes.Reset()
	r := &run{scenario: sc, sim: &m.sim, record: &m.record, arrivals: m.arrivals[:0], work: sc.Workload.Generator(), rate: 1}
	r.sim.BeginAt(-sim.Time(sc.Warmup))
	r.net = &m.net
	r.net.Reset(r.sim, sc.Topology, sc.Network)
	if r.meter = r.newMeter(); r.meter != nil {
		r.sim.Use(r.meter)
	}
	base := baseOf(sc.Replicas)
	r.config = configure(sc, base)
	r.config.Boxes = &m.boxes
	r.config.Elected = func(id sim.NodeID, term int) {
		r.elected = append(r.elected, Election{r.sim.Now(), id, term})
	}
	r.dedups = sc.Model.AppliesOnce(r.config) && sc.Key == PerIntent
	r.guards = sc.needsGuards()
	r.remembers = sc.Workload.Mix.CAS > 0
	if sc.Workload.Open() {
		r.rates = []Rate{{PerSecond: sc.Workload.Rate}}
	}
	r.addReplicas()
	r.addClients(base)
	r.world = r.newWorld()
	return r
}

// configure tells the replicas who is there, and their settings.
func configure(sc *Scenario, base sim.NodeID) store.Config {
	config := store.Config{Master: sim.None, Values: sc.Model.Defaults(sc.Values), Mutant: sc.Mutant}
	for i := range sc.Replicas {
		config.Replicas = append(config.Replicas, sim.NodeID(i))
	}
	if sc.Model.Master != nil {
		config.Master = base - 1
	}
	return config
}

// beneath returns how many replicas the store has: those of services come after them.
func (sc *Scenario) beneath() int {
	if sc.Services == nil {
		return sc.Replicas
	}
	return sc.Replicas - sc.Services.Nodes()
}

// groups names the replicas of services, and of the store beneath them.
func (sc *Scenario) groups() []fault.Group {
	if sc.Services == nil {
		return nil
	}
	from := sc.beneath()
	groups := []fault.Group{{Name: service.Store, To: from}}[:min(from, 1)]
	for _, s := range sc.Services.Services {
		groups = append(groups, fault.Group{Name: s.Name, From: from, To: from + s.Replicas})
		from += s.Replicas
	}
	return groups
}

// serverOf returns how the i-th replica serves requests, or nil.
func (sc *Scenario) serverOf(i int) *sim.Server {
	if from := sc.beneath(); i >= from {
		if s, _ := sc.Services.Of(i - from); s.Server != nil {
			return s.Server
		}
	}
	return sc.Server
}

// Config returns what the scenario's replicas are told.
func (sc *Scenario) Config() store.Config { return configure(sc, baseOf(sc.Replicas)) }

// site returns where the i-th replica or client is: round robin over the sites.
func (r *run) site(sites []int, i int) int {
	if len(sites) == 0 {
		return i % len(r.scenario.Topology.Sites)
	}
	return sites[i%len(sites)]
}

func (r *run) addReplicas() {
	sc := r.scenario
	for i, id := range r.config.Replicas {
		r.net.Place(id, r.site(sc.ReplicaSites, i))
		r.sim.Add(id, func() sim.Handler { return r.guarded(id, sc.Model.Replica(r.config, id)) })
		r.sim.SetCPU(id, sc.CPU)
		if rules := sc.serverOf(i); rules != nil {
			r.sim.SetServer(id, *rules)
		}
		r.sim.SetDisk(id, sc.Disk)
		r.sim.ClockOf(id).Claim(sc.ClockBound)
	}
	if id := r.config.Master; id != sim.None {
		// Beside the last replica: most faults are aimed at the first ones.
		r.net.Place(id, r.site(sc.ReplicaSites, sc.Replicas-1))
		r.sim.Add(id, func() sim.Handler { return sc.Model.Master(r.config) })
	}
}

func (r *run) addClients(base sim.NodeID) {
	sc := r.scenario
	for i := range sc.Workload.Clients {
		c := &client{run: r, index: i, id: base + sim.NodeID(2*i), shared: policy.NewShared(r.scenario.Policy)}
		r.net.Place(c.id, r.site(sc.ClientSites, i))
		r.sim.AddDesk(c.id, c.route)
		c.view = store.NewView(c.id, r.nearFirst(c), r.addProxy(c))
		r.clients = append(r.clients, c)
	}
}

// addProxy places the client's own coordinator on its machine, if the store has
// such, and returns its address; else None.
func (r *run) addProxy(c *client) sim.NodeID {
	m, id := r.scenario.Model, c.id+1
	if m.Proxy == nil || m.Proxy(r.config, id) == nil {
		return sim.None
	}
	r.net.Colocate(id, c.id)
	r.sim.Add(id, func() sim.Handler { return r.guarded(id, m.Proxy(r.config, id)) })
	return id
}

// nearFirst returns the replicas by their mean distance from a client. Of equally
// near ones, each client has another first, so that clients spread over them.
func (r *run) nearFirst(c *client) []sim.NodeID {
	front := r.config.Replicas
	if f := r.scenario.Model.Front; f != nil {
		front = f(r.config, c.index)
	}
	n := len(front)
	near := make([]sim.NodeID, 0, n)
	for i := range n {
		near = append(near, front[(c.index+i)%n])
	}
	site := r.net.Site(c.id)
	slices.SortStableFunc(near, func(a, b sim.NodeID) int {
		return cmp.Compare(r.scenario.Topology.Distance(site, r.net.Site(a)), r.scenario.Topology.Distance(site, r.net.Site(b)))
	})
	return near
}

// newWorld returns what the fault scripts may touch.
func (r *run) newWorld() *fault.World {
	var clients, nearest []sim.NodeID
	for _, c := range r.clients {
		clients = append(clients, c.id)
		nearest = append(nearest, c.view.Near[0])
	}
	cast := fault.Cast{
		Replicas: r.config.Replicas, Groups: r.scenario.groups(), Master: r.config.Master, Clients: clients, Nearest: nearest,
		ClockBound: r.scenario.ClockBound, CPU: r.scenario.CPU, Disk: r.scenario.Disk, End: sim.Time(r.scenario.Workload.Duration),
	}
	if r.scenario.Workload.Open() && r.scenario.Workload.Probe == nil {
		cast.Surge = r.surge
	}
	return fault.NewWorld(r.sim, r.net, cast, r.scenario.Budget)
}

// Cluster returns the numbers that faults need to know.
func (sc *Scenario) Cluster() fault.Cluster {
	return fault.Cluster{Replicas: sc.Replicas, Groups: sc.groups(), Clients: sc.Workload.Clients, Open: sc.Workload.Open(), Master: sc.Model.Master != nil, Steps: sc.Model.Steps, ClockBound: sc.ClockBound}
}

// Check returns what is wrong with a scenario and how to mend it, or nil.
func (sc *Scenario) Check() error {
	if sc.Replicas < 1 || sc.Replicas > MaxReplicas {
		return fmt.Errorf("%d replicas: there must be from 1 to %d", sc.Replicas, MaxReplicas)
	}
	for _, kind := range sc.Workload.Mix.Kinds() {
		if !sc.Model.Supports(kind) {
			return fmt.Errorf("%s has no operation %s: it supports %v; change the workload's mix", sc.Model.Name, kind, sc.Model.Kinds)
		}
	}
	if sc.Model.Check != nil {
		if err := sc.Model.Check(sc.Config()); err != nil {
			return err
		}
	}
	if err := sc.Policy.Validate(); err != nil {
		return err
	}
	return sc.Workload.Check()
}

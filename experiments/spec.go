package experiments

import (
	"slices"
	"time"

	"faultline/experiments/strict"
	"faultline/experiments/workload"
	"faultline/net"
	"faultline/results"
	"faultline/results/chart"
	"faultline/sim/dist"
)

// A Spec is an experiment file as it is written. The tags are its documentation,
// its defaults and its JSON Schema (see package strict).
type Spec struct {
	Version  int    `yaml:"version" required:"true" min:"1" max:"1" doc:"version of this format: 1"`
	Question string `yaml:"question" doc:"what the experiment asks, in one sentence"`
	About    string `yaml:"about" doc:"what to know before reading its results"`

	Model  *ModelSpec  `yaml:"model" doc:"the store: its name, or a mapping with its kind, n and parameters: see faultline list models"`
	Models []ModelSpec `yaml:"models" minitems:"1" doc:"several stores to compare, instead of model"`

	Services strict.Map[ServiceSpec] `yaml:"services" minitems:"1" doc:"services before the store, or without one: name -> service; clients ask the first"`
	Server   *ServerSpec             `yaml:"server" doc:"how replicas, and services that say nothing else, serve requests: workers, queue, load shedding; default: one worker, to which a request is as any message. What replicas say to each other takes what machine.cpu says, for each message, and waits in the same line"`

	Idempotency *IdempotencySpec `yaml:"idempotency" doc:"how a write that is retried is recognised; default: as the store does by itself"`

	Workload WorkloadSpec `yaml:"workload" doc:"what clients ask for"`
	Client   ClientSpec   `yaml:"client" doc:"what clients do when an answer does not come"`
	Network  NetworkSpec  `yaml:"network" doc:"how long messages take, and what happens to them even without faults"`
	Machine  MachineSpec  `yaml:"machine" doc:"processor, disk and clock of every replica"`

	Faults []FaultSpec     `yaml:"faults" doc:"what goes wrong, and when: see faultline list faults"`
	Budget BudgetSpec      `yaml:"budget" doc:"how much may go wrong at once"`
	Warmup strict.Duration `yaml:"warmup" default:"5s" min:"0s" max:"1h" doc:"time before the run begins, for stores to elect their leaders; not part of any figure"`
	Settle strict.Duration `yaml:"settle" default:"10s" min:"0s" max:"1h" doc:"time after the faults are healed and before every key is read once more"`

	Sweep  strict.Map[[]*strict.Node] `yaml:"sweep" doc:"settings to vary: path in this file -> values; every combination is run; braces set several paths alike: services.{a,b}.n"`
	Judge  string                     `yaml:"judge" oneof:"all,service" default:"all" doc:"what runs are judged by: all; or service: staleness, availability, latency and cost alone, for long runs of which no more is asked"`
	SLO    strict.Share               `yaml:"slo" default:"99.9%" doc:"share of operations that must succeed: what is left is the budget of errors"`
	Seeds  SeedsSpec                  `yaml:"seeds" doc:"seeds of every cell: 1..200, a list, a number, or auto: until the interval of the share of successes is narrower than a point on each side, 200 at most"`
	Expect ExpectSpec                 `yaml:"expect" doc:"what must come out; the exit code says whether it did"`
	Plot   []PlotSpec                 `yaml:"plot" doc:"charts to draw"`

	Published *PublishedSpec `yaml:"published" doc:"figures that others published, which faultline reproduce compares with what comes out"`
}

// CheckStrict looks at what is at the top.
func (s *Spec) CheckStrict(n *strict.Node) {
	if s.SLO >= 1 {
		n.FailField("slo", "an objective of 100% leaves no budget of errors", "say what may fail, too: 99.99%")
	}
}

// WorkloadSpec is the workload as it is written.
type WorkloadSpec struct {
	Like       string          `yaml:"like" doc:"a workload of the catalogue to start from; what is written here overrides it"`
	Clients    int             `yaml:"clients" default:"5" min:"1" max:"1000" doc:"client machines"`
	For        strict.Duration `yaml:"for" default:"30s" min:"1ms" max:"24h" doc:"how long clients go on asking, in virtual time"`
	Keys       int             `yaml:"keys" default:"5" min:"1" max:"100000" doc:"number of keys"`
	Law        KeyLawSpec      `yaml:"law" doc:"which keys: uniform, zipf(0.99), or hot(1, 90%): one key gets 90% of the operations"`
	Reads      strict.Share    `yaml:"reads" default:"50%" doc:"share of operations that read"`
	CAS        strict.Share    `yaml:"cas" default:"0%" doc:"share of operations that compare and set"`
	Updates    string          `yaml:"updates" oneof:"write,append" default:"write" doc:"what the other operations do: write a register, or append to a list, whose reads show every write"`
	Rate       *strict.Rate    `yaml:"rate" doc:"operations per second over all clients, whether or not earlier ones are answered (open loop); without it each client waits for its answer (closed loop)"`
	Probe      *LawSpec        `yaml:"probe" doc:"instead of a mix of operations: one probe of t-visibility after the other. A client drawn at random writes; so long after its acknowledgement another draw reads the same key; think goes by, and the next probe begins"`
	Optimistic *OptimisticSpec `yaml:"optimistic" doc:"instead of a mix of operations: each client reads a key and sets it by compare-and-set; if another came between, it waits (backoff) and begins again with the read"`
	Think      *LawSpec        `yaml:"think" doc:"closed loop: time between an answer and the next operation; default exponential(20ms)"`
}

// OptimisticSpec is optimistic updates as they are written.
type OptimisticSpec struct {
	Label   string      `yaml:"label" doc:"name in tables and charts, where it is swept"`
	Backoff BackoffSpec `yaml:"backoff" doc:"wait between a compare-and-set that came too late and the next read"`
	Updates int         `yaml:"updates" default:"0" min:"0" max:"1000000" doc:"of each client, which then rests; 0: any number"`
}

// defaultThink is the time between an answer and the next operation of a closed loop.
const defaultThink = 20 * time.Millisecond

// CheckStrict looks at the rules that span several fields, after what is not
// written was taken from the workload to start from.
func (s *WorkloadSpec) CheckStrict(n *strict.Node) {
	if s.Like != "" {
		s.startFrom(n)
	}
	switch {
	case s.Reads+s.CAS > 1:
		n.Fail("reads and cas are more than all operations", "make their sum 100% at most")
	case s.Updates == "append" && s.CAS > 0:
		n.Fail("a key holds a list of appended numbers or one number that is compared and set, not both", "leave out cas, or set updates: write")
	case s.Probe != nil && (s.Rate != nil || n.Field("reads") != nil || s.CAS > 0 || s.Updates == "append"):
		n.Fail("probe writes and reads in turn, so there is no rate and no mix of operations", "leave out probe, or rate, reads, cas and updates")
	case s.Optimistic != nil && (s.Probe != nil || s.Rate != nil || n.Field("reads") != nil || s.CAS > 0 || s.Updates == "append"):
		n.Fail("optimistic updates read and compare and set in turn, in a closed loop", "leave out optimistic, or probe, rate, reads, cas and updates")
	case s.Rate != nil && s.Think != nil:
		n.Fail("think goes with a closed loop, rate with an open one", "leave out one of them")
	}
}

// startFrom fills the fields that are not written from a workload of the catalogue.
func (s *WorkloadSpec) startFrom(n *strict.Node) {
	preset, ok := workload.Find(s.Like)
	if !ok {
		lookup(n.Field("like"), "workload", workload.Names())
		return
	}
	written := func(fields ...string) bool {
		return slices.ContainsFunc(fields, func(f string) bool { return n.Field(f) != nil })
	}
	w := preset.Workload
	if !written("clients") {
		s.Clients = w.Clients
	}
	if !written("for") {
		s.For = strict.Duration(w.Duration)
	}
	if !written("keys", "law") {
		s.Keys, s.Law = w.Keys, KeyLawSpec{w.Law}
	}
	if !written("reads", "cas", "updates") {
		s.mix(w.Mix)
	}
	if !written("rate", "think") && w.Open() {
		rate := strict.Rate(w.Rate)
		s.Rate = &rate
	}
}

// mix sets the shares of the operations.
func (s *WorkloadSpec) mix(m workload.Mix) {
	all := m.Reads + m.Writes + m.CAS + m.Appends
	s.Reads, s.CAS, s.Updates = strict.Share(m.Reads/all), strict.Share(m.CAS/all), "write"
	if m.Appends > 0 {
		s.Updates = "append"
	}
}

// workload returns what the spec describes.
func (s *WorkloadSpec) workload() workload.Workload {
	w := workload.Workload{
		Clients: s.Clients, Duration: s.For.Std(), Keys: s.Keys, Law: s.Law.KeyLaw,
		Mix: workload.Mix{Reads: float64(s.Reads), CAS: float64(s.CAS)},
	}
	if rest := 1 - float64(s.Reads) - float64(s.CAS); s.Updates == "append" {
		w.Mix.Appends = rest
	} else {
		w.Mix.Writes = rest
	}
	if s.Probe != nil {
		w.Probe, w.Mix = s.Probe.Law, workload.Mix{Reads: 1, Writes: 1}
	}
	if o := s.Optimistic; o != nil {
		w.Optimistic = &workload.Optimistic{Backoff: o.Backoff.policy(), Updates: o.Updates}
		w.Mix = workload.Mix{Reads: 1, CAS: 1}
	}
	switch {
	case s.Rate != nil:
		w.Rate = float64(*s.Rate)
	case s.Think != nil:
		w.Think = s.Think.Law
	default:
		w.Think = dist.Exponential(defaultThink)
	}
	return w
}

// NetworkSpec is the network as it is written.
type NetworkSpec struct {
	Preset     string                                  `yaml:"preset" doc:"a network that ships with Faultline: lan, one-region, ec2"`
	Regions    []string                                `yaml:"regions" doc:"EC2 regions to use, such as [VA, CA, IE]; instead of preset"`
	Latency    *LawSpec                                `yaml:"latency" doc:"one site, where every message takes a time drawn from this law; default lognormal(2ms, 0.5). With round_trips: what is added to half of them; default 0s"`
	RoundTrips strict.Map[strict.Map[strict.Duration]] `yaml:"round_trips" max:"24h" doc:"sites with the round trips between them, each pair once: {a: {b: 80ms, c: 100ms}, b: {c: 20ms}}; within a site: none"`
	Legs       LegsSpec                                `yaml:"legs" doc:"laws of the four legs of an operation (the WARS model of PBS), for stores whose messages name theirs, such as quorum; instead of latency for those"`
	Loopback   *LawSpec                                `yaml:"loopback" doc:"between a client and its proxy on the same machine; default 20us"`
	ReplicasAt []string                                `yaml:"replicas_at" doc:"sites of the replicas, taken in turn; default: all sites"`
	ClientsAt  []string                                `yaml:"clients_at" doc:"sites of the clients, taken in turn; default: all sites"`
	Loss       strict.Share                            `yaml:"loss" default:"0%" doc:"share of messages that are lost"`
	Duplicate  strict.Share                            `yaml:"duplicate" default:"0%" doc:"share of messages that arrive twice"`
	Reorder    strict.Share                            `yaml:"reorder" default:"0%" doc:"share of messages that are held up, so that later ones overtake them"`
	ReorderBy  LawSpec                                 `yaml:"reorder_by" doc:"how long they are held up; default exponential(10ms)"`
	Bandwidth  strict.Bandwidth                        `yaml:"bandwidth" doc:"of every link between two nodes; default: unlimited"`
}

// Defaults of a network.
const (
	defaultMedian = 2 * time.Millisecond // one way
	defaultSigma  = 0.5
	defaultHoldUp = 10 * time.Millisecond
)

// CheckStrict looks at the rules that span several fields, and at names.
func (s *NetworkSpec) CheckStrict(n *strict.Node) {
	chosen := 0
	for _, field := range []string{"preset", "regions", "latency"} {
		if n.Field(field) != nil {
			chosen++
		}
	}
	if chosen > 1 {
		n.Fail("preset, regions and latency each say how long messages take", "leave all but one of them out")
		return
	}
	if !s.checkOwn(n) {
		return
	}
	t, err := s.topology()
	if err != nil {
		n.Fail(causeAndHint(err))
		return
	}
	for _, sites := range [][]string{s.ReplicasAt, s.ClientsAt} {
		if _, err := siteNumbers(t, sites); err != nil {
			n.Fail(causeAndHint(err))
		}
	}
}

// topology returns where nodes can be.
func (s *NetworkSpec) topology() (*net.Topology, error) {
	switch {
	case len(s.Regions) > 0:
		return net.EC2(s.Regions...)
	case s.Preset != "":
		return findTopology(s.Preset)
	}
	return s.ownTopology()
}

// options returns what happens to messages by nature.
func (s *NetworkSpec) options() net.Options {
	o := net.Options{CountBytes: true}
	if s.Loopback != nil {
		o.Loopback = s.Loopback.Law
	}
	o.Loss, o.Duplicate, o.Bandwidth = float64(s.Loss), float64(s.Duplicate), float64(s.Bandwidth)
	if s.Reorder > 0 {
		o.Reorder, o.ReorderBy = float64(s.Reorder), s.ReorderBy.Law
		if o.ReorderBy == nil {
			o.ReorderBy = dist.Exponential(defaultHoldUp)
		}
	}
	return o
}

// MachineSpec is a replica's machine as it is written.
type MachineSpec struct {
	CPU        strict.Duration `yaml:"cpu" default:"20us" min:"0s" max:"1m" doc:"what handling one message or timer takes; they queue. Each message counts: what the followers of a leader answer takes it, too"`
	Disk       *LawSpec        `yaml:"disk" doc:"what making writes durable takes; default exponential(500us)"`
	ClockBound strict.Duration `yaml:"clock_bound" default:"5ms" min:"0s" max:"1h" doc:"the error that the clock service claims at most"`
}

// defaultSync is what a sync takes on average: an NVMe drive with a little luck.
const defaultSync = 500 * time.Microsecond

// BudgetSpec is the fault budget as it is written.
type BudgetSpec struct {
	Down   *int `yaml:"down" min:"0" max:"1000" doc:"replicas that random faults may take down, pause or isolate at once; default: a minority"`
	Within bool `yaml:"within_assumptions" default:"false" doc:"leave out faults that break an assumption of the store"`
}

// PlotSpec is a chart as it is written.
type PlotSpec struct {
	Kind     string    `yaml:"kind" required:"true" doc:"kind of chart: see faultline list charts"`
	X        string    `yaml:"x" doc:"metric or swept setting"`
	Y        string    `yaml:"y" doc:"metric or swept setting"`
	Metric   string    `yaml:"metric" doc:"metric to show"`
	Property string    `yaml:"property" doc:"property that marks points as filled or hollow"`
	Series   []string  `yaml:"series" doc:"cells to show, by label; default: all"`
	Where    WhereSpec `yaml:"where" doc:"the cells to show: model or a swept setting -> value or list of values; default: all"`
	Split    string    `yaml:"split" doc:"a swept setting: one chart for each of its values"`
	Panels   string    `yaml:"panels" doc:"of a heat map: a swept setting, each value of which has a small map of its own"`
	Ops      string    `yaml:"operations" oneof:"read,write," doc:"operations to show"`
	Title    string    `yaml:"title" doc:"instead of the finding"`
	Subtitle string    `yaml:"subtitle" doc:"instead of the facts"`
	Name     string    `yaml:"name" doc:"of the file; default: the kind"`
}

// CheckStrict looks up the names.
func (s *PlotSpec) CheckStrict(n *strict.Node) {
	lookup(n.Field("kind"), "chart", chart.KindNames())
	metrics := append(results.MetricNames(), results.Violations.Name)
	lookup(n.Field("metric"), "metric", metrics)
	lookup(n.Field("property"), "property", Properties)
	if s.Kind == "frontier" {
		lookup(n.Field("x"), "metric", metrics)
		lookup(n.Field("y"), "metric", metrics)
	}
}

// options returns the chart's options.
func (s *PlotSpec) options() chart.Options {
	return chart.Options{X: s.X, Y: s.Y, Metric: s.Metric, Panels: s.Panels, Property: s.Property, Series: s.Series, Where: s.Where.list, Operations: s.Ops, Title: s.Title, Subtitle: s.Subtitle}
}

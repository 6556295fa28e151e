package experiments

import (
	"faultline/checker/history"
	"faultline/models/store"
	"faultline/results"
	"faultline/sim"
)

// fromClients is who asks the first service, as rows name them.
const fromClients = "clients"

// A meter counts who asks whom, on the way to the network: it sees the attempts of
// those that crash afterwards, too, which no caller could tell of.
type meter struct {
	wire  sim.Wire
	sim   *sim.Sim
	end   sim.Time // of the workload: no more is counted
	names []string // of the groups of replicas
	group []int    // by replica
	calls [][]results.Edge
}

// newMeter returns the meter of a run, before its wire, or nil if there are no services.
func (r *run) newMeter() *meter {
	groups := r.scenario.groups()
	if groups == nil {
		return nil
	}
	m := &meter{wire: r.net, sim: r.sim, end: sim.Time(r.scenario.Workload.Duration), group: make([]int, r.scenario.Replicas)}
	for i, g := range groups {
		m.names = append(m.names, g.Name)
		for at := g.From; at < g.To; at++ {
			m.group[at] = i
		}
	}
	for range len(groups) + 1 { // the clients come last
		m.calls = append(m.calls, make([]results.Edge, len(groups)))
	}
	return m
}

// Carry implements sim.Wire.
func (m *meter) Carry(from, to sim.NodeID, msg any) sim.Fate {
	if now := m.sim.Now(); now >= 0 && now < m.end {
		m.count(from, to, msg)
	}
	return m.wire.Carry(from, to, msg)
}

func (m *meter) count(from, to sim.NodeID, msg any) {
	switch msg := msg.(type) {
	case *store.Request:
		if a, b := m.of(from), m.of(to); a != b && b < len(m.names) {
			m.calls[a][b].Calls++
		}
	case *store.Reply:
		if a, b := m.of(from), m.of(to); a != b && a < len(m.names) && msg.Status == history.OK {
			m.calls[b][a].OK++
		}
	}
}

// of returns the group of a node; that of clients is the last.
func (m *meter) of(id sim.NodeID) int {
	if int(id) < len(m.group) {
		return m.group[id]
	}
	return len(m.names)
}

// edges lists who was asked by whom, callers in the order of the graph and clients first.
func (m *meter) edges() (all []results.Edge) {
	if m == nil {
		return nil
	}
	n := len(m.names)
	for i := range n + 1 {
		from, name := (i+n)%(n+1), fromClients
		if from < n {
			name = m.names[from]
		}
		for to, e := range m.calls[from] {
			if e.Calls > 0 {
				e.From, e.To = name, m.names[to]
				all = append(all, e)
			}
		}
	}
	return all
}

// scoreCalls fills in who asked whom, and how often whoever is asked most is for each operation.
func scoreCalls(row *results.Row, o *Outcome, ops int) {
	row.Edges = o.Edges
	most := 0
	asked := map[string]int{}
	for _, e := range o.Edges {
		asked[e.To] += e.Calls
		most = max(most, asked[e.To])
		if e.From == fromClients {
			row.Metrics["false_alarms"] = float64(max(e.OK-row.Ops.OK, 0)) / float64(e.Calls)
		}
	}
	if most > 0 && ops > 0 {
		row.Metrics["calls_per_op"] = float64(most) / float64(ops)
	}
}

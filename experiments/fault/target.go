package fault

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"faultline/models/store"
	"faultline/sim"
)

// name returns the name of a node in experiments: n1, c1 or master.
func (w *World) name(id sim.NodeID) string {
	if i := slices.Index(w.cast.Replicas, id); i >= 0 {
		return replicaName(i)
	}
	if i := slices.Index(w.cast.Clients, id); i >= 0 {
		return "c" + strconv.Itoa(i+1)
	}
	return "master"
}

// replicaName returns the name of the replica with index i, from 0.
func replicaName(i int) string { return "n" + strconv.Itoa(i+1) }

func (w *World) names(ids []sim.NodeID) string {
	for _, g := range w.cast.Groups {
		if slices.Equal(ids, w.cast.Replicas[g.From:g.To]) {
			return g.Name
		}
	}
	var names []string
	for _, id := range ids {
		names = append(names, w.name(id))
	}
	return strings.Join(names, ", ")
}

// byName returns the node of that name, which Check has seen.
func (w *World) byName(name string) sim.NodeID {
	prefix, i := splitName(name)
	switch prefix {
	case 'n':
		return w.cast.Replicas[i-1]
	case 'c':
		return w.cast.Clients[i-1]
	}
	return w.cast.Master
}

// splitName splits n12 into n and 12; of master and of what is no name, i is 0.
func splitName(name string) (prefix byte, i int) {
	if len(name) < 2 || name[0] != 'n' && name[0] != 'c' || name[1] == '+' {
		return 0, 0
	}
	i, err := strconv.Atoi(name[1:])
	if err != nil || i < 1 {
		return 0, 0
	}
	return name[0], i
}

// splitTarget lists the names of a target such as "n1, n3".
func splitTarget(target string) []string {
	names := strings.Split(target, ",")
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
	}
	return names
}

// checkName returns what is wrong with the name of a node, or nil.
func (c Cluster) checkName(name string) error {
	prefix, i := splitName(name)
	switch {
	case name == "master" && !c.Master:
		return fmt.Errorf("there is no master: the store has none")
	case name == "master":
		return nil
	case prefix == 'n' && i > c.Replicas:
		return fmt.Errorf("there is no %s: the %d replicas are n1 to n%d", name, c.Replicas, c.Replicas)
	case prefix == 'c' && i > c.Clients:
		return fmt.Errorf("there is no %s: the %d clients are c1 to c%d", name, c.Clients, c.Clients)
	case prefix == 0:
		return fmt.Errorf("%q is no node: replicas are named n1, n2 and so on, clients c1, c2 and so on, the master master", name)
	}
	return nil
}

// checkServers returns what is wrong with a target of replicas and the master, or nil.
func checkServers(target string, c Cluster) error {
	if isRole(target) {
		return nil
	}
	names := splitTarget(target)
	if len(names) == 1 && c.group(target) != nil {
		return nil
	}
	for i, name := range names {
		if err := c.checkName(name); err != nil {
			return fmt.Errorf("target: %w; name a node, or say %s", err, strings.Join(append(c.groupNames(), roles...), ", "))
		}
		if slices.Contains(names[:i], name) {
			return fmt.Errorf("target: %s is there twice", name)
		}
		if prefix, _ := splitName(name); prefix == 'c' {
			return fmt.Errorf("target: %s is a client, and this fault strikes replicas or the master; use cut-client for clients", name)
		}
	}
	return nil
}

// group returns the group of that name, or nil.
func (c Cluster) group(name string) *Group {
	i := slices.IndexFunc(c.Groups, func(g Group) bool { return g.Name == name })
	if i < 0 {
		return nil
	}
	return &c.Groups[i]
}

func (c Cluster) groupNames() (names []string) {
	for _, g := range c.Groups {
		names = append(names, g.Name)
	}
	return names
}

var roles = []string{targetRandom, targetLeader, targetFollower, targetMinority, targetAll}

func isRole(target string) bool { return slices.Contains(roles, target) }

// countTarget returns how many replicas a target is, and whether the master is among the nodes it names.
func (c Cluster) countTarget(target string) (replicas int, master bool) {
	switch target {
	case targetRandom, targetLeader, targetFollower:
		return min(1, c.Replicas), false
	case targetMinority:
		return max(1, c.minority()), false
	case targetAll:
		return c.Replicas, false
	}
	if g := c.group(target); g != nil {
		return g.To - g.From, false
	}
	for _, name := range splitTarget(target) {
		if name == "master" {
			master = true
		} else {
			replicas++
		}
	}
	return replicas, master
}

// servers returns whom a target means now: replicas, or the master if it is
// named. It is empty while there is no leader. Every role takes the same draws
// whoever leads.
func (w *World) servers(target string, r *sim.Stream) []sim.NodeID {
	order := slices.Clone(w.cast.Replicas)
	if g := w.cast.cluster().group(target); g != nil {
		return order[g.From:g.To]
	}
	if !isRole(target) {
		return w.named(splitTarget(target))
	}
	if target == targetAll {
		return order
	}
	r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	switch target {
	case targetLeader:
		return w.leader(order)
	case targetFollower:
		return w.follower(order)
	case targetMinority:
		return order[:max(1, w.cast.cluster().minority())]
	}
	return order[:1]
}

func (w *World) named(names []string) []sim.NodeID {
	var ids []sim.NodeID
	for _, name := range names {
		ids = append(ids, w.byName(name))
	}
	return ids
}

// leader returns the replica that leads. Where several believe that they do, it
// is one that no fault holds down, since the others are deposed or soon will be.
// In a store without leaders it is the first of order; between two leaders there
// is none.
func (w *World) leader(order []sim.NodeID) []sim.NodeID {
	var leaders []sim.NodeID
	for _, id := range order {
		if w.leads(id) {
			leaders = append(leaders, id)
		}
	}
	if len(leaders) == 0 && !w.hasLeaders() {
		return order[:1]
	}
	slices.SortStableFunc(leaders, func(a, b sim.NodeID) int { return w.hardships(a) - w.hardships(b) })
	return leaders[:min(1, len(leaders))]
}

// follower returns a running replica that does not lead, or any if all lead.
func (w *World) follower(order []sim.NodeID) []sim.NodeID {
	for _, id := range order {
		if w.sim.Handler(id) != nil && !w.leads(id) {
			return []sim.NodeID{id}
		}
	}
	return order[:1]
}

func (w *World) leads(id sim.NodeID) bool {
	l, ok := w.sim.Handler(id).(store.Leader)
	return ok && l.Leads()
}

// hasLeaders reports whether the store's replicas are of a kind that may lead.
// While all are down, it may be.
func (w *World) hasLeaders() bool {
	up := false
	for _, id := range w.cast.Replicas {
		h := w.sim.Handler(id)
		if _, ok := h.(store.Leader); ok {
			return true
		}
		up = up || h != nil
	}
	return !up
}

// hardships returns how many links with other replicas are cut for a node, and more if it is paused.
func (w *World) hardships(id sim.NodeID) int {
	n := 0
	for _, other := range w.cast.Replicas {
		if !w.net.Open(id, other) || !w.net.Open(other, id) {
			n++
		}
	}
	if w.sim.Paused(id) {
		n += len(w.cast.Replicas)
	}
	return n
}

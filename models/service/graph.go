package service

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"faultline/net/policy"
	"faultline/sim"
)

// Store is the name under which services call the store beneath them.
const Store = "store"

// A Graph is a list of services. Clients ask the first.
type Graph struct {
	Services []Service
}

// A Service is one service: a number of replicas that all do the same.
type Service struct {
	Name       string
	Replicas   int
	Server     *sim.Server // how they serve requests; nil: like all else that they handle
	Concurrent int         // requests that a replica has under way at once, waits for answers included; 0: any number
	Stages     [][]Call    // in sequence; the calls of a stage are made at once

	// Shard is how many of the replicas serve one client, wherever in the graph its requests come from: each has its own
	// choice of them (shuffle sharding), or shares one of a few fixed groups with others (cells). 0: all.
	Shard int
	Cells bool
	ByKey bool // it is keys that have shards, not clients
}

// A Call is what a service asks of another for each request.
type Call struct {
	To       string
	Share    float64       // of the requests that need the call; 0: all. Which they are, their tokens decide
	Optional bool          // the request does without, if it fails
	Policy   policy.Policy // of each replica
	PassOn   bool          // the deadline of the request is that of the call, too
	NoKey    bool          // it goes without the client's token: nobody recognises a second attempt

	// Cache is for how long a replica goes by an answer about a key before it asks again; 0: it keeps none.
	Cache    time.Duration
	Coalesce bool // of several requests that miss the same key at once, one asks for all
	Stale    bool // if the call fails, an answer that is too old will do

	// Refresh is how often the call is made, in place of once for each request; all go by the latest answer, however old
	// (static stability). 0: for each request.
	Refresh time.Duration
}

// Check returns what is wrong with the graph over a store, or without one, and how to mend it; or nil.
func (g *Graph) Check(overStore bool) error {
	for _, s := range g.Services {
		if s.Name == Store {
			return fmt.Errorf("a service is called %s, which stands for the model: give it another name", Store)
		}
		if s.Shard > s.Replicas {
			return fmt.Errorf("service %s has shards of %d of its %d replicas: lower shards.size, or raise n", s.Name, s.Shard, s.Replicas)
		}
		if s.Server != nil && s.Server.Blocking && len(s.Stages) == 0 {
			return fmt.Errorf("service %s keeps its workers while they wait, and calls nobody: leave out blocking, or add calls", s.Name)
		}
		for _, c := range s.calls() {
			if err := g.checkCall(&s, c); err != nil {
				return err
			}
		}
	}
	if circle := g.circle(); circle != nil {
		return fmt.Errorf("services call each other in a circle: %s: leave out one of the calls", strings.Join(circle, " -> "))
	}
	switch paths := g.paths(g.Services[0].Name); {
	case overStore && paths == 0:
		return fmt.Errorf("no path leads from service %s to the model: add %s to the calls of one of the services, or leave out the model", g.Services[0].Name, Store)
	case paths > 1:
		return fmt.Errorf("%d paths lead from service %s to the store, so that a write would go there more than once: leave out all but one of the calls", paths, g.Services[0].Name)
	case !overStore && paths > 0:
		return fmt.Errorf("a service calls the %s, but there is no model: add one, such as model: raft", Store)
	}
	return nil
}

func (g *Graph) checkCall(s *Service, c *Call) error {
	switch {
	case c.To != Store && g.find(c.To) == nil:
		return fmt.Errorf("service %s calls %s, which is not among the services: name one of %s or %s", s.Name, c.To, strings.Join(g.names(), ", "), Store)
	case c.Refresh > 0 && g.carries(c):
		return fmt.Errorf("service %s calls %s every %v instead of for each request, but that call carries the operation to the store: leave out refresh", s.Name, c.To, c.Refresh)
	case c.Refresh > 0 && c.Cache > 0:
		return fmt.Errorf("service %s has both refresh and cache for its call to %s: leave out one of them", s.Name, c.To)
	case c.Optional && g.carries(c):
		return fmt.Errorf("service %s cannot do without its call to %s, which carries the operation to the store: leave out optional; cache with stale keeps old answers", s.Name, c.To)
	case c.Share > 0 && c.Refresh > 0:
		return fmt.Errorf("service %s calls %s every %v, for no request in particular: leave out share, or refresh", s.Name, c.To, c.Refresh)
	case c.Share > 0 && g.carries(c):
		return fmt.Errorf("service %s calls %s for a share of the requests, but that call carries the operation to the store: leave out share", s.Name, c.To)
	case c.Cache == 0 && (c.Coalesce || c.Stale):
		return fmt.Errorf("service %s keeps no answers of %s: give cache.for a time", s.Name, c.To)
	}
	return nil
}

// calls lists the calls of a service, stage by stage.
func (s *Service) calls() []*Call {
	var all []*Call
	for _, stage := range s.Stages {
		for i := range stage {
			all = append(all, &stage[i])
		}
	}
	return all
}

// Follows reports whether any call follows a policy of which is reports true.
func (g *Graph) Follows(is func(*policy.Policy) bool) bool {
	for i := range g.Services {
		if slices.ContainsFunc(g.Services[i].calls(), func(c *Call) bool { return is(&c.Policy) }) {
			return true
		}
	}
	return false
}

func (g *Graph) find(name string) *Service {
	i := slices.IndexFunc(g.Services, func(s Service) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	return &g.Services[i]
}

func (g *Graph) names() []string {
	var names []string
	for _, s := range g.Services {
		names = append(names, s.Name)
	}
	return names
}

// circle returns services that call each other in a circle, or nil.
func (g *Graph) circle() []string {
	for _, s := range g.Services {
		if path := g.back(s.Name, []string{s.Name}); path != nil {
			return path
		}
	}
	return nil
}

// back returns the path extended by calls that lead back to its beginning.
func (g *Graph) back(to string, path []string) []string {
	for _, c := range g.callsOf(path[len(path)-1]) {
		if c.To == to {
			return append(path, to)
		}
		if !slices.Contains(path, c.To) {
			if found := g.back(to, append(slices.Clip(path), c.To)); found != nil {
				return found
			}
		}
	}
	return nil
}

func (g *Graph) callsOf(name string) []*Call {
	if s := g.find(name); s != nil {
		return s.calls()
	}
	return nil
}

// paths counts the paths from a service to the store. There must be no circle.
func (g *Graph) paths(from string) int {
	if from == Store {
		return 1
	}
	n := 0
	for _, c := range g.callsOf(from) {
		n += g.paths(c.To)
	}
	return n
}

// carries reports whether a call carries the operation to the store.
func (g *Graph) carries(c *Call) bool {
	seen := []string{c.To}
	for i := 0; i < len(seen); i++ {
		if seen[i] == Store {
			return true
		}
		for _, next := range g.callsOf(seen[i]) {
			if !slices.Contains(seen, next.To) {
				seen = append(seen, next.To)
			}
		}
	}
	return false
}

// Nodes returns how many replicas all services have together.
func (g *Graph) Nodes() int {
	n := 0
	for _, s := range g.Services {
		n += s.Replicas
	}
	return n
}

// Of returns the service of the i-th replica of all services, and the place of that replica in it.
func (g *Graph) Of(i int) (s *Service, place int) {
	for j := range g.Services {
		s = &g.Services[j]
		if i < s.Replicas {
			return s, i
		}
		i -= s.Replicas
	}
	panic(fmt.Sprintf("service: replica %d of %d", i, g.Nodes()))
}

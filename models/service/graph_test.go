package service

import (
	"strings"
	"testing"

	"faultline/sim"
)

// graph makes a graph of one line for each service: "front: auth, a+b, store". A
// call may have marks: ? optional.
func graph(lines ...string) *Graph {
	g := &Graph{}
	for _, line := range lines {
		name, rest, _ := strings.Cut(line, ":")
		s := Service{Name: name, Replicas: 2}
		for _, stage := range strings.Fields(rest) {
			var calls []Call
			for _, to := range strings.Split(stage, "+") {
				plain := strings.TrimSuffix(to, "?")
				calls = append(calls, Call{To: plain, Optional: plain != to})
			}
			s.Stages = append(s.Stages, calls)
		}
		g.Services = append(g.Services, s)
	}
	return g
}

func TestMistakesInGraphsAreNamed(t *testing.T) {
	for _, c := range []struct {
		graph *Graph
		store bool
		says  string // empty: nothing is wrong
	}{
		{graph("front:"), false, ""},
		{graph("front: auth store", "auth:"), true, ""},
		{graph("front: a+b c", "a: c", "b: c", "c:"), false, ""},
		{graph("front: auht", "auth:"), false, "auht, which is not among the services"},
		{graph("front: a", "a: b", "b: a"), false, "in a circle: a -> b -> a"},
		{graph("front: front"), false, "front -> front"},
		{graph("front:"), true, "no path leads from service front to the model"},
		{graph("front: store"), false, "there is no model"},
		{graph("front: a+b", "a: store", "b: store"), true, "2 paths"},
		{graph("front: store store"), true, "2 paths"},
		{graph("front: a?", "a: store"), true, "cannot do without its call to a"},
		{graph("store:"), false, "give it another name"},
		{&Graph{Services: []Service{{Name: "front", Replicas: 2, Shard: 3}}}, false, "shards of 3 of its 2 replicas"},
		{&Graph{Services: []Service{{Name: "front", Replicas: 2}, {Name: "a", Replicas: 2, Shard: 1}}}, false, ""},
		{&Graph{Services: []Service{{Name: "front", Replicas: 2}, {Name: "a", Replicas: 2, Shard: 3}}}, false, "a has shards of 3 of its 2 replicas"},
		{&Graph{Services: []Service{{Name: "front", Replicas: 2, Server: &sim.Server{Blocking: true}}}}, false, "calls nobody"},
		{&Graph{Services: []Service{{Name: "front", Replicas: 2, Stages: [][]Call{{{To: Store, Share: 0.5}}}}}}, true, "leave out share"},
		{&Graph{Services: []Service{{Name: "front", Replicas: 2, Stages: [][]Call{{{To: "a", Share: 0.5, Refresh: 1}}}}, {Name: "a", Replicas: 1}}}, false, "for no request in particular"},
		{&Graph{Services: []Service{{Name: "front", Replicas: 2, Stages: [][]Call{{{To: Store, Refresh: 1}}}}}}, true, "leave out refresh"},
		{&Graph{Services: []Service{{Name: "front", Replicas: 2, Stages: [][]Call{{{To: "a", Stale: true}}}}, {Name: "a", Replicas: 1}}}, false, "keeps no answers of a"},
	} {
		err := c.graph.Check(c.store)
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: error is %v, want one that says %q", c.graph, err, c.says)
		}
	}
}

// The chance that two clients share i of their k of n replicas is hypergeometric:
// C(k,i) C(n-k,k-i) / C(n,k) (shuffle sharding).
func TestShuffleShardsOverlapAsTheFormulaSays(t *testing.T) {
	const n, k, clients = 8, 2, 400
	g := &Graph{Services: []Service{{Name: "front", Replicas: n, Shard: k}}}
	w := &world{Graph: g}
	var hands [][]int
	for client := range clients {
		var h []int
		for _, id := range w.front(configOf(n), client) {
			h = append(h, int(id))
		}
		hands = append(hands, h)
	}
	var overlaps [k + 1]float64
	pairs := 0.0
	for i := range hands {
		for j := range i {
			same := 0
			for _, a := range hands[i] {
				for _, b := range hands[j] {
					if a == b {
						same++
					}
				}
			}
			overlaps[same]++
			pairs++
		}
	}
	for i, want := range []float64{15.0 / 28, 12.0 / 28, 1.0 / 28} {
		if got := overlaps[i] / pairs; got < 0.9*want || got > 1.1*want {
			t.Errorf("%d of %d replicas are shared by %.4f of the pairs of clients, by the formula %.4f", i, k, got, want)
		}
	}
}

// Cells have nobody in common, and each has its share of the clients.
func TestCells(t *testing.T) {
	w := &world{Graph: &Graph{Services: []Service{{Name: "front", Replicas: 6, Shard: 2, Cells: true}}}}
	count := map[int]int{}
	for client := range 30 {
		h := w.front(configOf(6), client)
		if len(h) != 2 || h[0]%2 != 0 || h[1] != h[0]+1 {
			t.Fatalf("client %d may ask %v", client, h)
		}
		count[int(h[0])]++
	}
	if count[0] != 10 || count[2] != 10 || count[4] != 10 {
		t.Errorf("clients by cell: %v", count)
	}
}

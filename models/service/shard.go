package service

import (
	"slices"

	"faultline/models/store"
	"faultline/sim"
)

// slots is how many shards keys are dealt to, where each has a choice of replicas of its own: a table of
// that size says where keys are. Cells have one slot each.
const slots = 1024

// A shard is what one caller knows of the replicas that serve some clients or keys.
type shard struct {
	number int
	view   store.View
}

// shardOf returns the number of the shard that serves a client, from 0, or a key.
func (s *Service) shardOf(client int, key string) int {
	n := client
	if s.ByKey {
		n = int(sim.NewStream(0, key).Uint64() % slots)
	}
	if s.Cells {
		return n % max(s.Replicas/s.Shard, 1)
	}
	return n
}

// members returns the replicas, of all of the service, that a shard has.
func (s *Service) members(all []sim.NodeID, number int) []sim.NodeID {
	if s.Cells {
		return all[number*s.Shard : (number+1)*s.Shard]
	}
	return hand(all, s.Shard, number)
}

// hand deals a client its own k of n nodes, the same in every run (shuffle
// sharding; MacCarthaigh, Amazon Builders' Library, 2019).
func hand(nodes []sim.NodeID, k, client int) []sim.NodeID {
	deck := slices.Clone(nodes)
	r := sim.NewStream(uint64(client), "shuffle sharding")
	r.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
	return deck[:k]
}

// Sharded returns the first service whose replicas are divided by key, or nil.
func (g *Graph) Sharded() *Service {
	i := slices.IndexFunc(g.Services, func(s Service) bool { return s.Shard > 0 && s.ByKey })
	if i < 0 {
		return nil
	}
	return &g.Services[i]
}

// ShardOfKey returns the number of the shard that serves a key, from 0, of a service that is divided by key.
func (s *Service) ShardOfKey(key string) int { return s.shardOf(0, key) }

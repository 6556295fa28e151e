package raft

import (
	"math"
	"time"

	etcd "go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/sim"
)

// A replica is one member: the library's node and what it needs around it. What
// it keeps is on disk in the journal; all else is lost in a crash.
type replica struct {
	cfg       store.Config
	id        uint64 // to the library: the place among the replicas, from 1, for it calls nobody 0
	heartbeat time.Duration
	every     uint64 // entries between snapshots; 0 is never
	window    time.Duration
	sessions  bool
	mutant    string

	node    *etcd.RawNode
	journal journal
	saving  saving
	state   *store.State
	applied uint64 // the index of the last entry in state
	arrived *snapshot

	role      etcd.StateType
	term      uint64
	leader    uint64
	leads     bool
	election  election
	age       int  // ticks since the start
	hasPast   bool // the disk was not empty then
	restoring bool // a snapshot from the leader is on its way to the disk: no time to stand for election

	taken     duplicates
	gathering []pb.Entry // requests of the group commit window, encoded
	gathered  []asked
	pending   []asked // what this leader proposed in its term, in the order of the log
	reads     reads
	transfers []int // ticks until a snapshot sent to a follower counts as lost, by its place

	ticker, window2, revival sim.TimerID
}

package raft

import (
	"fmt"

	etcd "go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"

	"faultline/sim"
)

// snapshots are what keeps the log short, and what a follower gets that lags
// behind the log's beginning.
type snapshots struct {
	every   uint64    // entries; 0 is never
	sent    []int     // ticks until one that was sent to a follower counts as lost, by its place
	arrived *snapshot // the latest from a leader
}

// compact replaces the applied part of the log by a snapshot, if it has grown long enough.
func (r *replica) compact(e sim.Env) {
	every := r.snapshots.every
	if every == 0 || r.applied < r.journal.applied()+every {
		return
	}
	state := r.state.Clone()
	r.journal.compact(&snapshot{r.applied, r.journal.term(r.applied), state, state.Size()})
	r.disk.Compact(e, r.journal.image())
}

// announced returns the snapshot that m, a MsgStorageAppend, says is to be installed, or nil.
func (r *replica) announced(m *pb.Message) *snapshot {
	index := m.GetSnapshot().GetMetadata().GetIndex()
	if index == 0 {
		return nil
	}
	snap := r.snapshots.arrived
	if snap == nil || snap.index != index {
		panic(fmt.Sprintf("raft: the library installs a snapshot at %d, but %v came", index, snap))
	}
	return snap
}

// restore makes the state that of a snapshot.
func (r *replica) restore(snap *snapshot) {
	r.state = snap.state.Clone()
	r.applied = snap.index
}

// giveUpTransfers tells the library which snapshots were probably lost. Until it
// hears of a snapshot again, it sends the follower nothing at all.
func (r *replica) giveUpTransfers() {
	for place, left := range r.snapshots.sent {
		if left == 0 {
			continue
		}
		r.snapshots.sent[place]--
		if left == 1 {
			r.node.ReportSnapshot(uint64(place)+1, etcd.SnapshotFailure)
		}
	}
}

package raft

import (
	etcd "go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"

	"faultline/models/store"
)

// A journal is the replica's log: on the simulated disk, to be found again after
// a crash, and in memory, where the library reads it (etcd.Storage). It begins
// after the latest snapshot's place, or some entries before it, so that a
// follower which lags by a little needs no snapshot.
type journal struct {
	voters  []uint64
	trail   uint64 // entries to keep before a snapshot
	hard    *pb.HardState
	snap    *snapshot
	before  *pb.Entry   // term and index of the entry before the first
	entries []*pb.Entry // consecutive
	found   bool        // the disk was not empty at the start
	records *store.Slab[record]
}

// A record is one write to the disk: what follows from it that is not nil.
type record struct {
	snap    *snapshot   // all that was written earlier is void
	before  *pb.Entry   // goes with snap
	entries []*pb.Entry // replace those with the same index and all later ones
	hard    *pb.HardState
	held    pb.HardState // what hard points to, if it is the record's own
}

// load takes up what the disk holds.
func (j *journal) load(records []any) {
	j.before = &pb.Entry{Index: new(uint64(0)), Term: new(uint64(0))}
	j.found = len(records) > 0
	for _, rec := range records {
		j.replay(rec.(*record))
	}
}

func (j *journal) replay(rec *record) {
	if rec.snap != nil {
		j.snap, j.before, j.entries = rec.snap, rec.before, nil
	}
	j.put(rec.entries)
	if rec.hard != nil {
		j.hard = rec.hard
	}
}

// put appends entries, replacing those with the same index and all later ones.
func (j *journal) put(entries []*pb.Entry) {
	if len(entries) == 0 {
		return
	}
	keep := entries[0].GetIndex() - j.before.GetIndex() - 1
	if keep > uint64(len(j.entries)) {
		panic(broken("a gap in the log"))
	}
	if keep < uint64(len(j.entries)) {
		j.entries = j.entries[:keep:keep] // the library may hold the rest
	}
	j.entries = append(j.entries, entries...)
}

// take adds what m, a MsgStorageAppend, holds to the journal; snap is the snapshot
// that it announces, or nil. It returns the record for the disk. One that only
// tells that more is committed need not go there: the next leader will say so again.
func (j *journal) take(m *pb.Message, snap *snapshot) *record {
	rec := j.records.New(record{entries: m.GetEntries()})
	if m.Term != nil {
		rec.hard = &rec.held
		rec.hard.Term, rec.hard.Vote, rec.hard.Commit = m.Term, m.Vote, m.Commit
	}
	if snap != nil {
		rec.snap, rec.before = snap, &pb.Entry{Index: new(snap.index), Term: new(snap.term)}
	}
	j.replay(rec)
	return rec
}

// compact replaces the log up to a snapshot of the replica's own, but for the trail.
func (j *journal) compact(snap *snapshot) {
	j.snap = snap
	if snap.index > j.before.GetIndex()+j.trail {
		cut := snap.index - j.trail - j.before.GetIndex()
		j.before = &pb.Entry{Index: j.entries[cut-1].Index, Term: j.entries[cut-1].Term}
		j.entries = append([]*pb.Entry(nil), j.entries[cut:]...)
	}
}

// image returns the whole journal as one record.
func (j *journal) image() *record {
	return &record{snap: j.snap, before: j.before, entries: append([]*pb.Entry(nil), j.entries...), hard: j.hard}
}

// applied returns the index up to which the state was restored from a snapshot.
func (j *journal) applied() uint64 {
	if j.snap == nil {
		return 0
	}
	return j.snap.index
}

// term returns the term of the entry at index, which must be there.
func (j *journal) term(index uint64) uint64 {
	if index == j.before.GetIndex() {
		return j.before.GetTerm()
	}
	return j.entries[index-j.before.GetIndex()-1].GetTerm()
}

// InitialState, Entries, Term, FirstIndex, LastIndex and Snapshot are what the library reads (etcd.Storage).
func (j *journal) InitialState() (*pb.HardState, *pb.ConfState, error) {
	return j.hard, j.members(), nil
}

func (j *journal) members() *pb.ConfState { return pb.EnsureConfState(&pb.ConfState{Voters: j.voters}) }

// Entries returns the entries from lo up to but not hi, and at least one, as far as maxSize bytes go.
func (j *journal) Entries(lo, hi, maxSize uint64) ([]*pb.Entry, error) {
	first := j.before.GetIndex() + 1
	if lo < first {
		return nil, etcd.ErrCompacted
	}
	if hi > first+uint64(len(j.entries)) {
		return nil, etcd.ErrUnavailable
	}
	found := j.entries[lo-first : hi-first]
	size := uint64(0)
	for i, entry := range found {
		size += uint64(entrySize + len(entry.GetData()))
		if size > maxSize && i > 0 {
			found = found[:i]
			break
		}
	}
	return found[:len(found):len(found)], nil // the library may append to it
}

// Term returns the term of the entry at index.
func (j *journal) Term(index uint64) (uint64, error) {
	switch last, _ := j.LastIndex(); {
	case index < j.before.GetIndex():
		return 0, etcd.ErrCompacted
	case index > last:
		return 0, etcd.ErrUnavailable
	}
	return j.term(index), nil
}

// FirstIndex returns the index of the first entry that is left.
func (j *journal) FirstIndex() (uint64, error) { return j.before.GetIndex() + 1, nil }

// LastIndex returns the index of the last entry.
func (j *journal) LastIndex() (uint64, error) {
	return j.before.GetIndex() + uint64(len(j.entries)), nil
}

// Snapshot returns what describes the latest snapshot; its state travels beside it, in a transfer.
func (j *journal) Snapshot() (*pb.Snapshot, error) {
	if j.snap == nil {
		return nil, etcd.ErrSnapshotTemporarilyUnavailable
	}
	return &pb.Snapshot{Metadata: &pb.SnapshotMetadata{
		Index: new(j.snap.index), Term: new(j.snap.term), ConfState: j.members(),
	}}, nil
}

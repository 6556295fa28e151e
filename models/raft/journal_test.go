package raft

import (
	"testing"

	pb "go.etcd.io/raft/v3/raftpb"
)

func entry(index, term uint64) *pb.Entry { return &pb.Entry{Index: new(index), Term: new(term)} }

// Later entries replace earlier ones of the same index and all behind them, and a
// snapshot voids what came before.
func TestJournalIsReplayedInOrder(t *testing.T) {
	hard := &pb.HardState{Term: new(uint64(3)), Vote: new(uint64(2)), Commit: new(uint64(2))}
	records := []any{
		&record{entries: []*pb.Entry{entry(1, 1), entry(2, 1), entry(3, 1)}},
		&record{entries: []*pb.Entry{entry(2, 2)}, hard: hard},
		&record{entries: []*pb.Entry{entry(3, 3)}},
	}
	var j journal
	j.load(records)
	for index, want := range []uint64{0, 1, 2, 3} {
		if got, err := j.Term(uint64(index)); got != want || err != nil {
			t.Errorf("entry %d has term %d (%v), want %d", index, got, err, want)
		}
	}
	if last, _ := j.LastIndex(); last != 3 || j.hard != hard {
		t.Errorf("last index %d, hard state %v", last, j.hard)
	}

	j = journal{}
	j.load(append(records, &record{snap: &snapshot{index: 9, term: 5}, before: entry(9, 5)}, &record{entries: []*pb.Entry{entry(10, 5)}}))
	first, _ := j.FirstIndex()
	last, _ := j.LastIndex()
	if first != 10 || last != 10 || j.applied() != 9 {
		t.Errorf("after a snapshot at 9 the log goes from %d to %d, applied %d", first, last, j.applied())
	}
}

package raft

import (
	"encoding/binary"
	"slices"
	"time"

	etcd "go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"

	"faultline/models/store"
	"faultline/sim"
)

// reads are the reads of a leader that do not go through the log (Ongaro's
// thesis, section 6.4). One round asks the library for a read index on behalf of
// all reads that came before it; those that come meanwhile wait for the next,
// because what this one confirms may be older than they are.
type reads struct {
	mode    string
	next    []asked // wait for the next round
	round   []asked // wait for the round under way
	number  uint64  // of the round
	began   sim.Time
	running bool
	ready   []readBatch // confirmed, but the state lacks entries yet
	spare   []asked     // of a batch that was answered; memory for the next
	asking  *store.Slab[question]
	req     *store.Request // the read that is answered

	// The lease of a clock_lease. The state at index has all that earlier leaders
	// acknowledged, and what this one acknowledges it has applied.
	span  time.Duration
	until sim.Time // by the replica's own clock
	index uint64
}

// A question is what a round asks of the library, in one piece: the library keeps
// it until the round is over or the leadership is lost.
type question struct {
	msg     pb.Message
	entry   pb.Entry
	entries [1]*pb.Entry
	number  [8]byte
}

// ask asks the library for a read index, as RawNode.ReadIndex does.
func (q *question) ask(node *etcd.RawNode, number uint64) {
	binary.LittleEndian.PutUint64(q.number[:], number)
	q.entry.Data, q.entries[0] = q.number[:], &q.entry
	q.msg.Type, q.msg.Entries = &typeReadIndex, q.entries[:]
	must(node.Step(&q.msg))
}

// A readBatch are reads that may be answered once the entry at index is applied.
type readBatch struct {
	index uint64
	reads []asked
}

// leaseSpan returns for how long after a heartbeat was sent nobody who answered
// it votes for another. A follower's timeout of n ticks may begin just before a
// tick, so it is one tick shorter, and its oscillator may be fast while the
// leader's clock is slow.
func leaseSpan(timeout, tick time.Duration, ppm int) time.Duration {
	const million = 1_000_000
	span := timeout - timeout%tick - tick
	return span / million * time.Duration(million-ppm)
}

// read answers a read at the leader, now or after a round.
func (r *replica) read(e sim.Env, a asked) {
	rs := &r.reads
	if rs.mode == readClockLease && e.Clock() < rs.until && r.applied >= rs.index {
		r.answerRead(e, a)
		return
	}
	rs.next = append(rs.next, a)
	if !rs.running {
		r.askRound(e)
	}
}

// askRound starts a round for all reads that wait.
func (r *replica) askRound(e sim.Env) {
	rs := &r.reads
	rs.running = true
	rs.number++
	rs.began = e.Clock()
	rs.round, rs.next, rs.spare = rs.next, rs.spare[:0], nil
	rs.asking.New(question{}).ask(r.node, rs.number)
	r.fed = true
	r.unsettle(e)
}

// confirm takes in the read indexes that the library reports.
func (r *replica) confirm(e sim.Env, states []etcd.ReadState) {
	rs := &r.reads
	for _, st := range states {
		if !rs.running || binary.LittleEndian.Uint64(st.RequestCtx) != rs.number {
			continue // of a leadership that was lost
		}
		rs.running = false
		rs.ready = append(rs.ready, readBatch{st.Index, rs.round})
		rs.until, rs.index = rs.began.Add(rs.span), st.Index
		if len(rs.next) > 0 {
			r.askRound(e)
		}
	}
	r.answerReady(e)
}

// answerReady answers the confirmed reads for which the state is new enough.
func (r *replica) answerReady(e sim.Env) {
	rs := &r.reads
	for len(rs.ready) > 0 && rs.ready[0].index <= r.applied {
		for _, a := range rs.ready[0].reads {
			r.answerRead(e, a)
		}
		rs.spare = rs.ready[0].reads
		rs.ready = slices.Delete(rs.ready, 0, 1)
	}
}

func (r *replica) answerRead(e sim.Env, a asked) {
	req := r.reads.req
	req.ID, req.Key = a.id, a.key
	e.Send(a.from, r.state.Read(req))
}

// dropReads refuses all reads when the leadership is lost, and ends the lease.
func (r *replica) dropReads(e sim.Env) {
	rs := &r.reads
	for _, batch := range rs.ready {
		r.refuse(e, batch.reads)
	}
	r.refuse(e, rs.round)
	r.refuse(e, rs.next)
	rs.ready, rs.round, rs.next = nil, nil, nil
	rs.running, rs.until = false, 0
}

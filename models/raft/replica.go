package raft

import (
	"errors"
	"math"
	"time"

	etcd "go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/sim"
)

// A replica is one member: the library's node and what it needs around it. The
// journal is on disk; all else is lost in a crash.
type replica struct {
	cfg      store.Config
	id       uint64 // to the library: the place among the replicas, from 1, for there nobody is 0
	tickTime time.Duration
	stands   bool // for election, if it hears no leader

	node    *etcd.RawNode // nil after it found its own log broken
	journal journal
	disk    store.Journal[*pb.Message]
	state   *store.State
	applied uint64 // the index of the last entry in state

	role     etcd.StateType
	term     uint64
	commit   uint64
	leader   uint64 // 0 if unknown
	election election
	quiet    quiet
	ticker   sim.TimerID
	age      int       // ticks since the start
	rejected rejection // the last one in this tick

	settling  sim.TimerID // zero if the library has nothing new to ask for
	fed       bool        // the library was told something since it was last asked what to do
	heardIn   uint64      // the latest term of a message from a leader
	proposals proposals
	reads     reads
	snapshots snapshots
	revival   sim.TimerID
	decoder   decoder
	replies   *store.Slab[store.Reply]
}

func newReplica(cfg store.Config, id sim.NodeID) *replica {
	r := new(replica)
	r.reset(cfg, id)
	return r
}

// reset makes r what a replica is before its start.
func (r *replica) reset(cfg store.Config, id sim.NodeID) {
	tick, patience := tickOf(cfg), cfg.Duration("election_timeout")
	*r = replica{
		cfg: cfg, id: uint64(cfg.Index(id)) + 1, tickTime: tick, stands: stands(cfg, id),
		election: election{timeout: int(patience / tick), spread: int(spreadOf(cfg) / tick), fresh: cfg.Bool("fresh_after_loss")},
		proposals: proposals{
			window: cfg.Duration("batch"), taken: duplicates{},
			sessions: cfg.Bool("sessions") && cfg.Mutant != "no-sessions",
		},
		reads:     reads{mode: cfg.Choice("reads"), span: leaseSpan(patience, tick, cfg.Int("max_drift"))},
		snapshots: snapshots{every: uint64(cfg.Int("snapshot_every")), sent: make([]int, len(cfg.Replicas))},
	}
	r.decoder, r.replies = newDecoder(cfg), store.SlabOf[store.Reply](cfg)
	r.disk = store.NewJournal(true, r)
	r.journal.records = store.SlabOf[record](cfg)
	r.quiet.replies = store.SlabOf[message](cfg)
	r.reads.asking, r.reads.req = store.SlabOf[question](cfg), cfg.Request()
	for i := range cfg.Replicas {
		r.journal.voters = append(r.journal.voters, uint64(i)+1)
	}
	r.journal.trail = r.snapshots.every / 2
}

// Start goes on from the journal: the state of the latest snapshot, and the
// entries after it, which are applied again as they prove to be committed.
func (r *replica) Start(e sim.Env) {
	defer r.guard(e)
	r.journal.load(r.disk.Records(e))
	if r.cfg.Mutant == "forget-vote" {
		r.journal.hard = &pb.HardState{Commit: new(r.journal.hard.GetCommit())}
	}
	r.term, r.commit = r.journal.hard.GetTerm(), r.journal.hard.GetCommit()
	r.state = store.NewState()
	if snap := r.journal.snap; snap != nil {
		r.restore(snap)
	}
	r.proposals.number = e.Rand().Uint64() // not those of an earlier life or of another replica
	r.election.restart(e.Rand())
	r.ticker = e.After(time.Duration(e.Rand().IntN(int(r.tickTime)))) // replicas do not tick in step
	r.node = r.newNode()
}

// The library's limits, which are etcd's.
const (
	maxMessageSize = 1 << 20 // bytes of entries in one message
	maxInflight    = 512     // messages sent ahead of the answers
)

func (r *replica) newNode() *etcd.RawNode {
	lease := etcd.ReadOnlySafe
	if r.reads.mode == readLease {
		lease = etcd.ReadOnlyLeaseBased
	}
	node, err := etcd.NewRawNode(&etcd.Config{
		ID: r.id, Storage: &r.journal, Applied: r.applied,
		ElectionTick: r.election.timeout, HeartbeatTick: int(r.cfg.Duration("heartbeat") / r.tickTime),
		PreVote: r.cfg.Bool("prevote"), CheckQuorum: r.cfg.Bool("check_quorum"), ReadOnlyOption: lease,
		AsyncStorageWrites: true, DisableProposalForwarding: true,
		MaxSizePerMsg: maxMessageSize, MaxCommittedSizePerReady: math.MaxUint64, MaxInflightMsgs: maxInflight,
		Logger: silent{},
	})
	must(err)
	return node
}

func (r *replica) Receive(e sim.Env, from sim.NodeID, msg any) {
	defer r.guard(e)
	switch m := msg.(type) {
	case *message:
		r.step(e, from, (*pb.Message)(m))
	case *transfer:
		r.snapshots.arrived = m.snap
		r.step(e, from, m.msg)
	case *store.Request:
		r.request(e, from, m)
	}
}

func (r *replica) Timer(e sim.Env, t sim.TimerID) {
	defer r.guard(e)
	switch t {
	case r.settling:
		r.settle(e)
	case r.ticker:
		r.tick(e)
	case r.disk.Syncing():
		r.disk.Synced(e)
		r.settle(e)
	case r.proposals.timer:
		r.propose(e)
	case r.revival:
		r.reset(r.cfg, e.Self())
		r.Start(e)
	}
}

// step hands a message from another replica to the library.
func (r *replica) step(e sim.Env, from sim.NodeID, m *pb.Message) {
	if r.node == nil || r.answerBeat(e, from, m) || r.tooYoung(m) {
		return
	}
	r.quiet.catchUp(r.node)
	must(r.node.Step(m))
	r.hear(m)
	r.unsettle(e)
}

// unsettle has settle called at this instant, once all that arrives in it was handed to the library.
func (r *replica) unsettle(e sim.Env) {
	if r.settling == 0 {
		r.settling = e.After(0)
	}
}

// settle does what the library asks for, until it asks for nothing more. Votes
// and acknowledgements of entries are the responses of a MsgStorageAppend, and
// wait for the disk; other messages need not, so that entries are on their way
// to the followers while the leader's own disk still works (thesis, 10.2.1).
func (r *replica) settle(e sim.Env) {
	e.Cancel(r.settling)
	r.settling = 0
	r.answerOwed(e)
	for r.fed = true; r.fed && r.node.HasReady(); { // to ask in vain takes it four allocations
		r.fed = false
		rd := r.node.Ready()
		r.observe(e, &rd)
		for _, m := range rd.Messages {
			switch m.GetTo() {
			case etcd.LocalAppendThread:
				r.save(e, m, rd.MustSync)
			case etcd.LocalApplyThread:
				r.apply(e, m)
			default:
				r.send(e, m)
			}
		}
		r.confirm(e, rd.ReadStates)
	}
	r.heard()
	r.compact(e)
}

func (r *replica) send(e sim.Env, m *pb.Message) {
	if r.quiet.repeats(m) || r.storms(m) {
		return
	}
	place := m.GetTo() - 1
	to := r.cfg.Replicas[place]
	if m.GetType() == pb.MsgSnap {
		r.snapshots.sent[place] = r.election.timeout
		e.Send(to, &transfer{m, r.journal.snap})
		return
	}
	e.Send(to, (*message)(m))
}

// deliver sends the responses of a MsgStorageAppend on their way.
func (r *replica) deliver(e sim.Env, responses []*pb.Message) {
	for _, m := range responses {
		if m.GetTo() == r.id {
			must(r.node.Step(m))
			r.fed = true
		} else {
			r.send(e, m)
		}
	}
}

// apply brings committed entries to the state machine.
func (r *replica) apply(e sim.Env, m *pb.Message) {
	for _, entry := range m.GetEntries() {
		r.applied = entry.GetIndex()
		if len(entry.GetData()) > 0 { // a new leader begins with an empty entry
			number, req := r.decoder.decode(entry.GetData())
			r.answer(e, number, r.state.Apply(req, history.Version{Major: int64(entry.GetTerm()), Minor: int64(entry.GetIndex())}))
		}
	}
	r.deliver(e, m.GetResponses())
	r.answerReady(e)
}

// leads reports whether the replica believes that it leads.
func (r *replica) leads() bool { return r.node != nil && r.role == etcd.StateLeader }

// Leads reports whether the replica believes that it leads.
func (r *replica) Leads() bool { return r.leads() }

// Dump calls visit for every key in the replica's state.
func (r *replica) Dump(visit func(key string, v history.Value)) { r.state.Dump(visit) }

// hint returns the leader's address, or None if it is unknown.
func (r *replica) hint() sim.NodeID {
	if r.leader == etcd.None {
		return sim.None
	}
	return r.cfg.Replicas[r.leader-1]
}

// revivalDelay is how long a supervisor waits before it starts a replica again that gave up.
const revivalDelay = time.Second

// guard ends a replica whose log or a message to it cannot be right: its disk
// came back empty, or had lied. A real one would stop here, for good or in a
// loop of restarts. So does this one: it forgets everything, and tries the disk
// again after a while. After a change of leaders that may succeed, for only the
// old leader remembers what the replica had once stored.
func (r *replica) guard(e sim.Env) {
	switch p := recover().(type) {
	case nil:
	case broken:
		e.Cancel(r.ticker)
		e.Cancel(r.settling)
		e.Cancel(r.proposals.timer)
		*r = replica{cfg: r.cfg, state: r.state, revival: e.After(revivalDelay)}
	default:
		panic(p)
	}
}

// must panics on an error that only a bug of this package can cause.
func must(err error) {
	if err != nil && !errors.Is(err, etcd.ErrProposalDropped) {
		panic(err)
	}
}

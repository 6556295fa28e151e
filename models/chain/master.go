package chain

import (
	"slices"
	"time"

	"faultline/models/store"
	"faultline/sim"
)

// A master decides who stands in the row. What it decided survives its crashes;
// while it is down the row stays as it is, and the tail's lease runs out.
type master struct {
	cfg      store.Config
	failover int           // in ticks
	guard    time.Duration // how long a lease may last at most, on the master's own oscillator
	config   *config       // durable and announced
	next     *config       // on its way to the disk; nil if none is
	sync     sim.TimerID
	ticks    int
	members  []member // by index of the replica
}

// A member is what the master knows of a replica.
type member struct {
	heard  int         // tick of its last ping
	held   int         // tick of its last ping that said that it holds a history
	wiped  int         // tick of its last ping that said, in this epoch, that it holds none
	formed bool        // it has held one since the history began
	sound  bool        // it holds every acknowledged write: it caught up as a member
	ready  bool        // as the joiner it has caught up
	lease  sim.TimerID // set while it may hold a lease
}

// A decision is a configuration in the master's journal, and who was sound then.
type decision struct {
	config *config
	sound  []bool
}

// guardOf returns for how long the master must respect a lease. The tail counts
// it on an oscillator that may be slow, the master waits on one that may be fast:
// a quarter more is enough if neither is wrong by more than a ninth.
func guardOf(lease time.Duration) time.Duration { return lease + lease/4 }

func newMaster(cfg store.Config) *master {
	return &master{
		cfg: cfg, failover: ticks(cfg, cfg.Duration("failover")), guard: guardOf(cfg.Duration("lease")),
		config: &config{joiner: sim.None}, members: make([]member, len(cfg.Replicas)),
	}
}

// Start takes up the last decision, or makes the first: all stand in the row, with nothing.
func (m *master) Start(e sim.Env) {
	e.After(m.cfg.Duration("heartbeat"))
	last, ok := m.replay(e)
	if !ok {
		for i := range m.members {
			m.members[i].sound = true
		}
		m.decide(e, &config{epoch: 1, origin: 1, chain: m.cfg.Replicas, joiner: sim.None})
		return
	}
	m.config = last.config
	for i := range m.members {
		m.members[i].sound, m.members[i].formed = last.sound[i], true
		m.members[i].lease = e.After(m.guard) // it may hold one from before the crash
	}
}

func (m *master) replay(e sim.Env) (last decision, ok bool) {
	for _, record := range e.Disk().Records() {
		if d, whole := record.(decision); whole {
			last, ok = d, true
		}
	}
	return last, ok
}

func (m *master) Receive(e sim.Env, from sim.NodeID, msg any) {
	if p, ok := msg.(ping); ok {
		m.pinged(e, from, p)
	}
}

// pinged notes how a replica is, and grants the tail a lease: but not while a
// decision is on its way to the disk, which may be to leave it out.
func (m *master) pinged(e sim.Env, from sim.NodeID, p ping) {
	who := &m.members[m.cfg.Index(from)]
	who.heard = m.ticks
	grant := false
	if p.empty && p.epoch == m.config.epoch {
		who.wiped = m.ticks
	}
	if !p.empty {
		who.held, who.formed = m.ticks, true
		if m.next == nil && p.epoch == m.config.epoch {
			m.note(who, from, p)
		}
		grant = m.next == nil && m.config.epoch > 0 && m.config.tail() == from
	}
	if grant {
		e.Cancel(who.lease)
		who.lease = e.After(m.guard)
	}
	e.Send(from, pong{p.number, m.config, grant, who.formed})
}

// note learns whether a replica has caught up in this epoch.
func (m *master) note(who *member, id sim.NodeID, p ping) {
	member := m.config.place(id) >= 0
	who.sound = who.sound || member && p.linked
	who.ready = m.config.joiner == id && p.linked
}

func (m *master) Timer(e sim.Env, t sim.TimerID) {
	switch {
	case t == m.sync:
		m.announce(e)
	case m.expired(t):
	default:
		m.ticks++
		m.review(e)
		e.After(m.cfg.Duration("heartbeat"))
	}
}

func (m *master) expired(t sim.TimerID) bool {
	for i := range m.members {
		if m.members[i].lease == t {
			m.members[i].lease = 0
			return true
		}
	}
	return false
}

// review decides anew if somebody failed, recovered or caught up.
func (m *master) review(e sim.Env) {
	if m.next != nil || m.config.epoch == 0 {
		return
	}
	if m.lost() {
		m.beginAnew(e)
		return
	}
	next := &config{epoch: m.config.epoch + 1, origin: m.config.origin, chain: m.survivors(), joiner: m.config.joiner}
	if !m.anySound(next.chain) {
		return // wait: only they have all that was acknowledged
	}
	m.admit(next)
	if !slices.Equal(next.chain, m.config.chain) || next.joiner != m.config.joiner {
		m.decide(e, next)
	}
}

// survivors returns the chain without those who failed. One that may hold a lease stays.
func (m *master) survivors() []sim.NodeID {
	var chain []sim.NodeID
	for _, id := range m.config.chain {
		if who := m.member(id); m.alive(id) || who.lease != 0 {
			chain = append(chain, id)
		}
	}
	return chain
}

// alive reports whether a replica was heard of lately: of one in the chain, that
// it still holds the history, and has not lost its disk.
func (m *master) alive(id sim.NodeID) bool {
	who := m.member(id)
	if m.config.place(id) >= 0 {
		return m.ticks-who.held <= m.failover
	}
	return m.ticks-who.heard <= m.failover
}

// anySound reports whether a chain has a member that holds every acknowledged
// write. A tail that was added and has not caught up with its epoch does not.
func (m *master) anySound(chain []sim.NodeID) bool {
	return slices.ContainsFunc(chain, func(id sim.NodeID) bool { return m.member(id).sound })
}

// admit makes a joiner that has caught up the tail, and finds the next joiner.
func (m *master) admit(next *config) {
	if j := next.joiner; j != sim.None && m.member(j).ready && m.alive(j) {
		next.chain = append(next.chain, j)
		next.joiner = sim.None
	}
	if j := next.joiner; j != sim.None && m.alive(j) {
		return
	}
	next.joiner = sim.None
	for _, id := range m.cfg.Replicas {
		if !slices.Contains(next.chain, id) && m.config.place(id) < 0 && m.alive(id) {
			next.joiner = id
			return
		}
	}
}

// lost reports whether every disk that held all acknowledged writes is known to be
// empty. Only what was said in this epoch counts: an older ping, delayed, may be of
// a replica that had been left out.
func (m *master) lost() bool {
	for _, id := range m.config.chain {
		who := m.member(id)
		if who.sound && who.wiped <= who.held {
			return false
		}
	}
	return true
}

// beginAnew starts an empty history: there is no other left, and no service is worse.
func (m *master) beginAnew(e sim.Env) {
	next := &config{epoch: m.config.epoch + 1, joiner: sim.None}
	next.origin = next.epoch
	for i, id := range m.cfg.Replicas {
		who := &m.members[i]
		who.sound, who.formed = m.ticks-who.heard <= m.failover, false
		if who.sound {
			who.held = m.ticks // it shall have time to hear of it
			next.chain = append(next.chain, id)
		}
	}
	m.decide(e, next)
}

// decide makes a configuration durable; then it is announced.
func (m *master) decide(e sim.Env, next *config) {
	d := decision{next, make([]bool, len(m.members))}
	for i := range m.members {
		who := &m.members[i]
		who.ready, who.wiped = false, 0
		// New in the chain, or out of it: not sound until heard of in it.
		stays := m.config.place(m.cfg.Replicas[i]) >= 0 || next.epoch == next.origin
		who.sound = who.sound && stays && next.place(m.cfg.Replicas[i]) >= 0
		d.sound[i] = who.sound
	}
	m.next = next
	e.Disk().Checkpoint(d)
	m.sync = e.Disk().Sync()
}

func (m *master) announce(e sim.Env) {
	m.config, m.next, m.sync = m.next, nil, 0
	for _, id := range m.cfg.Replicas {
		e.Send(id, install{m.config})
	}
}

func (m *master) member(id sim.NodeID) *member { return &m.members[m.cfg.Index(id)] }

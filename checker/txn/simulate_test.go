package txn

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"

	"faultline/checker/history"
)

// A database is simulated: clients run transactions against it, one step of one of
// them at a time, so that they interleave at random.
type database struct {
	isolation isolation
	registers bool // else lists
	clients   int
	txns      int
	active    int // keys in use at a time
	perKey    int // writes to a key before another takes its place
	length    int // most operations of a transaction
	fail      int // percent of commits that fail for no reason
	crash     int // percent of commits of which the client learns nothing

	rng     *rand.Rand
	now     history.Time
	keys    []string // in use
	used    []int    // writes of each
	fresh   int
	value   int64
	state   map[string][]version
	done    []history.Transaction
	process int
}

// An isolation is what a database keeps.
type isolation int

const (
	strictly   isolation = iota // it validates reads and writes at commit
	lagging                     // and who only reads may read from a past state
	snapshots                   // it validates writes at commit
	committed                   // it reads what is committed, and validates nothing
	unprepared                  // it writes at once
)

// A version of a key, and when it was committed.
type version struct {
	value history.Value
	at    history.Time
}

// A running transaction of a client.
type running struct {
	process int
	t       history.Transaction
	at      int          // the next operation
	began   history.Time // its snapshot
	wrote   map[string]history.Value
}

func (d *database) run() []history.Transaction {
	d.state = map[string][]version{}
	for len(d.keys) < d.active {
		d.newKey(len(d.keys))
	}
	clients := make([]running, d.clients)
	for i := range clients {
		clients[i].process = d.newProcess()
		clients[i].t.Client = i
		d.begin(&clients[i])
	}
	for len(d.done) < d.txns {
		d.now += 1 + history.Time(d.rng.IntN(1000))
		c := &clients[d.rng.IntN(len(clients))]
		switch {
		case c.at < 0:
			d.begin(c)
		case c.at < len(c.t.Ops):
			d.operate(c)
		default:
			d.commit(c)
		}
	}
	slices.SortStableFunc(d.done, func(x, y history.Transaction) int { return cmp.Compare(x.Call, y.Call) })
	return d.done
}

func (d *database) newProcess() int {
	d.process++
	return d.process
}

func (d *database) newKey(at int) {
	d.fresh++
	if at == len(d.keys) {
		d.keys, d.used = append(d.keys, ""), append(d.used, 0)
	}
	d.keys[at], d.used[at] = fmt.Sprint("k", d.fresh), 0
}

func (d *database) begin(c *running) {
	c.t = history.Transaction{Client: c.t.Client, Process: c.process, Call: d.now}
	c.at, c.began, c.wrote = 0, d.now, map[string]history.Value{}
	reads := d.rng.IntN(3) == 0 // nothing but reads
	for range 1 + d.rng.IntN(d.length) {
		k := d.rng.IntN(len(d.keys))
		op := history.Micro{Key: d.keys[k]}
		if !reads && d.rng.IntN(2) == 0 {
			op.Kind = history.Append
			if d.registers {
				op.Kind = history.Write
			}
			d.value++
			op.Value = history.Num(d.value)
			if d.used[k]++; d.used[k] >= d.perKey {
				d.newKey(k)
			}
		}
		c.t.Ops = append(c.t.Ops, op)
	}
	if reads && d.isolation == lagging {
		c.began -= history.Time(d.rng.IntN(3000 * d.clients))
	}
}

func (d *database) operate(c *running) {
	op := &c.t.Ops[c.at]
	c.at++
	v := d.look(c, op.Key)
	switch op.Kind {
	case history.Read:
		op.Value = v
		return
	case history.Write:
		v = op.Value
	default:
		v = history.Value{List: append(v.List[:len(v.List):len(v.List)], op.Value.Num)}
	}
	c.wrote[op.Key] = v
	if d.isolation == unprepared {
		d.state[op.Key] = append(d.state[op.Key], version{v, d.now})
	}
}

// look returns what a transaction sees of a key.
func (d *database) look(c *running, key string) history.Value {
	states := d.state[key]
	if mine, ok := c.wrote[key]; ok && d.isolation != unprepared {
		return mine
	}
	for i := len(states) - 1; i >= 0; i-- {
		if d.isolation >= committed || states[i].at <= c.began {
			return states[i].value
		}
	}
	return history.Value{}
}

func (d *database) commit(c *running) {
	c.t.Return, c.t.Status = d.now, history.OK
	fails := d.conflicts(c) || d.rng.IntN(100) < d.fail
	lost := d.rng.IntN(100) < d.crash
	if fails {
		c.t.Status = history.Failed
	}
	if lost {
		c.t.Status, c.t.Return = history.Unknown, history.Never
	}
	if !fails && d.isolation != unprepared {
		d.apply(c)
	}
	d.done = append(d.done, c.t)
	c.at = -1
	if lost {
		c.process = d.newProcess()
	}
}

// conflicts reports whether the database must refuse a commit.
func (d *database) conflicts(c *running) bool {
	if d.isolation >= committed {
		return false
	}
	if len(c.wrote) == 0 && d.isolation == lagging {
		return false // it was as of a past instant
	}
	for _, op := range c.t.Ops {
		if op.Kind == history.Read && d.isolation == snapshots {
			continue
		}
		if s := d.state[op.Key]; len(s) > 0 && s[len(s)-1].at > c.began {
			return true
		}
	}
	return false
}

func (d *database) apply(c *running) {
	applied := map[string]bool{}
	for _, op := range c.t.Ops {
		s := d.state[op.Key]
		v := op.Value
		switch {
		case op.Kind == history.Read:
			continue
		case op.Kind == history.Append:
			v = history.Value{}
			if len(s) > 0 {
				v = s[len(s)-1].value
			}
			v = history.Value{List: append(v.List[:len(v.List):len(v.List)], op.Value.Num)}
		}
		if applied[op.Key] {
			s[len(s)-1].value = v
			continue
		}
		applied[op.Key] = true
		d.state[op.Key] = append(s, version{v, d.now})
	}
}

// simulated is a database with lists and keys that come and go, as in Elle's own workload.
func simulated(i isolation, txns, clients int, seed uint64) *database {
	return &database{
		isolation: i, clients: clients, txns: txns, active: 10, perKey: 100, length: 6, fail: 1, crash: 1,
		rng: rand.New(rand.NewPCG(seed, 7)),
	}
}

// load is its history.
func load(i isolation, txns, clients int, seed uint64) []history.Transaction {
	return simulated(i, txns, clients, seed).run()
}

package transfer

import (
	"slices"
	"time"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/sim"
)

// A bank holds accounts. It does what it is asked for once, however often it is asked.
type bank struct {
	store.Steps
	debits      bool // it is the one that takes
	blind       bool // it refunds as often as it is asked
	early       bool // mutant early-unlock
	refuse      int64
	retry       time.Duration
	coordinator sim.NodeID

	accounts map[string][]posting
	did      map[deed]bool
	writing  map[deed]bool
	gone     map[name]bool // aborted: a prepare that was held up comes too late
	doubts   []*doubt      // prepared and not decided, oldest first
	waiting  []wait        // for accounts that are locked
	longest  time.Duration
	disk     store.Journal[record]
}

// A posting is a transfer in an account, and its place. A refund too many is one of a negative number.
type posting struct{ number, place int64 }

// A deed is something done for a transfer.
type deed struct {
	act  act
	name name
}

// A doubt is a lock: the bank has promised, and was not told what to do.
type doubt struct {
	transfer transfer
	since    sim.Time
}

// A wait is a read or prepare of an account that is locked.
type wait struct {
	from sim.NodeID
	key  string
	msg  any
}

// A record is what was done, for whom, and when.
type record struct {
	act      act
	transfer transfer
	to       sim.NodeID
	at       sim.Time
}

func (r record) deed() deed { return deed{r.act, r.transfer.name} }

func newBank(c store.Config, debits bool) *bank {
	b := &bank{
		debits: debits, blind: c.Choice("compensate") == blindly, early: c.Mutant == "early-unlock", retry: c.Duration("retry"),
		coordinator: c.Replicas[coordinatorAt], accounts: map[string][]posting{},
		did: map[deed]bool{}, writing: map[deed]bool{}, gone: map[name]bool{},
	}
	if !debits {
		b.refuse = int64(c.Int("refuse"))
	}
	b.disk = store.NewJournal(true, b)
	return b
}

// Start reads the accounts, and what is in doubt.
func (b *bank) Start(e sim.Env) {
	for _, found := range b.disk.Records(e) {
		rec := found.(record)
		if rec.act == doPrepare {
			b.lock(rec)
		}
		b.apply(e, rec)
	}
	e.After(b.retry)
}

// Timer is for the disk, and for asking what is to be done about what is in doubt.
func (b *bank) Timer(e sim.Env, t sim.TimerID) {
	if t == b.disk.Syncing() {
		b.disk.Synced(e)
		return
	}
	e.After(b.retry)
	for _, d := range b.doubts {
		if e.Clock().Sub(d.since) >= b.retry {
			e.Send(b.coordinator, inquiry{d.transfer.name})
		}
	}
}

func (b *bank) Receive(e sim.Env, from sim.NodeID, msg any) {
	switch m := msg.(type) {
	case *store.Request:
		b.read(e, from, m)
	case ask:
		b.asked(e, from, m)
	}
}

// read answers a read, once the account is not locked.
func (b *bank) read(e sim.Env, from sim.NodeID, req *store.Request) {
	switch {
	case req.Kind.Mutates() || !b.debits:
		e.Send(from, req.Refuse(sim.None))
	case b.locked(req.Key) && !b.early:
		b.waiting = append(b.waiting, wait{from, req.Key, req})
	default:
		list, place := b.shown(req.Key)
		e.Send(from, req.Answer(history.Value{List: list}, history.Version{Major: place}))
	}
}

// shown returns the transfers that left an account, and the place of the latest.
func (b *bank) shown(key string) (list []int64, place int64) {
	entries := b.accounts[key]
	if len(entries) > 0 {
		list = make([]int64, 0, len(entries))
	}
	for _, p := range entries {
		if p.number > 0 {
			list, place = append(list, p.number), p.place
		}
	}
	return list, place
}

// asked does what the coordinator asks for, unless it was done.
func (b *bank) asked(e sim.Env, from sim.NodeID, m ask) {
	t := m.transfer
	d := deed{m.act, t.name}
	if m.act == doRefund && b.blind {
		b.write(e, from, m)
		return
	}
	switch changes := m.act == doChange || m.act == doPrepare; {
	case b.did[d]:
		e.Send(from, told{act: m.act, name: t.name})
	case b.writing[d]:
	case changes && b.refuse > 0 && t.number%b.refuse == 0:
		e.Send(from, told{m.act, t.name, true})
	case m.act == doPrepare && b.gone[t.name]:
	case m.act == doPrepare && b.locked(t.key):
		b.await(from, m)
	case m.act == doAbort:
		b.abort(e, from, t.name)
	default:
		b.write(e, from, m)
	}
}

// abort takes a promise back. If there is none, it may be asked for yet, by a message that was held up.
func (b *bank) abort(e sim.Env, from sim.NodeID, n name) {
	i := slices.IndexFunc(b.doubts, func(d *doubt) bool { return d.transfer.name == n })
	if i < 0 {
		b.gone[n] = true
		return
	}
	b.write(e, from, ask{doAbort, b.doubts[i].transfer})
}

// await has a prepare wait for its account, once.
func (b *bank) await(from sim.NodeID, m ask) {
	w := wait{from, m.transfer.key, m}
	if !slices.ContainsFunc(b.waiting, func(o wait) bool { o2, is := o.msg.(ask); return is && o2 == m }) {
		b.waiting = append(b.waiting, w)
	}
}

// write has a deed put on the disk. An account is locked from then on: another
// transfer must not be promised the same meanwhile.
func (b *bank) write(e sim.Env, to sim.NodeID, m ask) {
	rec := record{m.act, m.transfer, to, e.Clock()}
	if m.act == doPrepare {
		b.lock(rec)
	}
	b.writing[rec.deed()] = true
	b.disk.Write(e, rec)
	b.disk.Wait(rec)
	b.disk.Flush(e)
}

// Durable takes in what is on the disk now, and tells the coordinator.
func (b *bank) Durable(e sim.Env, due []record) {
	for _, rec := range due {
		delete(b.writing, rec.deed())
		b.apply(e, rec)
		if step := b.stepOf(rec.act); step != "" && b.Reached(step) {
			return
		}
		e.Send(rec.to, told{act: rec.act, name: rec.transfer.name})
		if rec.act == doCommit || rec.act == doAbort {
			b.admit(e, rec.transfer.key)
		}
	}
}

// stepOf names the step that is done when a deed is durable.
func (b *bank) stepOf(a act) string {
	switch {
	case a == doPrepare && b.debits:
		return debitPrepared
	case a == doPrepare:
		return creditPrepared
	case a == doRefund:
		return refunded
	case a == doAbort:
		return ""
	case b.debits:
		return debited
	}
	return credited
}

// apply takes in a deed that is durable.
func (b *bank) apply(e sim.Env, rec record) {
	t := rec.transfer
	b.did[rec.deed()] = true
	switch rec.act {
	case doChange, doCommit:
		b.accounts[t.key] = append(b.accounts[t.key], posting{t.number, t.place})
	case doRefund:
		b.refund(t)
	case doAbort:
		b.gone[t.name] = true
	}
	if rec.act == doCommit || rec.act == doAbort {
		b.unlock(t.name, rec.at)
	}
}

// refund takes a transfer out of the account again.
func (b *bank) refund(t transfer) {
	list := b.accounts[t.key]
	i := slices.IndexFunc(list, func(p posting) bool { return p.number == t.number })
	if i < 0 {
		b.accounts[t.key] = append(list, posting{-t.number, t.place})
		return
	}
	b.accounts[t.key] = slices.Delete(list, i, i+1)
}

func (b *bank) lock(rec record) { b.doubts = append(b.doubts, &doubt{rec.transfer, rec.at}) }

func (b *bank) unlock(n name, at sim.Time) {
	b.doubts = slices.DeleteFunc(b.doubts, func(d *doubt) bool {
		if d.transfer.name != n {
			return false
		}
		b.longest = max(b.longest, at.Sub(d.since))
		return true
	})
}

func (b *bank) locked(key string) bool {
	return slices.ContainsFunc(b.doubts, func(d *doubt) bool { return d.transfer.key == key })
}

// admit goes on with what waited for an account, in order. What comes behind a
// prepare that locks it again waits again.
func (b *bank) admit(e sim.Env, key string) {
	var now []wait
	b.waiting = slices.DeleteFunc(b.waiting, func(w wait) bool {
		if w.key != key {
			return false
		}
		now = append(now, w)
		return true
	})
	for _, w := range now {
		b.Receive(e, w.from, w.msg)
	}
}

// Dump calls visit for every account with the numbers of its transfers, sorted:
// what was taken here must have been given there.
func (b *bank) Dump(visit func(key string, v history.Value)) {
	for key, list := range b.accounts { // any order: Dump promises none
		var numbers []int64
		for _, p := range list {
			numbers = append(numbers, p.number)
		}
		slices.Sort(numbers)
		visit(key, history.Value{List: numbers})
	}
}

// Report tells for how long an account was locked at most.
func (b *bank) Report(visit func(metric string, v float64)) {
	visit("blocked", float64(b.longest)/float64(time.Millisecond))
}

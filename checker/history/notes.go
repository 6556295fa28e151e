package history

import (
	"fmt"
)

// describe fills in what is known about the file.
func (r *recording) describe(f *File) {
	f.Dialect, f.Timed, f.Answers = r.dialect, r.clock.timed, r.alone > 0
	if f.Model == "" {
		f.Model = r.seen()
	}
	if r.pieces != nil {
		f.Format, f.Dialect = FormatKV, ""
	}
	f.Notes = append(f.Notes, r.notes()...)
}

// seen returns the model that the file shows.
func (r *recording) seen() Model {
	switch {
	case r.pieces != nil:
		return ModelKV
	case r.mutex && r.kinds == [len(kindNames)]bool{CAS: true}:
		return ModelMutex
	case r.txns && r.spelled && !r.kinds[Append]:
		return ModelMultiRegister
	default:
		return modelOf(r.kinds, r.txns)
	}
}

// deliver hands over what was read.
func (r *recording) deliver(f *File) {
	if r.txns {
		f.Transactions, f.Lines = r.bodies, r.places
		return
	}
	r.rename(f.Model)
	f.History, f.Lines = r.ops, r.places
	if r.dialect.silentNil() && r.tally.nilReads > 0 {
		f.History, f.Lines = r.ops[:0], r.places[:0]
		for i, s := range r.states {
			if s == settled {
				f.History, f.Lines = append(f.History, r.ops[i]), append(f.Lines, r.places[i])
			}
		}
	}
}

// onlyKeys are what the one object of a file without keys is called.
var onlyKeys = map[Model]string{ModelList: "list", ModelSet: "set", ModelQueue: "queue", ModelStack: "stack", ModelMixed: "object"}

// rename calls the object of a file that names no key by what it is.
func (r *recording) rename(m Model) {
	name, ok := onlyKeys[m]
	if !ok || r.tuples || len(r.keys)+len(r.numbers) > 0 {
		return
	}
	for i := range r.ops {
		r.ops[i].Key = name
	}
}

// notes says which rules were applied, and how often.
func (r *recording) notes() []string {
	var all []string
	say := func(n int, one, many string, rest ...any) {
		if n > 0 {
			what := many
			if n == 1 {
				what = one
			}
			all = append(all, fmt.Sprintf("%d "+what, append([]any{n}, rest...)...))
		}
	}
	t := &r.tally
	say(t.unknown, "operation ended with :info: it may take effect at any later time or never", "operations ended with :info: they may take effect at any later time or never")
	say(t.silent, "operation was never answered, which means the same as :info", "operations were never answered, which means the same as :info")
	say(t.reused, "process went on after :info under its number: taken as a new one from there", "times a process went on after :info under its number: taken as a new one from there")
	if r.dialect.blindCAS() {
		say(t.failedCAS, "failed cas found another value than it expected (dialect %s)", "failed cas found other values than they expected (dialect %s)", r.dialect)
	} else {
		say(t.failedCAS, "failed cas did not happen, and says nothing (dialect %s)", "failed cas did not happen, and say nothing (dialect %s)", r.dialect)
	}
	if r.dialect.silentNil() {
		say(t.nilReads, "read of nil says nothing, and is left out (dialect %s)", "reads of nil say nothing, and are left out (dialect %s)", r.dialect)
	} else if r.dialect != "" && r.pieces == nil {
		say(t.nilReads, "read of nil found the initial value (dialect %s)", "reads of nil found the initial value (dialect %s)", r.dialect)
	}
	say(t.long, "number is too long for 64 bits: it is taken for a name", "numbers are too long for 64 bits: they are taken for names")
	say(t.drains, "drain is taken as dequeues that ran all the while (%d of them)", "drains are taken as dequeues that ran all the while (%d of them)", t.drained)
	say(t.nemesis, "event of the nemesis skipped", "events of the nemesis skipped")
	say(t.stray, ":info of a process that had not called skipped", ":info of processes that had not called skipped")
	if r.initial != "" {
		all = append(all, "every register holds "+r.initial+" at first")
	}
	if r.alone > 0 {
		all = append(all, "answers alone, without calls: a process takes one transaction after the other, but nothing is known of real time")
	}
	if t.backwards > 0 {
		all = append(all, fmt.Sprintf("the index goes backwards on line %d: the order of the lines counts", t.backwards))
	}
	return append(all, r.clock.notes()...)
}

func (c *stampClock) notes() []string {
	switch {
	case c.begun && !c.timed:
		return []string{"no times: the order of the lines counts"}
	case c.moved == 1:
		return []string{"1 time was moved on by " + Time(c.most).String() + " to keep the order of the lines"}
	case c.moved > 1:
		return []string{fmt.Sprintf("%d times were moved on, by at most %v, to keep the order of the lines", c.moved, Time(c.most))}
	}
	return nil
}

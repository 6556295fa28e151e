// Package keys takes a history apart by key: what may have changed a key, what
// tells what it held, and whose value each of these saw. It judges nothing; the
// scores share it, so that a history is taken apart once.
package keys

import "faultline/checker/history"

// A Shape is the kind of object that a key was used as. It says which methods apply.
type Shape uint8

const (
	Register Shape = iota // written and swapped, with numbers that all differ; or never changed
	List                  // only appended to, with numbers that all differ
	Repeated              // a register or list to which a number was written or appended twice
	Mixed                 // appends meet writes, or a write carries a list or the initial value
	Items                 // a set, queue or stack
)

var shapeNames = [...]string{"register", "list", "values that repeat", "writes and appends mixed", "set, queue or stack"}

// String returns the shape in words, such as register or values that repeat.
func (s Shape) String() string { return shapeNames[s] }

// Whose value a read returned, where it is not that of a writer.
const (
	Initial = -1 // nobody's: the value before all writes
	Nobody  = -2 // no operation that may have happened wrote it
)

// A Key is what happened to one key. Operations are indices into the history, in
// order of call.
type Key struct {
	Name   string
	Shape  Shape
	Blind  bool    // a compare-and-set said only what the key did not hold
	Writes []int32 // what may have changed it
	Reads  []int32 // what tells what it held
	From   []int32 // of a Register, for each read: the place in Writes of the write it saw, or Initial, or Nobody

	values values
	memo   *memo
}

// Writer returns the place in Writes of the operation that wrote or appended the
// number to a Register or List, or Nobody.
func (k *Key) Writer(number int64) int32 { return k.values.writer(number) }

// Origin returns whose value v is, as From does for reads. The key is a Register.
func (k *Key) Origin(v history.Value) int32 {
	switch {
	case len(v.List) > 0:
		return Nobody
	case v.Num == 0:
		return Initial
	default:
		return k.values.writer(v.Num)
	}
}

// Of takes h apart. Keys come in order of first appearance; those of which only
// failed or unanswered reads are known are left out. It takes O(n log n) time and
// memory for a few words an operation.
func Of(h history.History) []Key { return new(Splitter).Of(h) }

// A Splitter takes histories apart, one after the other in the same memory. The
// zero value is ready to use.
type Splitter struct {
	grouped
	number map[string]int32 // of keys, by name
	keyOf  []int32          // by operation
	roles  []role           // by operation
	count  [2][]int32
	next   []int32

	all    []Key
	from   []int32
	owners []owner
	memos  []memo
	ranks  []int32
	room   room
}

// Of is the function Of. What it returns is good until the next call.
func (s *Splitter) Of(h history.History) []Key {
	s.group(h)
	s.all, s.memos = fit(s.all, len(s.names)), fit(s.memos, len(s.names))
	s.ranks = fit(s.ranks, len(s.writes.ops)+len(s.reads.ops))
	s.room.spare = s.ranks
	for k := range s.all {
		s.memos[k] = memo{room: &s.room}
		s.all[k] = Key{Name: s.names[k], Blind: s.blind[k], Writes: s.writes.of(k), Reads: s.reads.of(k), memo: &s.memos[k]}
		s.all[k].Shape = shapeOf(h, s.all[k].Writes)
	}
	s.collect(h)
	s.from = fit(s.from, len(s.reads.ops))
	from := s.from
	for k := range s.all {
		if key := &s.all[k]; key.Shape == Register {
			key.From, from = from[:len(key.Reads):len(key.Reads)], from[len(key.Reads):]
			for i, r := range key.Reads {
				key.From[i] = key.Origin(h[r].Out)
			}
		}
	}
	return s.all
}

// numbered reports whether numbers tell who wrote them.
func (k *Key) numbered() bool { return k.Shape == Register || k.Shape == List }

func shapeOf(h history.History, writes []int32) Shape {
	appends, items := 0, 0
	for _, i := range writes {
		switch op := &h[i]; op.Kind {
		case history.Append:
			appends++
		case history.Write, history.CAS:
			if op.In.Num == 0 || len(op.In.List) > 0 {
				return Mixed // no number of its own
			}
		default:
			items++
		}
	}
	switch {
	case appends+items == 0:
		return Register
	case appends == len(writes):
		return List
	case items == len(writes):
		return Items
	default:
		return Mixed
	}
}

package storetest

import (
	"cmp"
	"fmt"
	"slices"

	"faultline/checker/history"
)

// misranked returns what is wrong with the versions that a store gave to the
// operations of a history, or nil. Whatever the store promises, a version names
// one value of its key, and every answer has one but that of the initial value. If
// it promises linearizability, versions never run backwards in real time. (A store
// that promises less may be linearizable by luck, against its own order: nobody
// read the write that lost though it was last.)
func misranked(h history.History, linearizable bool) error {
	byKey := map[string][]*history.Op{}
	var keys []string
	for i := range h {
		op := &h[i]
		if op.Status != history.OK {
			continue
		}
		if byKey[op.Key] == nil {
			keys = append(keys, op.Key)
		}
		byKey[op.Key] = append(byKey[op.Key], op)
	}
	for _, key := range keys {
		if err := ambiguous(byKey[key]); err != nil {
			return err
		}
		if err := backwards(byKey[key]); err != nil && linearizable {
			return err
		}
	}
	return nil
}

// ambiguous returns that a version of a key names two values, or is missing, or nil.
func ambiguous(ops []*history.Op) error {
	named := map[history.Version]int64{}
	for _, op := range ops {
		value := newest(op)
		if initial := op.Version == (history.Version{}); initial != (value == 0) {
			return fmt.Errorf("%v has version %v", op, op.Version)
		}
		if other, ok := named[op.Version]; ok && other != value {
			return fmt.Errorf("%v has version %v, which names %d as well", op, op.Version, other)
		}
		named[op.Version] = value
	}
	return nil
}

// newest returns the number that was written last in what an operation read or left behind.
func newest(op *history.Op) int64 {
	switch {
	case !op.Observes():
		return op.In.Num
	case len(op.Out.List) > 0:
		return op.Out.List[len(op.Out.List)-1]
	}
	return op.Out.Num
}

// backwards returns that an operation on a key has a lower version than one that
// had returned before it was called, or no higher one though it wrote; or nil.
func backwards(called []*history.Op) error {
	returned := slices.Clone(called)
	slices.SortStableFunc(returned, func(a, b *history.Op) int { return cmp.Compare(a.Return, b.Return) })
	latest := &history.Op{}
	for _, op := range called {
		for ; returned[0].Return < op.Call; returned = returned[1:] {
			if returned[0].Version.Compare(latest.Version) > 0 {
				latest = returned[0]
			}
		}
		if c := op.Version.Compare(latest.Version); c < 0 || c == 0 && op.MayMutate() {
			return fmt.Errorf("%v has version %v, after %v had version %v", op, op.Version, latest, latest.Version)
		}
	}
	return nil
}

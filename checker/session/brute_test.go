package session

import (
	"fmt"
	"slices"
	"strings"

	"faultline/checker/history"
)

// A broken is a guarantee that a session certainly did not get on a key.
type broken struct {
	client int
	key    string
	g      Guarantee
}

// An act is an operation of a session on one key, in the words of the tests: what
// it found and what it wrote, by the index of the write. -1 is the initial value,
// -2 is none.
type act struct{ op, met, made int }

// acts returns what a session did on a key; false if a value came from nowhere.
func acts(h history.History, client int, key string) (all []act, ok bool) {
	writer := func(v history.Value) int {
		if v.IsZero() {
			return -1
		}
		return slices.IndexFunc(h, func(op history.Op) bool {
			return op.Key == key && op.MayMutate() && op.In.Equal(v)
		})
	}
	for i, op := range h {
		if op.Client != client || op.Key != key || op.Status != history.OK {
			continue
		}
		a := act{i, -2, -2}
		found := op.Out
		if op.Swapped {
			found = op.Expect
		}
		if op.Kind == history.Read || op.Kind == history.CAS {
			a.met = writer(found)
			if a.met == -1 && !found.IsZero() {
				return nil, false
			}
		}
		if op.MayMutate() {
			a.made = i
		}
		all = append(all, a)
	}
	return all, true
}

// breaks reports whether a session breaks the guarantee, in an order of writes.
func breaks(g Guarantee, all []act, place map[int]int) bool {
	for i, a := range all {
		for _, b := range all[i:] {
			var first, second int
			switch g {
			case ReadYourWrites:
				first, second = a.made, b.met
			case MonotonicReads:
				first, second = a.met, b.met
			case MonotonicWrites:
				first, second = a.made, b.made
			case WritesFollowReads:
				first, second = a.met, b.made
			}
			if a != b && first != -2 && second != -2 && place[second] < place[first] {
				return true
			}
		}
	}
	return false
}

// bruteRegisters tries every order of the writes of each key that is possible,
// and returns what is broken in all of them. It returns false if there is none.
func bruteRegisters(h history.History, clocks bool) (map[broken]bool, bool) {
	out := map[broken]bool{}
	for key, clients := range keysAndClients(h) {
		var writes []int
		for i, op := range h {
			if op.Key == key && op.MayMutate() {
				writes = append(writes, i)
			}
		}
		always, orders := map[broken]bool{}, 0
		permute(writes, func(order []int) {
			if !possible(h, order, clocks) {
				return
			}
			orders++
			place := map[int]int{-1: -1}
			for p, w := range order {
				place[w] = p
			}
			for _, c := range clients {
				all, _ := acts(h, c, key)
				for _, g := range Guarantees {
					b := broken{c, key, g}
					if orders == 1 {
						always[b] = true
					}
					always[b] = always[b] && breaks(g, all, place)
				}
			}
		})
		if orders == 0 {
			return nil, false
		}
		for b, yes := range always {
			if yes {
				out[b] = true
			}
		}
	}
	return out, true
}

// possible reports whether an order of writes respects what is certain.
func possible(h history.History, order []int, clocks bool) bool {
	for i, a := range order {
		for _, b := range order[i+1:] { // a before b
			if h[a].Client == h[b].Client && h[b].Status == history.OK && b < a {
				return false
			}
			if clocks && (seen(h, b) < h[a].Call || replaced(h, a, b)) {
				return false
			}
		}
	}
	return true
}

// seen is when a write was certainly in place.
func seen(h history.History, w int) history.Time {
	at := history.Never
	if h[w].Status == history.OK {
		at = h[w].Return
	}
	for _, op := range h {
		found := op.Out
		if op.Swapped {
			found = op.Expect
		}
		if op.Key == h[w].Key && op.Status == history.OK && (op.Kind == history.Read || op.Kind == history.CAS) && found.Equal(h[w].In) {
			at = min(at, op.Return)
		}
	}
	return max(at, h[w].Call)
}

// replaced reports whether write a is a compare-and-set that happened and found the value of b.
func replaced(h history.History, a, b int) bool {
	op := &h[a]
	return op.Kind == history.CAS && op.Expect.Equal(h[b].In) && (op.Status == history.OK || slices.ContainsFunc(h, func(r history.Op) bool {
		return r.Key == op.Key && r.Observes() && r.Out.Equal(op.In)
	}))
}

// forked reports whether several compare-and-sets replaced one value.
func forked(h history.History) bool {
	for i, a := range h {
		for j := range h[:i] {
			for w := range h {
				if a.Key == h[j].Key && a.Key == h[w].Key && h[w].MayMutate() && replaced(h, i, w) && replaced(h, j, w) && !a.Expect.IsZero() {
					return true
				}
			}
		}
	}
	return false
}

func keysAndClients(h history.History) map[string][]int {
	m := map[string][]int{}
	for _, op := range h {
		if !slices.Contains(m[op.Key], op.Client) {
			m[op.Key] = append(m[op.Key], op.Client)
		}
	}
	return m
}

func permute(all []int, try func([]int)) {
	var rec func(n int)
	rec = func(n int) {
		if n == len(all) {
			try(all)
			return
		}
		for i := n; i < len(all); i++ {
			all[n], all[i] = all[i], all[n]
			rec(n + 1)
			all[n], all[i] = all[i], all[n]
		}
	}
	rec(0)
}

// bruteLists is what the package says of lists, word by word.
func bruteLists(h history.History) map[broken]bool {
	out := map[broken]bool{}
	at := func(list []int64, x int64) int {
		if i := slices.Index(list, x); i >= 0 {
			return i
		}
		return 1 << 30
	}
	good := func(op history.Op) bool {
		for i, x := range op.Out.List {
			if slices.Index(op.Out.List, x) != i || !slices.ContainsFunc(h, func(w history.Op) bool { return w.Key == op.Key && w.MayMutate() && w.In.Num == x }) {
				return false
			}
		}
		return op.Observes()
	}
	for j, b := range h {
		for _, a := range h[:j] {
			if a.Client != b.Client || a.Key != b.Key || a.Status != history.OK || a.Kind == history.Read && !good(a) {
				continue
			}
			switch {
			case b.Kind == history.Read && good(b) && a.Kind == history.Append && at(b.Out.List, a.In.Num) == 1<<30:
				out[broken{b.Client, b.Key, ReadYourWrites}] = true
			case b.Kind == history.Read && good(b) && a.Kind == history.Read:
				for _, x := range a.Out.List {
					if at(b.Out.List, x) == 1<<30 {
						out[broken{b.Client, b.Key, MonotonicReads}] = true
					}
				}
			case b.MayMutate() && a.Kind == history.Append:
				for _, r := range h {
					if r.Key == b.Key && good(r) && at(r.Out.List, b.In.Num) < 1<<30 && at(r.Out.List, a.In.Num) >= at(r.Out.List, b.In.Num) {
						out[broken{b.Client, b.Key, MonotonicWrites}] = true
					}
				}
			case b.MayMutate() && a.Kind == history.Read:
				for _, x := range a.Out.List {
					for _, r := range h {
						if x != b.In.Num && r.Key == b.Key && good(r) && at(r.Out.List, b.In.Num) < 1<<30 && at(r.Out.List, x) >= at(r.Out.List, b.In.Num) {
							out[broken{b.Client, b.Key, WritesFollowReads}] = true
						}
					}
				}
			}
		}
	}
	return out
}

func dump(h history.History) string {
	var b strings.Builder
	for i, op := range h {
		fmt.Fprintf(&b, "%d: %v [%d,%d] %v\n", i, op, op.Call, op.Return, op.Status)
	}
	return b.String()
}

package linear

import (
	"faultline/checker/history"
	"faultline/checker/judge"
)

// list judges a key that is only appended to, with unique numbers. Every read
// shows the whole order so far, so the longest read fixes the order of all
// appends that anyone saw, and every other read must be a prefix of it (the
// idea of Elle: Kingsbury and Alvaro, VLDB 2020). Step k of the order is the
// k-th append with the reads of length k; steps come one after another, and
// acknowledged appends that no read shows come after all of them.
func (c *checker) list(ops []int32) *judge.Evidence {
	longest := c.longestRead(ops)
	if why := c.startSteps(longest); why != nil {
		return why
	}
	for _, i := range ops {
		if !c.h[i].Observes() {
			continue
		}
		if why := c.addListRead(i, longest); why != nil {
			return why
		}
	}
	return c.compareSteps()
}

// longestRead returns the first of the longest reads, or none.
func (c *checker) longestRead(ops []int32) int32 {
	longest := int32(none)
	for _, i := range ops {
		if c.h[i].Observes() && (longest == none || len(c.h[i].Out.List) > len(c.h[longest].Out.List)) {
			longest = i
		}
	}
	return longest
}

// startSteps opens a cluster for the empty list and one for each append of the
// longest read, in its order.
func (c *checker) startSteps(longest int32) *judge.Evidence {
	c.clusters = append(c.clusters[:0], cluster{write: none, first: mark{always, none}, last: mark{always, none}})
	c.seen = append(c.seen[:0], make([]bool, len(c.writers.ops))...)
	if longest == none {
		return nil
	}
	for _, x := range c.h[longest].Out.List {
		w := c.writers.of(x)
		if w == none {
			return c.neverAppended(longest, x)
		}
		i := c.writers.ops[w]
		if c.seen[w] {
			return c.appendedTwice(longest, i)
		}
		c.seen[w] = true
		op := &c.h[i]
		c.clusters = append(c.clusters, cluster{write: i, first: mark{returned(op), i}, last: mark{op.Call, i}})
	}
	return nil
}

// addListRead puts a read into the step that its length says.
func (c *checker) addListRead(i, longest int32) *judge.Evidence {
	op := &c.h[i]
	if op.Out.Num != 0 {
		return c.neverWritten(i, history.Num(op.Out.Num))
	}
	if op.Kind == history.CAS && op.Out.Equal(op.Expect) {
		return c.refused(i)
	}
	whole := c.h[longest].Out.List
	for k, x := range op.Out.List {
		if whole[k] != x {
			if c.writers.of(x) == none {
				return c.neverAppended(i, x)
			}
			return c.differentOrder(i, longest)
		}
	}
	cl := &c.clusters[len(op.Out.List)]
	if cl.write != none && op.Return < c.h[cl.write].Call {
		return c.readBeforeWrite(i, cl.write)
	}
	if op.Return < cl.first.at {
		cl.first = mark{op.Return, i}
	}
	cl.last = later(cl.last, mark{op.Call, i})
	return nil
}

// compareSteps looks for an operation that had returned before one of an earlier
// step was called.
func (c *checker) compareSteps() *judge.Evidence {
	last := c.clusters[0].last
	for k := 1; k < len(c.clusters); k++ {
		cl := &c.clusters[k]
		if cl.first.at < last.at {
			return c.outOfOrder(cl.first.op, last.op)
		}
		last = later(last, cl.last)
	}
	for w, i := range c.writers.ops {
		if op := &c.h[i]; !c.seen[w] && returned(op) < last.at {
			return c.missingAppend(i, last.op)
		}
	}
	return nil
}

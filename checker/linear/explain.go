package linear

import (
	"fmt"
	"slices"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// because returns the evidence of the operations, each once and ascending.
func because(text string, ops ...int32) *judge.Evidence {
	e := &judge.Evidence{Text: text}
	for _, i := range ops {
		if i != none {
			e.Ops = append(e.Ops, int(i))
		}
	}
	slices.Sort(e.Ops)
	e.Ops = slices.Compact(e.Ops)
	return e
}

// at says what an operation did and when it was called.
func (c *checker) at(i int32) string { return fmt.Sprintf("%v at %v", c.h[i], c.h[i].Call) }

// done says what an operation did and when it was answered.
func (c *checker) done(i int32) string {
	return fmt.Sprintf("%v (answered at %v)", c.h[i], c.h[i].Return)
}

// brought says of a kind of operation what it did with its value.
var brought = map[history.Kind][2]string{
	history.Write:   {"wrote", "written"},
	history.CAS:     {"wrote", "written"},
	history.Append:  {"appended", "appended"},
	history.Add:     {"added", "added"},
	history.Enqueue: {"enqueued", "enqueued"},
	history.Push:    {"pushed", "pushed"},
}

// noOrigin explains an operation that met a value which no operation of the kind,
// nor of any other, brought.
func (c *checker) noOrigin(i int32, v history.Value, k history.Kind) *judge.Evidence {
	op := &c.h[i]
	w := c.failedWrite(i, v)
	if w == none {
		return because(fmt.Sprintf("%s, but nobody %s %s", c.at(i), brought[k][0], op.Show(v)), i)
	}
	failed := &c.h[w]
	return because(fmt.Sprintf("%s, but the operation of client %d at %v that would have %s %s certainly failed: an aborted read",
		c.at(i), failed.Client, failed.Call, brought[failed.Kind][1], op.Show(v)), i, w)
}

// failedWrite returns the first failed operation that would have brought v to the key of i, or none.
func (c *checker) failedWrite(i int32, v history.Value) int32 {
	for k := range c.h {
		op := &c.h[k]
		if op.Status == history.Failed && op.Kind.Brings() && op.Key == c.h[i].Key && (op.In.Equal(v) || op.In.Equal(history.Value{List: []int64{v.Num}})) {
			return int32(k)
		}
	}
	return none
}

func (c *checker) readBeforeWrite(read, write int32) *judge.Evidence {
	return because(fmt.Sprintf("%s, before %s", c.done(read), c.at(write)), read, write)
}

func (c *checker) refused(i int32) *judge.Evidence {
	return because(fmt.Sprintf("%s and did not swap, although this is what it expected", c.at(i)), i)
}

func (c *checker) swappedTwice(a, b int32) *judge.Evidence {
	a, b = min(a, b), max(a, b)
	return because(fmt.Sprintf("%s and %s, though %s held %s only once", c.at(a), c.at(b), c.h[a].Key, c.h[a].Show(c.h[a].Expect)), a, b)
}

// outOfChain explains two operations in the wrong order around compare-and-sets:
// soon belongs to a later value of the chain than late, but was over first.
func (c *checker) outOfChain(soon, late int32) *judge.Evidence {
	if c.lists {
		return because(fmt.Sprintf("%s, before %s, which stands earlier in the list", c.done(soon), c.at(late)), soon, late)
	}
	swap := c.swapBefore(soon)
	return because(fmt.Sprintf("%s, before %s, though compare-and-sets lead from the latter's value to the former's (%s)",
		c.done(soon), c.at(late), c.at(swap)), soon, late, swap)
}

// swapBefore returns the compare-and-set that made the value which i is about.
func (c *checker) swapBefore(i int32) int32 {
	op := &c.h[i]
	v := op.In
	if op.Observes() {
		v = op.Out
	}
	return c.clusters[c.clusterOf(v)].write
}

// circle explains compare-and-sets each of which needs the value of another.
func (c *checker) circle() *judge.Evidence {
	k := c.onCircle()
	at, ops := k, []int32{c.clusters[k].write}
	for at = c.clusters[at].from; at != k; at = c.clusters[at].from {
		ops = append(ops, c.clusters[at].write)
	}
	op := &c.h[ops[0]]
	return because(fmt.Sprintf("%v, but %s itself came from %s by compare-and-sets, in a circle", op, op.Show(op.Expect), op.Show(op.In)), ops...)
}

// onCircle returns the first cluster on a circle. A chain has one head at most,
// so whatever no head leads to is on a circle.
func (c *checker) onCircle() int32 {
	reached := make([]bool, len(c.clusters))
	for k := range c.clusters {
		if cl := &c.clusters[k]; cl.happened && !cl.linked {
			for at := int32(k); at != none; at = c.clusters[at].next {
				reached[at] = true
			}
		}
	}
	for k := range c.clusters {
		if c.clusters[k].happened && !reached[k] {
			return int32(k)
		}
	}
	panic("linear: no circle among the compare-and-sets")
}

// conflict explains two blocks that must each come before the other. Only a may
// hold the initial value, which no operation wrote.
func (c *checker) conflict(a, b *block) *judge.Evidence {
	if i := c.unseen(a); i != none {
		return c.missingAppend(i, b)
	}
	if i := c.unseen(b); i != none {
		return c.missingAppend(i, a)
	}
	text := fmt.Sprintf("%s, but %s", c.at(a.last.op), c.done(b.first.op))
	if a.first.op != none {
		text += fmt.Sprintf("; and %s before %s", c.done(a.first.op), c.at(b.last.op))
	}
	return because(text, a.first.op, a.last.op, b.first.op, b.last.op)
}

func (c *checker) appendedTwice(read, write int32) *judge.Evidence {
	return because(fmt.Sprintf("%s with %s in it twice, but it was appended once (called at %v)", c.at(read), c.h[write].Show(c.h[write].In), c.h[write].Call), read, write)
}

func (c *checker) differentOrder(a, b int32) *judge.Evidence {
	a, b = min(a, b), max(a, b)
	return because(fmt.Sprintf("%s, but %s: neither list continues the other", c.at(a), c.at(b)), a, b)
}

// missingAppend explains an append that must stand among what was read together,
// but is not shown there.
func (c *checker) missingAppend(missed int32, around *block) *judge.Evidence {
	text := fmt.Sprintf("%s, but %s is missing from the list that had %s", c.done(missed), c.h[missed].Show(c.h[missed].In), c.at(around.last.op))
	if around.first.op != none {
		text += fmt.Sprintf("; and %s before %s", c.done(around.first.op), c.at(missed))
	}
	return because(text, missed, around.first.op, around.last.op)
}

// unseen returns the append that the block consists of, if no read shows it.
func (c *checker) unseen(b *block) int32 {
	i := b.last.op
	if !c.lists || i != b.first.op || c.h[i].Kind != history.Append || c.clusters[c.writers.of(c.h[i].In.Num)+1].linked {
		return none
	}
	return i
}

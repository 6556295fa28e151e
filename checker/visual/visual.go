// Package visual draws histories with porcupine's own visualisation, for those
// who know it. Porcupine searches for itself, from a model that is written here
// as plainly as possible; its page is a second view, and no verdict rests on it.
package visual

import (
	"io"
	"time"

	"github.com/anishathalye/porcupine"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// MaxOps is how many operations a page can show: porcupine's memory grows with
// the square of their number.
const MaxOps = 1000

// Write draws the given operations of the history on a page and marks those of
// the evidence. Porcupine stops its search at the limit and draws what it found
// until then, so the page may differ from one time to the next.
func Write(w io.Writer, h history.History, ops []int, why judge.Evidence, limit time.Duration) error {
	d := drawing{h: h, clients: map[int]int{}}
	for _, i := range ops {
		d.add(i)
	}
	d.end()
	_, info := porcupine.CheckOperationsVerbose(model, d.ops, limit)
	info.AddAnnotations(d.marks(why))
	return porcupine.Visualize(model, info, w)
}

// A drawing collects what porcupine gets.
type drawing struct {
	h       history.History
	ops     []porcupine.Operation
	clients map[int]int // rows, by client
	last    history.Time
}

// row returns the row of a client: porcupine has one for each number up to the greatest.
func (d *drawing) row(client int) int {
	row, ok := d.clients[client]
	if !ok {
		row = len(d.clients)
		d.clients[client] = row
	}
	return row
}

// add takes in an operation, unless it certainly did not happen or says nothing.
func (d *drawing) add(i int) {
	op := &d.h[i]
	if op.Status == history.Failed || op.Status == history.Unknown && op.Kind == history.Read {
		return
	}
	d.last = max(d.last, op.Call)
	if op.Return != history.Never {
		d.last = max(d.last, op.Return)
	}
	d.ops = append(d.ops, porcupine.Operation{ClientId: d.row(op.Process), Input: op, Call: int64(op.Call), Return: int64(op.Return)})
}

// end lets operations that were never answered return after all others, which is
// how porcupine takes an unknown outcome.
func (d *drawing) end() {
	for i := range d.ops {
		d.ops[i].Return = min(d.ops[i].Return, int64(d.last)+1)
	}
}

// marks are the operations of the evidence, in a row of their own.
func (d *drawing) marks(why judge.Evidence) []porcupine.Annotation {
	var all []porcupine.Annotation
	for _, i := range why.Ops {
		op := &d.h[i]
		all = append(all, porcupine.Annotation{
			Tag: "proof", Start: int64(op.Call), End: int64(min(op.Return, d.last+1)), Description: op.String(), Details: why.Text, BackgroundColor: "#f0a070",
		})
	}
	return all
}

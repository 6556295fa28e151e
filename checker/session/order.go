package session

import (
	"math"

	"faultline/checker/history"
	"faultline/checker/keys"
)

// A rank is where a value stands in the order of its key. Value a is older than b
// if a was in place before b can have been; or if a came earlier in the same chain
// of compare-and-sets, or of the same session.
type rank struct {
	from, until int64 // in place at until at the latest, and not before from
	chain       int32 // of compare-and-sets; none if there is no such order
	link        int32 // the place in the chain
	writer      int   // the session that wrote it
	turn        int32 // what it did first has less
	acked       bool  // it was acknowledged, so that all that the session did later came later
}

func (a *rank) olderThan(b *rank) bool {
	return a.until < b.from ||
		a.chain != none && a.chain == b.chain && a.link < b.link ||
		a.acked && a.writer == b.writer && a.turn < b.turn
}

// never and always bound all instants.
const (
	never  = math.MaxInt64
	always = math.MinInt64
)

// sessionRanks are the ranks of the writes of a key by program order alone.
func sessionRanks(h history.History, k *keys.Key) []rank {
	ranks := make([]rank, len(k.Writes))
	for w, i := range k.Writes {
		op := &h[i]
		ranks[w] = rank{always, never, none, 0, op.Client, int32(w), op.Status == history.OK}
	}
	return ranks
}

// timeRanks are the ranks of the writes of a register by real time.
func timeRanks(h history.History, k *keys.Key) []rank {
	ranks := make([]rank, len(k.Writes))
	for w, i := range k.Writes {
		op := &h[i]
		ranks[w] = rank{int64(op.Call), never, none, 0, op.Client, int32(w), op.Status == history.OK}
		if op.Status == history.OK {
			ranks[w].until = int64(op.Return)
		}
	}
	for n, r := range k.Reads {
		if w := k.From[n]; w >= 0 {
			ranks[w].until = min(ranks[w].until, int64(h[r].Return))
		}
	}
	for w := range ranks {
		ranks[w].until = max(ranks[w].until, ranks[w].from)
	}
	chainUp(ranks, replacedBy(h, k))
	return ranks
}

// replacedBy returns, for each write, the one whose value it replaced by a
// compare-and-set that happened, or none. Of several that replaced the same value
// only the first counts: chains do not fork.
func replacedBy(h history.History, k *keys.Key) []int32 {
	read := make([]bool, len(k.Writes))
	for _, w := range k.From {
		if w >= 0 {
			read[w] = true
		}
	}
	replaced, gone := make([]int32, len(k.Writes)), make([]bool, len(k.Writes))
	for w, i := range k.Writes {
		replaced[w] = none
		if op := &h[i]; op.Kind == history.CAS && (op.Status == history.OK || read[w]) {
			if from := k.Origin(op.Expect); from >= 0 && from != int32(w) && !gone[from] {
				replaced[w], gone[from] = from, true
			}
		}
	}
	return replaced
}

// chainUp lets what compare-and-sets chained together have places in a chain: a
// value was not in place before those that it came from, and they were in place
// by when it was. Chains that go in a circle are none.
func chainUp(ranks []rank, replaced []int32) {
	order := make([]int32, 0, len(ranks)) // heads first
	met := make([]int32, len(ranks))      // by which walk, from 1
	for w := range ranks {
		var walk []int32
		at := int32(w)
		for at >= 0 && met[at] == 0 {
			met[at] = int32(w) + 1
			walk = append(walk, at)
			at = replaced[at]
		}
		if at >= 0 && met[at] == int32(w)+1 {
			replaced[at] = none // a circle
		}
		for i := len(walk) - 1; i >= 0; i-- {
			order = append(order, walk[i])
		}
	}
	for _, w := range order {
		from := replaced[w]
		if from < 0 {
			continue
		}
		if ranks[from].chain == none {
			ranks[from].chain = from
		}
		ranks[w].chain, ranks[w].link = ranks[from].chain, ranks[from].link+1
		ranks[w].from = max(ranks[w].from, ranks[from].from)
	}
	for i := len(order) - 1; i >= 0; i-- {
		w := order[i]
		if from := replaced[w]; from >= 0 {
			ranks[from].until = min(ranks[from].until, ranks[w].until)
		}
	}
	for w := range ranks {
		ranks[w].until = max(ranks[w].until, ranks[w].from)
	}
}

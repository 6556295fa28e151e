// Package atomicity scores how far a history is from linearizable (atomic), in
// time. It judges no other property, and says of what it cannot judge how much
// that is.
//
//   - Delta (Golab, Li, Shah, "Analyzing consistency properties for fun and
//     profit", PODC 2011): the least d such that the history becomes linearizable
//     when every read is taken to have been called d earlier. It is how stale reads
//     were. It cannot repair a read of a value that nobody wrote, a read that returned before
//     the write of its value was called, or writes that contradict one another: then Delta is infinite.
//   - Gamma (Golab, Rahman, AuYoung, Keeton, Gupta, "Client-centric benchmarking of eventual consistency
//     for cloud storage systems", ICDCS 2014): the least g such that the history becomes linearizable when
//     every operation is taken to have been called g/2 earlier and answered g/2 later. It blames reads
//     and writes alike, so it repairs wrong orders too; only values from nowhere and
//     compare-and-sets that contradict one another are beyond it.
//
// Both are 0 if and only if the keys judged are linearizable. As in package
// linear, intervals are closed, a write of unknown outcome may take effect at any
// later time or never, and failed operations did not happen.
//
// Judged are registers whose written values differ, with compare-and-sets, and
// lists of numbers that differ, which are only appended to. Of a list, the longest
// read that can be explained gives the order; a read that does not agree with it
// is one that no time repairs. Both scores take O(n log n), plus the length of the lists read.
package atomicity

import (
	"time"

	"faultline/checker/history"
	"faultline/checker/judge"
	"faultline/checker/keys"
)

// A Distance is a time from the history to a linearizable one.
type Distance struct {
	Time     time.Duration // the maximum over all keys; if Infinite, over what time can repair
	Infinite bool          // there is something that no time repairs
	Evidence judge.Evidence
}

// A Late is a read that Delta has to move.
type Late struct {
	Op   int           // the read, as index into the history
	Seen int           // the operation that returned first of those which the read's value must precede
	By   time.Duration // from the return of Seen to the read's call: by so much the read must be moved
}

// A Wrong is an operation that no shift of reads can explain.
type Wrong struct {
	Op  int // as index into the history
	Why Why
}

// A Why says what is wrong with an operation.
type Why uint8

const (
	NeverWritten Why = iota // it met a value that nobody wrote, or only an operation that failed
	BeforeWrite             // it returned before the write of its value was called
	Refused                 // a compare-and-set that found what it expected, and did not swap
	SwappedTwice            // a compare-and-set of a value that another one had replaced
	Circle                  // a compare-and-set of a value that came from its own
	Disagrees               // its list does not go together with the longest one
	Contradicts             // a write that must come both before and after others: swaps or a list leave no place for it
)

var whyTexts = [...]string{
	"nobody wrote that value", "that value was not written yet", "although it found what it expected, it did not swap",
	"another compare-and-set had replaced that value", "that value came from its own", "the longest list read says otherwise",
	"it must come both before and after others, whatever reads are moved",
}

// String says what is wrong in a few words.
func (w Why) String() string { return whyTexts[w] }

// A Score is how far a history is from linearizable. Lists are in order of call.
type Score struct {
	Delta, Gamma Distance
	K            K
	Removal      Removal
	Late         []Late  // the reads that Delta has to move; the greatest By is Delta's time
	Wrong        []Wrong // what makes Delta infinite
	Reads        int     // reads on the keys judged
	Skipped      int     // reads on the other keys
	Unjudged     int     // how many other keys there are
}

// Measure scores the history.
func Measure(h history.History) Score { return MeasureKeys(h, keys.Of(h)) }

// MeasureKeys is Measure for a history that is already taken apart.
func MeasureKeys(h history.History, all []keys.Key) Score { return measureKeys(h, all, false) }

// A Shift is Delta alone, with what it rests on; see Score.
type Shift struct {
	Delta    Distance
	Late     []Late
	Wrong    []Wrong
	Reads    int
	Skipped  int
	Unjudged int
}

// MeasureDelta is Measure for those who ask for Delta alone: where reads are late,
// k and the removals take most of the time and memory of a full score.
func MeasureDelta(h history.History) Shift {
	s := measureKeys(h, keys.Of(h), true)
	return Shift{s.Delta, s.Late, s.Wrong, s.Reads, s.Skipped, s.Unjudged}
}

func measureKeys(h history.History, all []keys.Key, deltaAlone bool) Score {
	m := measurer{h: h, deltaAlone: deltaAlone}
	m.score.K = K{Lower: 1, Upper: 1}
	for k := range all {
		m.measure(&all[k])
	}
	return m.finish()
}

// measure scores one key.
func (m *measurer) measure(k *keys.Key) {
	if k.Blind || k.Shape != keys.Register && k.Shape != keys.List {
		m.score.Skipped += len(k.Reads)
		m.score.Unjudged++
		m.score.K.Unjudged++
		m.score.Removal.Unjudged++
		return
	}
	m.score.Reads += len(k.Reads)
	late, wrong := len(m.score.Late), len(m.score.Wrong)
	if k.Shape == keys.List {
		m.list(k)
	} else {
		m.register(k)
	}
	m.join()
	m.delta()
	if m.deltaAlone {
		return
	}
	m.removal(k, len(m.score.Late) > late, m.score.Wrong[wrong:])
	m.versions(k, len(m.score.Late) > late, len(m.score.Wrong) > wrong)
	m.widenBlocks()
}

package linear

import (
	"slices"
	"strings"
	"testing"

	"faultline/checker/history"
	"faultline/checker/judge"
)

func put(client int, v int64, call, ret int) history.Op {
	op := did(client, history.Enqueue, call, ret)
	op.In = history.Num(v)
	return op
}

func take(client int, v int64, call, ret int) history.Op {
	op := did(client, history.Dequeue, call, ret)
	op.Out = history.Num(v)
	return op
}

// What a single answer shows, or those that took one item, where a search gave up.
func TestImpossible(t *testing.T) {
	type h = history.History
	for _, c := range []struct {
		name string
		h    h
		ops  []int
	}{
		{"a swap of what nobody wrote", h{write(1, 1, 0, 10), write(1, 1, 20, 30), swap(2, 9, 2, 40, 50)}, []int{2}},
		{"a swap of what was written", h{write(1, 1, 0, 10), write(1, 1, 20, 30), swap(2, 1, 2, 40, 50)}, nil},
		{"taken as often as it was put there", h{put(1, 1, 0, 10), put(1, 1, 20, 30), take(2, 1, 40, 50), take(2, 1, 60, 70)}, nil},
		{"taken once more", h{put(1, 1, 0, 10), put(1, 1, 20, 30), take(2, 1, 40, 50), take(2, 1, 60, 70), take(2, 1, 80, 90)}, []int{2, 3, 4}},
		{"answered at the instant of the call", h{read(1, 1, 0, 10), write(2, 1, 10, 20), write(2, 1, 30, 40)}, nil},
		{"answered before it", h{read(1, 1, 0, 9), write(2, 1, 10, 20), write(2, 1, 30, 40)}, []int{0, 1}},
	} {
		k := checker{h: c.h}
		var got []int
		g := groupByKey(c.h)
		if why := k.impossible(g.key(0)); why != nil {
			got = why.Ops
		}
		if !slices.Equal(got, c.ops) {
			t.Errorf("%s: %v, want %v", c.name, got, c.ops)
		}
	}
}

// Of a chain of values none of which was at the bottom throughout, the shortest part
// that shows it is told.
func TestShortestChain(t *testing.T) {
	at := func(in, entered, left, out history.Time) *stay {
		return &stay{entered: span{in, entered}, left: span{left, out}}
	}
	a, b, c, d := at(0, 1, 10, 11), at(5, 6, 20, 21), at(15, 16, 30, 31), at(25, 26, 40, 41)
	if got := shortest([]*stay{a, b, c, d}); len(got) != 3 || got[0] != a {
		t.Errorf("%d of a chain of which three show it", len(got))
	}
	for _, beneath := range []*stay{at(1, 6, 20, 30), at(1, 6, 20, 50)} {
		if got := shortest([]*stay{a, beneath, c, d}); got[0] == a && len(got) == 3 {
			t.Errorf("%v to %v may have been below the two beside it", beneath.entered.from, beneath.left.to)
		}
	}
}

func TestLongChainsAreCutShort(t *testing.T) {
	all := make([]*stay, 5)
	word := func(*stay) string { return "one" }
	if got := listed(all[:4], word); got != "one; one; one; one" {
		t.Errorf("of four: %s", got)
	}
	if got := listed(all, word); got != "one; one; one; one; and 1 more" {
		t.Errorf("of five: %s", got)
	}
}

// Of the values that nobody is known to have taken, the last is told: if that was
// not taken, more came in before it than there were takers.
func TestTheLastUntakenIsTold(t *testing.T) {
	h := history.History{put(1, 1, 0, 10), put(1, 2, 20, 30), put(1, 3, 40, 50), with(history.Unknown, take(2, 0, 60, 0))}
	l := lodging{checker: &checker{h: h}, maybe: []int32{3}, kept: []int32{0, 1, 2}}
	for i := range int32(3) {
		l.stays = append(l.stays, stay{in: i, out: none, older: i})
	}
	for _, order := range [][]*stay{{&l.stays[1], &l.stays[2]}, {&l.stays[2], &l.stays[1]}} {
		if why := l.because("", nil, order); !strings.Contains(why.Text, "all of the 3 such values") || !slices.Contains(why.Ops, 0) {
			t.Errorf("%+v", why)
		}
	}
	if r := Check(h, judge.Budget{}); r.Verdict != judge.Holds {
		t.Errorf("%v", r)
	}
}

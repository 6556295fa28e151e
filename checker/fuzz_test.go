package checker

import (
	"encoding/json"
	"flag"
	"math"
	"math/rand/v2"
	"testing"

	"faultline/checker/converge"
	"faultline/checker/execution/executiontest"
	"faultline/checker/history"
)

var nonsense = flag.Int("nonsense", 2_000, "arbitrary histories to score")

// A tape reads numbers off the fuzzer's bytes; at its end, all are 0.
type tape []byte

func (t *tape) next(n int) int {
	if len(*t) == 0 {
		return 0
	}
	b := int((*t)[0])
	*t = (*t)[1:]
	return b % n
}

// instants are times that are hard to add and subtract.
var instants = []history.Time{math.MinInt64, math.MinInt64 + 1, -1, 0, 1, 1 << 62, math.MaxInt64 - 1, math.MaxInt64}

func (t *tape) time() history.Time {
	if b := t.next(64); b < len(instants) {
		return instants[b]
	}
	return history.Time(t.next(50))
}

func (t *tape) value() history.Value {
	switch t.next(8) {
	case 0:
		return history.Value{}
	case 1:
		return history.Num(math.MinInt64)
	case 2, 3:
		v := history.Value{List: make([]int64, t.next(5))}
		for i := range v.List {
			v.List[i] = int64(t.next(9))
		}
		return v
	default:
		return history.Num(int64(t.next(9)))
	}
}

func (t *tape) op() history.Op {
	o := history.Op{
		Client: t.next(4), Kind: history.Kind(t.next(9)), Key: string(rune('a' + t.next(2))), Status: history.Status(t.next(3)),
		In: t.value(), Out: t.value(), Expect: t.value(), Call: t.time(), Return: t.time(),
	}
	flags := t.next(16)
	o.Swapped, o.Blind = flags&1 > 0, flags&2 > 0
	if flags&4 > 0 {
		o.Version = history.Version{Major: int64(t.next(6)), Minor: int64(t.next(2))}
	}
	if flags&8 > 0 {
		o.Attempts = []history.Attempt{{Return: t.time()}}
	}
	return o
}

func FuzzScore(f *testing.F) {
	f.Add([]byte{3, 1, 1, 0, 1, 4, 1, 0, 0, 0, 9, 0, 10, 5})
	f.Add([]byte("a few operations on two keys, with times that no clock shows"))
	f.Fuzz(func(t *testing.T, data []byte) { scoreTwice(t, data) })
}

func TestNonsense(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range *nonsense {
		data := make([]byte, rng.IntN(400))
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		scoreTwice(t, data)
	}
}

// scoreTwice checks that whatever a history holds, even if it would not be let in,
// nothing panics, and that the same history has the same scores.
func scoreTwice(t *testing.T, data []byte) {
	t.Helper()
	tape := tape(data)
	r := Run{Healed: tape.time(), End: tape.time()}
	finals := tape.next(4)
	for len(tape) > 0 && len(r.History) < 200 {
		r.History = append(r.History, tape.op())
	}
	r.Finals = r.History[len(r.History)-min(finals, len(r.History)):]
	for i := range r.Finals {
		r.Replicas = append(r.Replicas, converge.Replica{Items: []converge.Item{{Key: r.Finals[i].Key, Value: r.Finals[i].Out}}})
	}
	one, err := json.Marshal(Score(r))
	if err != nil {
		t.Fatal(err)
	}
	if two, _ := json.Marshal(Score(r)); string(one) != string(two) {
		t.Errorf("scored twice: %s and %s", one, two)
	}
}

func FuzzLevels(f *testing.F) {
	f.Add([]byte{0, 8, 1, 0, 1, 0, 2, 0, 3, 8, 1, 1, 0, 0, 9, 200, 5, 1})
	f.Add([]byte("some clients write, and others read it, sooner or later, or never at all"))
	f.Fuzz(func(t *testing.T, data []byte) { checkLevels(t, data) })
}

func TestLevelsOfAnyHistory(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range *nonsense {
		data := make([]byte, rng.IntN(120))
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		checkLevels(t, data)
	}
}

// checkLevels checks the report against the checkers of the levels, and that what is
// said to hold goes with what it implies and with the scores.
func checkLevels(t *testing.T, data []byte) {
	t.Helper()
	kinds := [][]history.Kind{
		{history.Read, history.Write}, {history.Read, history.Write, history.CAS}, {history.Read, history.Append}, {history.Read, history.Write, history.Append},
	}
	h := executiontest.FromBytes(data)
	if len(data)%5 > 0 {
		h = executiontest.Distinct(data, 20, 4, 2, kinds[len(data)%4]...)
	}
	r := Levels(h, Budget{})
	for _, l := range r.Levels {
		v := direct(h, l.Level)
		switch one := CheckLevel(l.Level, h, Budget{}); {
		case one.Verdict != l.Verdict:
			t.Fatalf("the report says that %s is %v, alone it is %v:\n%s%s", l.Level, l.Verdict, one.Verdict, r.Text(), dump(h))
		case l.Verdict != v && v != Undecided && !touches(h):
			t.Fatalf("the report says that %s is %v, its checker %v:\n%s%s", l.Level, l.Verdict, v, r.Text(), dump(h))
		case l.Verdict != Holds && l.Why == "":
			t.Fatalf("%s is %v for no reason:\n%s", l.Level, l.Verdict, dump(h))
		}
		for _, weaker := range AllLevels {
			if l.Verdict == Holds && l.Level.Implies(weaker) && !r.Holds(weaker) && !(touches(h) && l.Level == Linearizable) {
				t.Fatalf("%s holds, but %s does not:\n%s", l.Level, weaker, dump(h))
			}
		}
	}
	s := Score(Run{History: h})
	faultless := s.Delta.Time == 0 && !s.Delta.Infinite && s.Gamma.Time == 0 && !s.Gamma.Infinite && s.Removal.Upper == 0
	switch v := direct(h, Linearizable); {
	case v == Holds && !(faultless && s.K.Upper == 1 && !s.K.Infinite && s.Staleness.Stale == 0):
		t.Fatalf("linearizable, but scored %+v:\n%s", s, dump(h))
	case v == Violated && s.Unjudged == 0 && s.Delta.Time == 0 && !s.Delta.Infinite:
		t.Fatalf("not linearizable, but Delta is 0:\n%s", dump(h))
	}
}

package txn

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// FuzzCheck decodes bytes into a tiny history, of which nothing need make sense:
// the checker must not panic, its report must be consistent, and where brute
// force applies, both must agree.
func FuzzCheck(f *testing.F) {
	f.Add([]byte{0x03, 0x00, 0x41, 0x02, 0x11, 0x03, 0x10, 0x02, 0x45, 0x01})
	f.Add([]byte{0x02, 0x12, 0x40, 0x00, 0x80, 0x03, 0x03, 0x21, 0x80, 0x00, 0xc1, 0x05})
	f.Add([]byte{0x07, 0xff, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89})
	f.Add([]byte("001%\xac0a2Y%0000000")) // one append by two, one of whom overwrote what the other had read of another key
	f.Fuzz(func(t *testing.T, data []byte) {
		ts, sane := decodeTiny(data)
		r := Check(ts, Options{LinearizableKeys: len(data)%7 == 0, SequentialKeys: len(data)%5 == 0}, judge.Budget{Steps: 100_000, Order: true})
		if len(data)%7 != 0 && len(data)%5 != 0 {
			consistent(t, ts, &r)
		}
		_ = fmt.Sprint(&r)
		if !sane || len(data)%7 == 0 || len(data)%5 == 0 {
			return
		}
		for _, l := range []Level{SnapshotIsolation, StrongSnapshot, Serializable, StrictSerializable} {
			got := r.Levels[l-1]
			if want := kept(ts, l); got.Verdict != judge.Undecided && (got.Verdict == judge.Holds) != want {
				t.Fatalf("%v is %v (%s), brute force says %v\n%s\n%v", l, got.Verdict, got.Why, want, dump(ts), &r)
			}
		}
	})
}

// decodeTiny makes transactions of up to three operations each, five at most. A
// sane history has sessions and times that could be.
func decodeTiny(data []byte) (ts []history.Transaction, sane bool) {
	const most, ops = 5, 3
	sane = true
	value := func(b byte) history.Value {
		switch n := int64(b >> 5); {
		case b&0x10 != 0 && n > 0:
			v := history.Value{}
			for i := range n {
				v.List = append(v.List, 1+(int64(b)+i*3)%4)
			}
			return v
		case n == 7:
			return history.Num(math.MinInt64)
		default:
			return history.Num(n)
		}
	}
	for len(data) > 3 && len(ts) < most {
		a, b, n := data[0], data[1], 1+int(data[2])%ops
		x := history.Transaction{Client: int(a & 3), Process: int(a & 3), Status: []history.Status{history.OK, history.OK, history.Unknown, history.Failed}[a>>2&3]}
		x.Call = history.Time(b>>4) - history.Time(a>>7)
		x.Return = x.Call + history.Time(b&0xf) - history.Time(a>>6&1)
		if x.Status == history.Unknown {
			x.Return = history.Never
		}
		sane = sane && x.Call <= x.Return
		for _, o := range data[3:min(len(data), 3+n)] {
			op := history.Micro{Key: string("xy"[o&1]), Kind: []history.Kind{history.Read, history.Read, history.Append, history.Write}[o>>1&3], Value: value(o)}
			if o == 0xff {
				op.Kind = history.CAS
				sane = false
			}
			if op.Kind == history.Append {
				sane = sane && op.Value.List == nil
			}
			x.Ops = append(x.Ops, op)
		}
		data = data[min(len(data), 3+n):]
		for i := range ts {
			if ts[i].Process == x.Process {
				x.Process = 10 + len(ts)
			}
		}
		ts = append(ts, x)
	}
	if sane {
		slices.SortStableFunc(ts, func(x, y history.Transaction) int { return int(x.Call - y.Call) })
	}
	return ts, sane
}

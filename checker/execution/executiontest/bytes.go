package executiontest

import (
	"slices"

	"faultline/checker/history"
)

// bytesPerOp is how many bytes FromBytes takes for an operation.
const bytesPerOp = 6

// maxFromBytes bounds the operations that FromBytes makes.
const maxFromBytes = 40

// FromBytes makes a history of any bytes, for fuzzing: all kinds of operations
// and outcomes, values that repeat, clients that overlap.
func FromBytes(data []byte) history.History {
	var h history.History
	at := history.Time(0)
	for len(data) >= bytesPerOp && len(h) < maxFromBytes {
		b := data[:bytesPerOp]
		data = data[bytesPerOp:]
		at += history.Time(b[0] % 4)
		op := history.Op{
			Client: int(b[1] % 4), Process: int(b[1] % 4), Kind: kindOf(b[2]), Key: string(rune('x' + b[1]>>2%2)),
			Call: at, Return: at + history.Time(b[0]>>2%8), Status: history.OK,
			In: history.Num(int64(b[3] % 16)), Expect: history.Num(int64(b[4] % 16)),
		}
		switch b[1] >> 4 {
		case 0:
			op.Status = history.Failed
		case 1:
			op.Status, op.Return = history.Unknown, history.Never
		}
		if !op.Kind.Brings() {
			op.In = history.Value{}
		}
		op.Swapped = op.Kind == history.CAS && op.Status == history.OK && b[2]&64 == 0
		op.Blind = op.Kind == history.CAS && op.Status == history.OK && !op.Swapped && b[2]&128 == 0
		if op.Observes() || op.Kind.Takes() && op.Status == history.OK {
			op.Out = history.Num(int64(b[4] % 16))
		}
		if op.Observes() && b[2]&32 == 0 {
			op.Out = listOf(h, op.Key, b[5])
		}
		h = append(h, op)
	}
	slices.SortStableFunc(h, func(a, b history.Op) int { return int(a.Call - b.Call) })
	return h
}

// kindOf draws reads, writes and appends most often.
func kindOf(b byte) history.Kind {
	kinds := [...]history.Kind{
		history.Read, history.Read, history.Read, history.Read, history.Write, history.Write, history.Append, history.Append,
		history.CAS, history.CAS, history.Read, history.Write, history.Append, history.Add, history.Enqueue, history.Pop,
	}
	return kinds[b%16]
}

// listOf picks items that were appended to the key.
func listOf(h history.History, key string, which byte) history.Value {
	var v history.Value
	for i := range h {
		if h[i].Kind == history.Append && h[i].Key == key {
			if which&1 == 0 {
				v.List = append(v.List, h[i].In.Num)
			}
			which = which>>1 | which<<7
		}
	}
	return v
}

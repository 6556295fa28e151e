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

// bytesPerDistinct is how many bytes Distinct takes for an operation.
const bytesPerDistinct = 4

// Distinct makes a history of so many operations at most of any bytes, for fuzzing:
// clients do one thing after the other, all outcomes occur, and what is written are
// numbers that all differ. Answers are what the key was ever brought, as old as may
// be, or the initial value; seldom, a number from the future or from nowhere.
func Distinct(data []byte, ops, clients, keys int, kinds ...history.Kind) history.History {
	var h history.History
	free := make([]history.Time, clients)
	at := history.Time(0)
	for len(data) >= bytesPerDistinct && len(h) < ops {
		who, what, when, answer := data[0], data[1], data[2], data[3]
		data = data[bytesPerDistinct:]
		c := int(who) % clients
		at += history.Time(when % 8)
		at = max(at, free[c])
		op := history.Op{
			Client: c, Process: c, Kind: kinds[int(what)%len(kinds)], Key: string(rune('x' + int(who)/clients%keys)),
			Call: at, Return: at + history.Time(when/8), Status: history.OK,
		}
		free[c] = op.Return + history.Time(what>>7)
		switch what >> 3 % 16 {
		case 0:
			op.Status = history.Failed
		case 1, 2:
			op.Status, op.Return = history.Unknown, history.Never
			free[c] = at + 1
		}
		number := history.Num(int64(len(h) + 1))
		if op.Kind.Brings() {
			op.In = number
		}
		found := answered(h, &op, answer)
		switch {
		case op.Kind == history.CAS:
			op.Expect = found
			op.Swapped = op.Status == history.OK && what&128 == 0
			if op.Observes() {
				op.Out = answered(h, &op, answer/2)
			}
		case op.Observes():
			op.Out = found
		}
		h = append(h, op)
	}
	slices.SortStableFunc(h, func(a, b history.Op) int { return int(a.Call - b.Call) })
	return h
}

// answered chooses what an operation may find on its key, after the others.
func answered(h history.History, op *history.Op, choice byte) history.Value {
	var brought []int64
	list := false
	for i := range h {
		if h[i].Key == op.Key && h[i].Kind.Brings() {
			brought = append(brought, h[i].In.Num)
			list = list || h[i].Kind == history.Append
		}
	}
	switch {
	case choice == 255:
		return history.Num(99)
	case choice >= 252:
		return history.Num(int64(len(h) + 2))
	case !list:
		brought = append([]int64{0}, brought...)
		return history.Num(brought[len(brought)-1-int(choice)%len(brought)])
	}
	n := len(brought) - int(choice%64)%(len(brought)+1)
	brought = brought[:n]
	switch {
	case n > 1 && choice>>6 == 2:
		brought[n-1], brought[n-2] = brought[n-2], brought[n-1]
	case n > 0 && choice>>6 == 3:
		brought = brought[1:]
	}
	return history.Value{List: brought}
}

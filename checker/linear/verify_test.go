package linear

import (
	"strings"
	"testing"

	"faultline/checker/history"
)

func item(k history.Kind, client int, x int64, call, ret int) history.Op {
	op := did(client, k, call, ret)
	if k.Takes() {
		op.Out = history.Num(x)
	} else {
		op.In = history.Num(x)
	}
	return op
}

func TestVerify(t *testing.T) {
	type h = history.History
	blind := swap(2, 2, 9, 20, 30)
	blind.Swapped, blind.Blind = false, true
	for _, c := range []struct {
		name  string
		h     h
		order []int32
		wrong string // a piece of the error; none if the order is right
	}{
		{"nothing", h{}, nil, ""},
		{"a write and a read", h{write(1, 1, 0, 10), read(2, 1, 5, 15)}, []int32{0, 1}, ""},
		{"the read first", h{write(1, 1, 0, 10), read(2, 1, 5, 15)}, []int32{1, 0}, "operation 1 (client 2 read x=1) cannot be where the order has it: x holds null then"},
		{"one missing", h{write(1, 1, 0, 10), read(2, 1, 5, 15)}, []int32{0}, "operation 1 is missing"},
		{"one twice", h{write(1, 1, 0, 10)}, []int32{0, 0}, "operation 0 comes twice"},
		{"one too many", h{write(1, 1, 0, 10)}, []int32{0, 1}, "no operation 1"},
		{"one too few", h{write(1, 1, 0, 10)}, []int32{-1, 0}, "no operation -1"},
		{"a failed one", h{with(history.Failed, write(1, 1, 0, 10))}, []int32{0}, "operation 0 failed"},
		{"an unknown one may be there", h{with(history.Unknown, write(1, 1, 0, 0))}, []int32{0}, ""},
		{"or not", h{with(history.Unknown, write(1, 1, 0, 0))}, nil, ""},
		{"but an unknown read is no use", h{with(history.Unknown, read(1, 0, 0, 0))}, []int32{0}, "cannot be"},
		{"against time", h{write(1, 1, 0, 10), write(2, 2, 20, 30)}, []int32{1, 0}, "operation 0 comes after operation 1, but had returned at 10 ms before that was called at 20 ms"},
		{"against time, with another between", h{write(1, 1, 0, 10), write(2, 2, 0, 30), write(3, 3, 11, 30)}, []int32{2, 1, 0}, "operation 0 comes after operation 2"},
		{"touching is no order", h{write(1, 1, 0, 10), write(2, 2, 10, 30)}, []int32{1, 0}, ""},
		{"an unknown one may be late", h{with(history.Unknown, write(1, 1, 0, 0)), write(2, 2, 10, 30), read(1, 1, 40, 50)}, []int32{1, 0, 2}, ""},
		{"but not early", h{write(2, 2, 10, 30), with(history.Unknown, write(1, 1, 40, 0)), read(1, 2, 50, 60)}, []int32{1, 0, 2}, "operation 0 comes after operation 1"},
		{"a swap", h{write(1, 1, 0, 10), swap(2, 1, 2, 20, 30), read(1, 2, 40, 50)}, []int32{0, 1, 2}, ""},
		{"a swap of what is not there", h{write(1, 1, 0, 10), swap(2, 3, 2, 20, 30)}, []int32{0, 1}, "cannot be"},
		{"an unknown swap of what is not there", h{write(1, 1, 0, 10), with(history.Unknown, swap(2, 3, 2, 20, 0))}, []int32{0, 1}, "cannot be"},
		{"refused", h{write(1, 1, 0, 10), refuse(2, 2, 1, 20, 30)}, []int32{0, 1}, ""},
		{"refused, but found another value", h{write(1, 1, 0, 10), refuse(2, 2, 3, 20, 30)}, []int32{0, 1}, "cannot be"},
		{"refused without reason", h{write(1, 1, 0, 10), refuse(2, 1, 1, 20, 30)}, []int32{0, 1}, "cannot be"},
		{"refused blindly", h{write(1, 1, 0, 10), blind}, []int32{0, 1}, ""},
		{"refused blindly without reason", h{write(1, 2, 0, 10), blind}, []int32{0, 1}, "cannot be"},
		{"appends", h{add(1, 1, 0, 10), add(1, 2, 20, 30), list(2, 40, 50, 1, 2)}, []int32{0, 1, 2}, ""},
		{"appends in another order", h{add(1, 1, 0, 10), add(1, 2, 20, 30), list(2, 40, 50, 2, 1)}, []int32{0, 1, 2}, "x holds [1,2] then"},
		{"a set", h{item(history.Add, 1, 2, 0, 10), item(history.Add, 1, 1, 20, 30), list(2, 40, 50, 2, 1)}, []int32{0, 1, 2}, ""},
		{"a set with one missing", h{item(history.Add, 1, 2, 0, 10), item(history.Add, 1, 1, 20, 30), list(2, 40, 50, 2)}, []int32{0, 1, 2}, "x holds [1,2] then"},
		{"a set with one too many", h{item(history.Add, 1, 2, 0, 10), list(2, 40, 50, 2, 1)}, []int32{0, 1}, "x holds [2] then"},
		{"a set with one twice", h{item(history.Add, 1, 2, 0, 10), item(history.Add, 1, 1, 20, 30), list(2, 40, 50, 1, 1)}, []int32{0, 1, 2}, "cannot be"},
		{"a set with one beside another twice", h{item(history.Add, 1, 2, 0, 10), item(history.Add, 1, 1, 20, 30), list(2, 40, 50, 1, 2, 1)}, []int32{0, 1, 2}, "cannot be"},
		{"a set that is a number", h{item(history.Add, 1, 2, 0, 10), read(2, 2, 40, 50)}, []int32{0, 1}, "cannot be"},
		{"a queue", h{item(history.Enqueue, 1, 1, 0, 10), item(history.Enqueue, 1, 2, 20, 30), list(2, 31, 32, 1, 2), item(history.Dequeue, 2, 1, 40, 50), item(history.Dequeue, 2, 2, 60, 70), item(history.Dequeue, 2, 0, 80, 90)}, []int32{0, 1, 2, 3, 4, 5}, ""},
		{"a queue from its end", h{item(history.Enqueue, 1, 1, 0, 10), item(history.Enqueue, 1, 2, 20, 30), item(history.Dequeue, 2, 2, 40, 50)}, []int32{0, 1, 2}, "x holds [1,2] then"},
		{"a queue that is not empty", h{item(history.Enqueue, 1, 1, 0, 10), item(history.Dequeue, 2, 0, 40, 50)}, []int32{0, 1}, "cannot be"},
		{"a queue that is empty", h{item(history.Dequeue, 2, 1, 40, 50)}, []int32{0}, "cannot be"},
		{"an unknown dequeue", h{item(history.Enqueue, 1, 1, 0, 10), with(history.Unknown, item(history.Dequeue, 2, 7, 20, 0)), item(history.Dequeue, 3, 0, 40, 50)}, []int32{0, 1, 2}, ""},
		{"an unknown dequeue of nothing", h{with(history.Unknown, item(history.Dequeue, 2, 7, 20, 0))}, []int32{0}, "cannot be"},
		{"a stack", h{item(history.Push, 1, 1, 0, 10), item(history.Push, 1, 2, 20, 30), list(2, 31, 32, 2, 1), item(history.Pop, 2, 2, 40, 50), item(history.Pop, 2, 1, 60, 70), item(history.Pop, 2, 0, 80, 90)}, []int32{0, 1, 2, 3, 4, 5}, ""},
		{"a stack from its bottom", h{item(history.Push, 1, 1, 0, 10), item(history.Push, 1, 2, 20, 30), item(history.Pop, 2, 1, 40, 50)}, []int32{0, 1, 2}, "cannot be"},
		{"a stack that is not empty", h{item(history.Push, 1, 1, 0, 10), item(history.Pop, 2, 0, 40, 50)}, []int32{0, 1}, "cannot be"},
		{"an unknown pop", h{item(history.Push, 1, 1, 0, 10), with(history.Unknown, item(history.Pop, 2, 7, 20, 0)), item(history.Pop, 3, 0, 40, 50)}, []int32{0, 1, 2}, ""},
		{"an unknown pop of nothing", h{with(history.Unknown, item(history.Pop, 2, 7, 20, 0))}, []int32{0}, "cannot be"},
	} {
		err := Verify(c.h, c.order)
		switch {
		case c.wrong == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)):
			t.Errorf("%s: got %v, want %q", c.name, err, c.wrong)
		}
	}
}

package history

import "fmt"

// A Transaction is several reads, writes and appends that a client asked for at
// once. Transactions are kept apart from operations: a history is of one or the
// other.
type Transaction struct {
	Client  int // who asked
	Process int // as for an Op
	Ops     []Micro
	Call    Time
	Return  Time // Never while Status is Unknown
	Status  Status
	Names   *Names // what the numbers in its values stand for; nil: for themselves
}

// A Micro is one operation inside a transaction: a Read, Write or Append.
type Micro struct {
	Kind  Kind
	Key   string
	Value Value // written or appended; or what a read returned, which means nothing unless the transaction is OK
}

// Show returns a value of the transaction as a sentence shows it.
func (t *Transaction) Show(v Value) string { return t.Names.show(v) }

// String says what the transaction did: client 2: read x=[1,2], append 3 to y.
func (t Transaction) String() string {
	s := fmt.Sprintf("client %d:", t.Client)
	for i, m := range t.Ops {
		if i > 0 {
			s += ","
		}
		switch {
		case m.Kind == Read && t.Status != OK:
			s += fmt.Sprintf(" read %s", m.Key)
		case m.Kind == Append:
			s += fmt.Sprintf(" append %s to %s", t.Names.item(m.Value.Num), m.Key)
		default:
			s += fmt.Sprintf(" %v %s=%s", m.Kind, m.Key, t.Show(m.Value))
		}
	}
	return s
}

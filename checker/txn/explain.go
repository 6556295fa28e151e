package txn

import (
	"fmt"
	"slices"
	"strings"

	"faultline/checker/history"
)

// A story is told about a few transactions, which it calls T1, T2 and so on.
type story struct {
	*analysis
	cast  []int32 // T1, T2 ..., as indices into the history
	about []int32 // the keys it is about

	infers *saturation   // what it rests on, or nil
	told   []versionPair // inferences that were explained
	lemmas []string      // in these words
}

// T returns the name of a transaction in the story.
func (s *story) T(t int32) string {
	i := slices.Index(s.cast, t)
	if i < 0 {
		i = len(s.cast)
		s.cast = append(s.cast, t)
	}
	return fmt.Sprintf("T%d", i+1)
}

// key returns the name of a key of which the story tells.
func (s *story) key(k int32) string {
	if !slices.Contains(s.about, k) {
		s.about = append(s.about, k)
	}
	return s.keys[k].name
}

// said is Sprintf.
func (s *story) said(format string, args ...any) string { return fmt.Sprintf(format, args...) }

// act says what a write did: append of 3, write of 3.
func (s *story) act(w int32) string {
	made := &s.writes[w]
	op := &s.ts[made.txn].Ops[made.micro-s.start[made.txn]]
	return fmt.Sprintf("%v of %s", op.Kind, s.elem(made.txn, op.Value.Num))
}

// elem shows an element of a list, or the value of a register.
func (a *analysis) elem(t int32, x int64) string {
	if x == 0 {
		return "0" // as a Value it would be null
	}
	return a.ts[t].Show(history.Num(x))
}

// width is how wide a line of text may be.
const width = 80

// fold breaks a text into lines at spaces. Lines but the first are indented.
func fold(text, first, rest string) string {
	var b strings.Builder
	at := 0
	for i, word := range strings.Fields(text) {
		switch n := len([]rune(word)); {
		case i == 0:
			b.WriteString(first)
			at = len(first)
		case at+1+n > width:
			b.WriteString("\n" + rest)
			at = len(rest)
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += len([]rune(word))
	}
	return b.String()
}

// Of a transaction with more operations than fewShown, at most mostShown are shown:
// those on the keys that the story is about.
const (
	fewShown  = 3
	mostShown = 6
)

// introduce says who T1, T2 and so on are.
func (s *story) introduce() string {
	var lines []string
	for i, t := range s.cast {
		name := fmt.Sprintf("T%d = ", i+1)
		lines = append(lines, fold(s.transaction(t), "  "+name, "  "+strings.Repeat(" ", len(name))))
	}
	return strings.Join(lines, "\n")
}

// transaction says who asked for what, and when. Of a long transaction it shows
// what matters to the story.
func (s *story) transaction(t int32) string {
	tx := &s.ts[t]
	short, left := *tx, 0
	if len(tx.Ops) > fewShown {
		short.Ops = nil
		for m := range tx.Ops {
			if len(short.Ops) < mostShown && slices.Contains(s.about, s.keyOf[s.start[t]+int32(m)]) {
				short.Ops = append(short.Ops, tx.Ops[m])
			} else {
				left++
			}
		}
	}
	_, what, _ := strings.Cut(short.String(), ":")
	if left > 0 {
		what += fmt.Sprintf(", and %d more", left)
	}
	outcome := ""
	if tx.Status != history.OK {
		outcome = fmt.Sprintf(" (%v)", tx.Status)
	}
	return fmt.Sprintf("client %d at %v%s:%s", tx.Client, tx.Call, outcome, what)
}

// text tells an anomaly in full.
func (f *finding) text() string {
	var b strings.Builder
	b.WriteString("Let\n" + f.story.introduce() + "\nThen\n")
	for i, line := range f.argument("However") {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(fold(line, "  - ", "    "))
	}
	return b.String()
}

// argument returns the lines of the finding. The last step of a cycle contradicts the others.
func (f *finding) argument(however string) []string {
	lines := slices.Clone(f.lines)
	if f.cycle != nil {
		last := &lines[len(lines)-1]
		*last = however + ", " + *last + ": a contradiction!"
	}
	return lines
}

// sentence tells it in one sentence.
func (f *finding) sentence() string {
	who := make([]string, len(f.story.cast))
	for i, t := range f.story.cast {
		tx := &f.story.ts[t]
		who[i] = fmt.Sprintf("T%d of client %d at %v", i+1, tx.Client, tx.Call)
	}
	const most = 8
	if len(who) > most {
		who = append(who[:most], fmt.Sprintf("and %d more", len(who)-most))
	}
	return fmt.Sprintf("%s (%s)", strings.Join(f.argument("however"), "; "), strings.Join(who, ", "))
}

package txn

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// tx reads a transaction from a line such as "1 0-10 ax1 rx12 wy3 ry-": client 1,
// called at 0 ms and answered at 10, appends 1 to x, reads [1,2] from x, writes 3
// to y and reads nothing from y. In capitals, R reads a register. A question mark
// after the return makes it unknown, an exclamation mark failed. Without times it
// overlaps everything, without a client it has one of its own.
func tx(line string, at int) history.Transaction {
	t := history.Transaction{Client: at, Process: at, Status: history.OK, Call: 0, Return: ms(1000)}
	fields := strings.Fields(line)
	if !isOp(fields[0]) && !strings.Contains(fields[0], "-") {
		fmt.Sscan(fields[0], &t.Client)
		t.Process = t.Client
		fields = fields[1:]
	}
	if !isOp(fields[0]) {
		var call, ret int
		fmt.Sscanf(fields[0], "%d-%d", &call, &ret)
		t.Call, t.Return = ms(call), ms(ret)
		if strings.HasSuffix(fields[0], "?") {
			t.Status, t.Return = history.Unknown, history.Never
		}
		if strings.HasSuffix(fields[0], "!") {
			t.Status = history.Failed
		}
		fields = fields[1:]
	}
	for _, f := range fields {
		t.Ops = append(t.Ops, micro(f))
	}
	return t
}

func isOp(s string) bool { return strings.ContainsAny(s[:1], "arRw") }

func ms(n int) history.Time { return history.Time(n) * history.Time(time.Millisecond) }

func micro(s string) history.Micro {
	m := history.Micro{Key: s[1:2]}
	for _, c := range s[2:] {
		if c != '-' {
			m.Value.List = append(m.Value.List, int64(c-'0'))
		}
	}
	switch s[0] {
	case 'a':
		m.Kind, m.Value = history.Append, history.Num(m.Value.List[0])
	case 'w':
		m.Kind, m.Value = history.Write, history.Num(m.Value.List[0])
	case 'R':
		m.Kind = history.Read
		if len(m.Value.List) > 0 {
			m.Value = history.Num(m.Value.List[0])
		}
	}
	return m
}

// txs reads several, one to a line.
func txs(text string) (ts []history.Transaction) {
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" {
			ts = append(ts, tx(line, len(ts)))
		}
	}
	return ts
}

// summary lists the anomalies found, and the strongest levels that hold.
func summary(r Report) string {
	var parts []string
	for _, an := range r.Anomalies {
		parts = append(parts, string(an.Kind))
	}
	s := strings.Join(parts, ", ") + " | "
	for i, l := range r.Strongest() {
		if i > 0 {
			s += ", "
		}
		s += l.String()
	}
	undecided := slices.DeleteFunc(slices.Clone(r.Levels), func(j Judgement) bool { return j.Verdict != judge.Undecided })
	for _, j := range undecided {
		s += fmt.Sprintf("; %v undecided", j.Level)
	}
	return s
}

func TestStories(t *testing.T) {
	for _, c := range []struct{ name, history, want string }{
		{"nothing happened", "", " | strict serializable"},
		{"an append and its read", "1 0-1 ax1\n2 2-3 rx1", " | strict serializable"},
		{"G0", "ax1 ay1\nax2 ay2\nrx12 ry21", "G0 | "},
		{"G1a", "0-5! ax1\nrx1", "G1a | read uncommitted"},
		{"dirty update", "0-5! ax1\nax2\nrx12", "G1a, dirty-update | read uncommitted"},
		{"G1b", "ax1 ax2\nrx1\nrx12", "G1b | read uncommitted"},
		{"reads inside are no G1b", "ax1 rx1 ax2\nrx12", " | strict serializable"},
		{"G1c of the README", "ax1 ry1\nax2 ay1\nrx12", "G1c | read uncommitted"},
		{"read skew", "ax1 ay1\nrx- ry1", "G-single | monotonic atomic view, cursor stability"},
		{"write skew", "rx- ay1\nry- ax1", "G2-item | strong snapshot isolation"},
		{"long fork", "ax1\nay1\nrx1 ry-\nrx- ry1", "G-nonadjacent | monotonic atomic view, cursor stability"},
		{"lost update", "rx- ax1\nrx- ax2", "lost-update | monotonic atomic view"},
		{"lost update that shows", "rx- ax1\nrx- ax2\nrx12", "lost-update | monotonic atomic view"},
		{"observed transaction vanishes", "ax1 ay1\nrx1 ry-", "OTV, G-single | cursor stability"},
		{"fuzzy read", "ax1\nrx- rx1", "fuzzy-read | monotonic atomic view, cursor stability"},
		{"garbage", "rx7", "garbage-read | "},
		{"duplicates", "ax1\nrx11", "duplicate-elements | "},
		{"incompatible", "ax1\nax2\nrx1\nrx2", "incompatible-order | ; read uncommitted undecided"},
		{"internal", "ax1\nax2 rx1", "internal | "},
		{"internal, FaunaDB", "ax6 rx-", "internal | "},
		{"future", "rx1 ax1", "future-read | read uncommitted"},
		{"write skew after the fact", "1 0-1 rx- ay1\n2 2-3 ry- ax1", "G2-item, G-single-realtime | strong session snapshot isolation"},
		{"stale read", "1 0-1 ax1\n2 2-3 rx-", "G-single-realtime | strong session serializable"},
		{"own write missed", "1 0-1 ax1\n1 2-3 rx-", "G-single-process | serializable"},
		{"unseen appends in real time", "1 0-1 ax1\n2 2-3 ax2\n3 4-5 rx21", "G0-realtime | strong session serializable"},
		{"of unknown outcome, seen", "1 0-1? ax1\n2 2-3 rx1\n3 4-5 rx-", "G-single-realtime | strong session serializable"},
		{"of unknown outcome, not seen", "1 0-1? ax1\n2 2-3 rx-\n3 4-5 rx-", " | strict serializable"},

		{"registers: fine", "1 0-1 wx1\n2 2-3 Rx1\n3 4-5 wx2\n4 6-7 Rx2", " | strict serializable"},
		{"registers: stale", "1 0-1 wx1\n3 2-3 wx2\n4 6-7 Rx1", "G-single-realtime | strong session serializable"},
		{"registers: lost update", "wx1\nRx1 wx2\nRx1 wx3", "lost-update | monotonic atomic view"},
		{"registers: write skew", "Rx- wy1\nRy- wx1", "G2-item | strong snapshot isolation"},
		{"registers: write skew later on", "wx1 wy1\nRx1 wy2\nRy1 wx3", "G2-item | strong snapshot isolation"},
		{"registers: long fork", "wx1\nwy1\nRx1 Ry-\nRx- Ry1", "G-nonadjacent | monotonic atomic view, cursor stability"},
		{"registers: aborted", "0-1! wx1\nRx1", "G1a | read uncommitted"},
		{"registers: intermediate", "wx1 wx2\nRx1", "G1b | read uncommitted"},
		{"registers: circular", "wx1 Ry1\nwy1 Rx1", "G1c | read uncommitted"},
		{"registers: internal", "wx1 Rx-", "internal | "},
		{"registers: future", "Rx1 wx1", "future-read | read uncommitted"},
		{"registers: written twice", "1 0-1 wx1\n2 0-1 wx1\n3 2-3 Rx1\n4 4-5 wx2\n5 6-7 Rx2", " | strict serializable"},
		{"registers: half of each of two", "1 0-9 wx1 wy2\n2 0-9 wx2 wy1\n3 10-11 Rx1 Ry1", "G-single | monotonic atomic view, cursor stability"},
		{"multi-register", "1 0-1 wx1 wy1\n2 2-3 wx1 wy1\n3 4-5 wx2\n4 6-7 Rx1 Ry1", "no-order | strong session serializable"},
		{"multi-register, impossible", "wx1 wy1\nwx1 wy1\nwx2 wy2\nRx1 Ry2", "no-order | read uncommitted; read committed undecided; monotonic atomic view undecided; cursor stability undecided"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := Check(txs(c.history), Options{}, judge.Budget{})
			if got := summary(r); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			for _, an := range r.Anomalies {
				t.Logf("%s (%s)\n%s\n%s", an.Kind, an.Name, an.Text, an.sentence)
			}
		})
	}
}

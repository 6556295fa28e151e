package txn

import (
	"fmt"
	"strings"

	"faultline/checker/judge"
)

// Title names the anomaly: its name, and its kind if that is another word.
func (an *Anomaly) Title() string {
	if plain := strings.NewReplacer("-", " ").Replace(string(an.Kind)); plain == an.Name {
		return an.Name
	}
	return fmt.Sprintf("%s (%s)", an.Kind, an.Name)
}

// head is the title, and how often the anomaly shows.
func (an *Anomaly) head() string {
	switch {
	case an.Count < 2:
		return an.Title()
	case an.Cycle != nil:
		return fmt.Sprintf("%s in %d groups of transactions; one of them", an.Title(), an.Count)
	default:
		return fmt.Sprintf("%s, %d times; the first", an.Title(), an.Count)
	}
}

// String tells the whole report, in lines of 80 columns where words allow.
func (r *Report) String() string {
	var b strings.Builder
	b.WriteString(fold(r.counts(), "", "  ") + "\n")
	for _, note := range r.Notes {
		b.WriteString(fold(note, "", "  ") + "\n")
	}
	b.WriteByte('\n')
	for _, j := range r.Levels {
		line := fmt.Sprintf("  %-34v%v", j.Level, j.Verdict)
		if j.Why != "" {
			line = fold(j.Why, fmt.Sprintf("  %-34v%-11v", j.Level, j.Verdict), strings.Repeat(" ", 47))
		}
		b.WriteString(line + "\n")
	}
	b.WriteString("\n" + fold(r.Conclusion(), "", "") + "\n")
	var others []string
	for i := range r.Anomalies {
		if an := &r.Anomalies[i]; r.tells(i) {
			fmt.Fprintf(&b, "\n%s\n%s\n", fold(an.head(), "", "  "), an.Text)
		} else {
			others = append(others, an.Title())
		}
	}
	if others != nil {
		b.WriteString("\n" + fold("Found as well: "+strings.Join(others, ", "), "", "  ") + "\n")
	}
	return b.String()
}

// tells reports whether an anomaly is told in full: if it needs neither sessions
// nor real time, or if a level falls by it that those before do not refute.
func (r *Report) tells(i int) bool {
	if _, v := r.Anomalies[i].Kind.base(); v == byData {
		return true
	}
	for _, l := range r.Anomalies[i].Refutes {
		if r.refuting(l) == &r.Anomalies[i] {
			return true
		}
	}
	return false
}

func (r *Report) counts() string {
	s := fmt.Sprintf("%s on %s: %d ok, %d failed, %d of unknown outcome",
		plural(r.Transactions, "transaction"), plural(r.Keys, "key"), r.OK, r.Failed, r.Unknown)
	if r.Unknown > 0 {
		s += fmt.Sprintf(" (%d of them certainly happened)", r.Seen)
	}
	return s
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// Conclusion says which level is the strongest that holds, and why the next ones fail.
func (r *Report) Conclusion() string {
	strongest := r.Strongest()
	var s string
	switch len(strongest) {
	case 0:
		s = "No level certainly holds"
	case 1:
		s = "The strongest level that holds is " + strongest[0].String()
	default:
		s = "The strongest levels that hold are " + enumerate(strongest, "and")
	}
	for _, j := range r.next() {
		switch j.Verdict {
		case judge.Violated:
			s += fmt.Sprintf("; %v fails by %s", j.Level, r.refuting(j.Level).Title())
		default:
			s += fmt.Sprintf("; %v is undecided", j.Level)
		}
	}
	return s + "."
}

// next returns the weakest levels that do not hold.
func (r *Report) next() (all []Judgement) {
	for _, j := range r.Levels {
		weakest := j.Verdict != judge.Holds
		for _, w := range r.Levels {
			if w.Verdict != judge.Holds && w.Level != j.Level && j.Level.Implies(w.Level) {
				weakest = false
			}
		}
		if weakest {
			all = append(all, j)
		}
	}
	return all
}

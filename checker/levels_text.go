package checker

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// width is how many columns a report takes.
const width = 80

// Text returns the report for a terminal of 80 columns.
func (r *LevelReport) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s by %s on %s\n\n", count(r.Ops, "operation"), count(r.Clients, "client"), count(r.Keys, "key"))
	for _, l := range r.Levels {
		r.row(&b, string(l.Level), l.Verdict, l.by())
	}
	if r.Eventual != nil {
		r.row(&b, "eventual", r.Eventual.Verdict, r.Eventual.Engine)
	}
	fmt.Fprintf(&b, "\nstrongest that holds: %s\n", r.strongestText())
	next := r.Next()
	if r.Eventual != nil && r.Eventual.Verdict != Holds {
		next = append(next, *r.Eventual)
	}
	for _, l := range next {
		fmt.Fprintf(&b, "%s is %v:\n%s\n", l.Level, l.Verdict, wrap(l.Why, "  "))
	}
	r.sessions(&b)
	return b.String()
}

func (r *LevelReport) row(b *strings.Builder, name string, v Verdict, by string) {
	fmt.Fprintf(b, "  %s\n", strings.TrimRight(fmt.Sprintf("%-20s %-10v %s", name, v, by), " "))
}

// by says what decided: a method, or the verdict on another level.
func (l *LevelResult) by() string {
	switch {
	case l.From != "" && l.Verdict == Holds:
		return fmt.Sprintf("since %s holds", l.From)
	case l.From != "":
		return fmt.Sprintf("since %s is violated", l.From)
	default:
		return l.Engine
	}
}

func (r *LevelReport) strongestText() string {
	if len(r.Strongest) == 0 {
		return "none is known to"
	}
	names := make([]string, len(r.Strongest))
	for i, l := range r.Strongest {
		names[i] = string(l)
	}
	return strings.Join(names, ", ")
}

// sessions writes how often the session guarantees were broken.
func (r *LevelReport) sessions(b *strings.Builder) {
	if r.Judged == 0 {
		fmt.Fprintf(b, "\nno operation could be scored for the session guarantees\n")
		return
	}
	fmt.Fprintf(b, "\nsession guarantees by %s, broken by operations of %s:\n", strings.ReplaceAll(r.Order, "+", " and "), grouped(r.Judged))
	for _, s := range r.Sessions {
		fmt.Fprintf(b, "  %-20s %9s %9.2f per thousand\n", s.Name, grouped(s.Broken), s.PerThousand)
	}
	for _, s := range r.Sessions {
		if s.Broken > 0 {
			fmt.Fprintf(b, "first of %s:\n%s\n", s.Name, wrap(s.First, "  "))
		}
	}
}

// count returns a number and what it counts.
func count(n int, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return grouped(n) + " " + of + "s"
}

// grouped returns a number with commas between thousands.
func grouped(n int) string {
	s := fmt.Sprint(n)
	for at := len(s) - 3; at > 0; at -= 3 {
		s = s[:at] + "," + s[at:]
	}
	return s
}

// wrap breaks a text at blanks so that no line is longer than width, and begins
// every line with the indent. A longer word stays whole.
func wrap(text, indent string) string {
	var lines []string
	line := indent
	for _, word := range strings.Fields(text) {
		if line != indent && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			lines = append(lines, line)
			line = indent
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	return strings.Join(append(lines, line), "\n")
}

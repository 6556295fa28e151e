package dist

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"5ms":                                "5ms",
		"0":                                  "0s",
		"constant(5ms)":                      "5ms",
		" lognormal ( 5ms ,0.40 ) ":          "lognormal(5ms, 0.4)",
		"uniform(1ms, 5ms)":                  "uniform(1ms, 5ms)",
		"5ms + exponential(2ms)":             "5ms + exponential(2ms)",
		"exponential(2ms)+5ms":               "5ms + exponential(2ms)",
		"1ms + 2ms + exponential(2ms) + 3ms": "6ms + exponential(2ms)",
		"1ms + 2ms":                          "3ms",
		"2 * 3ms":                            "6ms",
		"0.5 * pareto(1ms, 2)":               "0.5 * pareto(1ms, 2)",
		"2 * (1ms + normal(10ms, 2ms))":      "2 * (1ms + normal(10ms, 2ms))",
		"mixture(0.9: 1us, 1: 5ms + pareto(1ms, 2))":    "mixture(0.9: 1µs, 1: 5ms + pareto(1ms, 2))",
		"mixture(1: 1ms, 3: 1ms)":                       "1ms",
		"percentiles(p50: 5ms, p99: 20ms, p99.9: 40ms)": "percentiles(p50: 5ms, p99: 20ms, p99.9: 40ms)",
		"1.5µs": "1.5µs",
	} {
		l, err := Parse(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		} else if l.String() != want {
			t.Errorf("%q reads as %q, want %q", text, l, want)
		}
	}
}

func TestParseErrorsNamePlaceCauseAndRemedy(t *testing.T) {
	for _, c := range []struct {
		text   string
		column int
		says   string
	}{
		{"", 1, "a law is missing"},
		{"5", 1, "write 5ms if you mean milliseconds"},
		{"5 ms", 1, "5 has no unit"},
		{"5lightyears", 1, "units: ns, us, ms, s, m, h"},
		{"lognromal(5ms, 1)", 1, "did you mean lognormal?"},
		{"Pareto(1ms, 2)", 1, "did you mean pareto?"},
		{"zipf(3)", 1, "the laws are constant, uniform"},
		{"exponential", 12, "write exponential(mean), as in exponential(5ms)"},
		{"exponential(5ms", 16, `the text ends where ")" belongs`},
		{"exponential(5ms, 2)", 16, `"," stands where ")" belongs`},
		{"lognormal(5ms)", 14, `")" stands where "," belongs`},
		{"lognormal(5ms, 400ms)", 16, "plain number such as 0.5"},
		{"lognormal(5ms, 40)", 1, "it must be from 0 to 10"},
		{"pareto(1ms, 0)", 1, "alpha is 0"},
		{"uniform(5ms, 1ms)", 1, "smaller bound first"},
		{"5ms exponential(2ms)", 5, "left over"},
		{"exponential(1ms) + exponential(1ms)", 20, "one side of + must be a constant"},
		{"-5ms", 1, `"-" stands where a law belongs`},
		{"0 * exponential(1ms)", 1, "the factor is 0"},
		{"mixture(0.5 exponential(1ms))", 13, `where ":" belongs`},
		{"mixture(0: 1ms)", 1, "leave the part out"},
		{"percentiles(50: 5ms)", 13, "a percentile such as p99.9"},
		{"percentiles(p50: 5ms, p40: 6ms)", 1, "must rise"},
		{"percentiles(p150: 5ms)", 1, "from p0 to p100"},
		{"2000000h", 1, "the longest delay"},
		{"600000h + 600000h", 11, "the sum is more"},
		{strings.Repeat("(", 50), 7, "nested"},
		{strings.Repeat("x", 5000), 1, "at most 4096"},
	} {
		_, err := Parse(c.text)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%q: error is %v", c.text, err)
			continue
		}
		if syntax.Column != c.column || !strings.Contains(syntax.Reason, c.says) {
			t.Errorf("%q: got column %d, %q; want column %d, ... %q ...", c.text, syntax.Column, syntax.Reason, c.column, c.says)
		}
	}
}

// Whatever Parse accepts, it accepts again as String writes it, and means the same.
func FuzzParse(f *testing.F) {
	for _, k := range Laws {
		f.Add(k.Example)
	}
	f.Add("5ms + 0.5 * (1us + exponential(2ms))")
	f.Add("mixture(1: mixture(1: 1ms, 2: 2ms), 3: 1h2m3s)")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Count(text, "mixture") > 2 {
			t.Skip("slow to build")
		}
		l, err := Parse(text)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || syntax.Column < 1 || syntax.Column > len(text)+1 {
				t.Fatalf("%q: error without a place in the text: %v", text, err)
			}
			return
		}
		if l.Min() < 0 || l.Max() > maxDelay || l.Min() > l.Max() || l.Mean() < l.Min()-1 || l.Mean() > l.Max()+1+l.Max()/1e12 {
			t.Fatalf("%q: min %d, mean %d, max %d", text, l.Min(), l.Mean(), l.Max())
		}
		again, err := Parse(l.String())
		if err != nil {
			t.Fatalf("%q reads as %q, which does not read: %v", text, l, err)
		}
		if again.String() != l.String() {
			t.Fatalf("%q reads as %q, which reads as %q", text, l, again)
		}
		for _, u := range []uint64{0, 1 << 60, 1<<63 - 1, 1 << 63, 15 << 60, 1<<64 - 1} {
			if a, b := l.Sample(u), again.Sample(u); a-b > 1+time.Duration(a/1e12) || b-a > 1+time.Duration(a/1e12) {
				t.Fatalf("%q: sample %#x is %d, but %d after a round trip", text, u, a, b)
			}
		}
	})
}

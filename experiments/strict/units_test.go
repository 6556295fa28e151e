package strict_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"faultline/experiments/strict"

	"pgregory.net/rapid"
)

type quantities struct {
	Duration  strict.Duration  `yaml:"duration" min:"-9223372036854775807ns"`
	Size      strict.Size      `yaml:"size"`
	Bandwidth strict.Bandwidth `yaml:"bandwidth"`
	Rate      strict.Rate      `yaml:"rate"`
	Share     strict.Share     `yaml:"share"`
}

// read decodes one field and returns it as written by String, or the cause and hint of the error.
func read(field, text string) string {
	var q quantities
	err := strict.Decode("x", []byte(field+": "+text), &q)
	if err != nil {
		problem := err.(*strict.Errors).Problems[0]
		return problem.Cause + "; " + problem.Hint
	}
	return map[string]fmt.Stringer{"duration": q.Duration, "size": q.Size, "bandwidth": q.Bandwidth, "rate": q.Rate, "share": q.Share}[field].String()
}

func TestUnits(t *testing.T) {
	const duration = "write a number and unit, such as 250ms, 10s or 2m"
	for _, c := range []struct{ field, text, want string }{
		{"duration", "250ms", "250ms"},
		{"duration", "1.5s", "1500ms"},
		{"duration", "100us", "100us"},
		{"duration", "100µs", "100us"},
		{"duration", "1m30s", "90s"},
		{"duration", "2h", "2h"},
		{"duration", "0s", "0s"},
		{"duration", "-500ms", "-500ms"},
		{"duration", "0.000000001s", "1ns"},
		{"duration", "10", "10 has no unit; did you mean 10s or 10ms?"},
		{"duration", "0", "0 has no unit; did you mean 0s or 0ms?"},
		{"duration", "10 s", `"10 s" is not a duration; did you mean 10s?`},
		{"duration", "5 minutes", `"5 minutes" is not a duration; did you mean 5m?`},
		{"duration", "10MS", `"10MS" is not a duration; did you mean 10ms?`},
		{"duration", "10x", `"10x" is not a duration; ` + duration},
		{"duration", "s", `"s" is not a duration; ` + duration},
		{"duration", "1e3s", `"1e3s" is not a duration; ` + duration},
		{"duration", "1.5ns", `"1.5ns" is not a whole number of nanoseconds; ` + duration},
		{"duration", "999999999h", `"999999999h" is too large; the greatest is 9223372036854775807 nanoseconds`},
		{"duration", strings.Repeat("9", 500) + "s", `"9999999999999999999999999999999999999999..." is not a duration; ` + duration},
		{"duration", "true", "true is not a duration; " + duration},
		{"duration", "[1s]", "a list is not a duration; " + duration},
		{"size", "64KB", "64KB"},
		{"size", "64000B", "64KB"},
		{"size", "1MiB", "1MiB"},
		{"size", "1.5KiB", "1536B"},
		{"size", "64kb", `"64kb" is not a size; did you mean 64KB?`},
		{"size", "64K", `"64K" is not a size; did you mean 64KB?`},
		{"size", "64", "64 has no unit; did you mean 64KB or 64B?"},
		{"bandwidth", "10MB/s", "10MB/s"},
		{"bandwidth", "100Mbit/s", "12500KB/s"},
		{"bandwidth", "100 Mbps", `"100 Mbps" is not a bandwidth; did you mean 100Mbit/s?`},
		{"bandwidth", "10MB", `"10MB" is not a bandwidth; did you mean 10MB/s?`},
		{"rate", "200/s", "200/s"},
		{"rate", "10/m", "10/m"},
		{"rate", "0.5/h", "0.5/h"},
		{"rate", "2/ms", "2000/s"},
		{"rate", "200 / sec", `"200 / sec" is not a rate; did you mean 200/s?`},
		{"rate", "200 per minute", `"200 per minute" is not a rate; did you mean 200/m?`},
		{"rate", "200/d", `"200/d" is not a rate; write a number and a unit of time, such as 200/s or 10/m`},
		{"share", "0.5%", "0.5%"},
		{"share", "0.005", "0.5%"},
		{"share", "1", "100%"},
		{"share", "0", "0%"},
		{"share", "5 %", `"5 %" is not a share; did you mean 5%?`},
		{"share", "5", "5 is more than the whole, which is 1; did you mean 5%?"},
		{"share", "500", "500 is more than the whole; write at most 100%"},
		{"share", "-0.1", "-0.1 is below zero; write a percentage such as 0.5%, or a number from 0 to 1"},
		{"share", ".nan", `".nan" is not a share; write a percentage such as 0.5%, or a number from 0 to 1`},
	} {
		if got := read(c.field, c.text); got != c.want {
			t.Errorf("%s: %s: got %s, want %s", c.field, c.text, got, c.want)
		}
	}
}

// TestUnitsSurviveWriting holds that what String writes reads as the same quantity.
func TestUnitsSurviveWriting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := quantities{
			Duration:  strict.Duration(rapid.Int64Min(-math.MaxInt64).Draw(t, "duration")),
			Size:      strict.Size(rapid.Int64Min(0).Draw(t, "size")),
			Bandwidth: strict.Bandwidth(rapid.Int64Min(0).Draw(t, "bandwidth")),
			Rate:      strict.Rate(rapid.Float64Range(0, 1e15).Draw(t, "rate")),
			Share:     strict.Share(rapid.Float64Range(0, 1).Draw(t, "share")),
		}
		var back quantities
		if err := strict.Decode("x", strict.Encode(q), &back); err != nil {
			t.Fatalf("%v\n%s", err, strict.Encode(q))
		}
		if back != q {
			t.Fatalf("wrote %+v, read %+v", q, back)
		}
	})
}

func TestNearest(t *testing.T) {
	among := []string{"writes", "reads", "n", "kind", "primary-backup", "raft"}
	for word, want := range map[string]string{
		"wrties": "writes", "raeds": "reads", "Raft": "raft", "rafft": "raft", "primary_backup": "primary-backup",
		"primarybackup": "primary-backup", "m": "", "zebra": "", "": "", strings.Repeat("n", 100_000): "",
	} {
		got, ok := strict.Nearest(word, among)
		if got != want || ok != (want != "") {
			t.Errorf("%.20q: got %q, want %q", word, got, want)
		}
	}
}

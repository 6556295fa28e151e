package strict_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"faultline/experiments/strict"
)

// TestHostileFilesAreRefusedQuickly holds that the time for a file within MaxBytes does not grow with the square of what is wrong in it.
func TestHostileFilesAreRefusedQuickly(t *testing.T) {
	const patience = 20 * time.Second // none of them needs a second on a free core
	many := func(format string) string {
		var b strings.Builder
		for i := 0; b.Len() < strict.MaxBytes-100 && i < strict.MaxValues/8; i++ {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	for name, text := range map[string]string{
		"unknown fields":            many("f%d: 1\n"),
		"unknown fields, one line":  "{" + many("f%d: 1, ") + "}",
		"wrong entries, one line":   "load: {weights: [" + many("x%d, ") + "]}",
		"wrong entries of a map":    "limits: {" + many("x%d: y, ") + "}",
		"the same field":            strings.Repeat("a: 1\n", 40_000),
		"the same field, one line":  "{" + strings.Repeat("a: 1, ", 40_000) + "}",
		"an open parenthesis":       "notes: [(" + many("x%d, ") + "]",
		"open parentheses":          "notes: [" + many("(%d, ") + "]",
		"one long word":             "model: {kind: " + strings.Repeat("x", 1_000_000) + "}",
		"one long name":             strings.Repeat("x", 100_000) + ": 1",
		"aliases of a long text":    "a: &a " + strings.Repeat("x", 500_000) + "\nb: [" + strings.Repeat("*a, ", 90_000) + "]",
		"brackets":                  strings.Repeat("[", 1_000_000),
		"braces":                    strings.Repeat("{a: ", 200_000),
		"dashes":                    strings.Repeat("- ", 500_000),
		"question marks":            strings.Repeat("? ", 500_000),
		"quotes":                    strings.Repeat("\"", 999_999),
		"colons":                    strings.Repeat(": ", 500_000),
		"anchors":                   many("- &a%d x\n"),
		"comments":                  strings.Repeat("#\n", 500_000),
		"blank lines with comments": "a:\n" + strings.Repeat("  # x\n\n", 140_000) + "  b: 1\n",
	} {
		start := time.Now()
		err := strict.Decode("x", []byte(text), &recipe{})
		took := time.Since(start)
		if err == nil || took > patience {
			t.Errorf("%s: took %v, error %.200v", name, took, err)
		}
		t.Logf("%-28s %v", name, took.Round(time.Millisecond))
	}
}

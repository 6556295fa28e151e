package experiments_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"faultline/experiments"
	"faultline/experiments/strict"
)

// instead is what stands in a mangled file where something else should be.
var instead = []string{
	"null", "true", "[]", "{}", "[1, x]", "{a: 1}", "[{a: 1}]", strings.Repeat("[", 200) + strings.Repeat("]", 200),
	"0", "-1", "9223372036854775807", "99999999999999999999", "1e308", ".nan", `""`, "\"é\\0\u202e\"", "100%",
	"0s", "-5ms", "2562047h", "1000/s", `"mixture()"`, `"pareto(1ms, 0)"`, `"uniform(5ms, 1ms)"`,
}

// A shipped file in which something else stands in one place, or nothing, or the same once more, is read,
// or refused with the place of what is wrong: there is no panic.
func TestMangledFilesAreRefusedInTheirPlace(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 22))
	refused := 0
	for _, file := range shippedFiles(t) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := mangled(t, rng, data)
		if _, err := experiments.Parse(file, text); err != nil {
			refused++
			placed(t, err, text)
		}
	}
	if refused < 20 {
		t.Errorf("only %d files were refused", refused)
	}
}

// placed holds that a file's problems have places and causes.
func placed(t *testing.T, err error, text []byte) {
	t.Helper()
	var problems *strict.Errors
	if !errors.As(err, &problems) {
		t.Errorf("an error without a place: %v\n%s", err, text)
		return
	}
	for _, p := range problems.Problems {
		if p.Line < 1 || p.Col < 1 || p.Cause == "" {
			t.Errorf("a problem without a place: %+v\n%s", p, text)
		}
	}
}

// long are the lists of which one entry is enough, to be quick.
var long = []string{"models", "model", "figures", "expect", "plot"}

// mangled returns the file with one thing changed.
func mangled(t *testing.T, rng *rand.Rand, data []byte) []byte {
	t.Helper()
	var file yaml.Node
	if err := yaml.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	var nodes []*yaml.Node
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		if len(n.Content) > 0 {
			nodes = append(nodes, n)
		}
		for i, c := range n.Content {
			if i > 0 && slices.Contains(long, n.Content[i-1].Value) && len(c.Content) > 1 {
				c.Content = c.Content[:1]
			}
			walk(c)
		}
	}
	walk(&file)
	n := nodes[1+rng.IntN(len(nodes)-1)]
	i, entry := rng.IntN(len(n.Content)), 1
	if n.Kind == yaml.MappingNode {
		entry = 2
	}
	first := i / entry * entry
	switch rng.IntN(8) {
	case 0:
		n.Content = slices.Delete(n.Content, first, first+entry)
	case 1:
		n.Content = append(n.Content, n.Content[first:first+entry]...)
	default:
		var other yaml.Node
		if err := yaml.Unmarshal([]byte(instead[rng.IntN(len(instead))]), &other); err != nil {
			t.Fatal(err)
		}
		n.Content[i] = other.Content[0]
	}
	text, err := yaml.Marshal(&file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// What takes longer than messages may take is refused, wherever the longest time comes from.
func TestRoundTripsAreBounded(t *testing.T) {
	const sites = "version: 1\nmodel: single\nnetwork: {round_trips: {a: {b: 2562047h}}}\n"
	_, err := experiments.Parse("test.yaml", []byte(sites))
	if err == nil || !strings.Contains(err.Error(), "above the maximum of 24h") {
		t.Errorf("a round trip of 292 years: %v", err)
	}
	parse(t, "version: 1\nmodel: single\nnetwork: {latency: 640511h, round_trips: {a: {b: 24h}}}\n") // the sum is the longest delay
}

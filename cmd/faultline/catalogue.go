package main

import (
	"fmt"
	"slices"
	"strings"

	"faultline/checker"
	"faultline/experiments"
	"faultline/experiments/fault"
	"faultline/experiments/workload"
	"faultline/models"
	"faultline/net"
	"faultline/net/policy"
	"faultline/results"
	"faultline/results/chart"
	"faultline/sim/dist"
)

// A catalogue is one kind of thing that list and describe know.
type catalogue struct {
	kind, plural string
	doc          string
	entries      func() []entry
	describe     func(name string) description
}

// An entry is one name of a catalogue and what it stands for, in a sentence.
type entry struct {
	Name    string `json:"name"`
	Summary string `json:"summary"`
}

// catalogues lists all of them, in the order in which they are shown.
func catalogues() []catalogue {
	return []catalogue{
		{"model", "models", "stores: what an experiment runs", modelEntries, describeModel},
		{"fault", "faults", "what can go wrong", faultEntries, describeFault},
		{"workload", "workloads", "what clients ask for", workloadEntries, describeWorkload},
		{"checker", "checkers", "what histories are judged by", checkerEntries, describeChecker},
		{"chart", "charts", "kinds of charts", chartEntries, describeChart},
		{"metric", "metrics", "numbers of a run", metricEntries, describeMetric},
		{"experiment", "experiments", "experiments that ship with faultline", experimentEntries, describeExperiment},
		{"network", "networks", "places where nodes can be", networkEntries, describeNetwork},
		{"policy", "policies", "policies of clients: the defaults of well-known software", policyEntries, describePolicy},
		{"law", "laws", "laws of durations, such as latencies", lawEntries, describeLaw},
		{"keylaw", "keylaws", "laws of keys: how operations are spread over them", keyLawEntries, describeKeyLaw},
		{"field", "fields", "fields of an experiment file, and what is in them", fieldEntries, describeField},
	}
}

// findCatalogue finds one by its kind, in the singular or plural.
func findCatalogue(name string) (catalogue, error) {
	var known []string
	for _, c := range catalogues() {
		if name == c.kind || name == c.plural {
			return c, nil
		}
		known = append(known, c.plural)
	}
	return catalogue{}, results.UnknownName("catalogue", name, known)
}

// find returns the entry's own spelling of a name, if the catalogue has it.
func (c catalogue) find(name string) (string, bool) {
	if m := models.Find(name); m != nil && c.kind == "model" {
		return m.Name, true
	}
	if c.kind == "field" {
		return name, findField(name) != nil
	}
	has := slices.ContainsFunc(c.entries(), func(e entry) bool { return e.Name == name })
	return name, has
}

func (c catalogue) names() []string {
	var names []string
	for _, e := range c.entries() {
		names = append(names, e.Name)
	}
	return names
}

// namesLike returns the names among which one that is not found may be misspelt.
func (c catalogue) namesLike(name string) []string {
	if c.kind == "field" {
		return fieldsBeside(name)
	}
	return c.names()
}

func modelEntries() (all []entry) {
	for _, m := range models.All {
		all = append(all, entry{m.Name, m.Summary})
	}
	return all
}

func faultEntries() (all []entry) {
	for _, k := range fault.All {
		all = append(all, entry{k.Name, k.Doc})
	}
	return all
}

func workloadEntries() (all []entry) {
	for _, p := range workload.All {
		all = append(all, entry{p.Name, p.Doc})
	}
	return all
}

// checkerDocs says in a sentence what each checker and property asks.
var checkerDocs = map[string]string{
	experiments.PropLinearizable: "There is one order of all operations on a key that respects real time and explains every answer (Herlihy and Wing, TOPLAS 1990).",
	experiments.PropDurable:      "No acknowledged write is lost: after heal and settle each was read, or overwritten.",
	experiments.PropConverges:    "After heal and settle all replicas hold the same.",
	"sequential":                 "There is one order of all operations on all keys that respects the order of each client and explains every answer (Lamport 1979).",
	"causal-convergence":         "One order of all writes, which respects causes, explains what every client reads of those it knows of (CCv: Bouajjani et al., POPL 2017).",
	"causal-memory":              "Each client sees all writes in an order that respects causes and explains all it reads (CM: Ahamad et al., Distributed Computing 1995).",
	"causal":                     "Each read is explained by some order of what it must know of: its client's past, what was read from others, and theirs (CC).",
	"pram":                       "Each client sees the writes of every other in the order in which they were made (Lipton and Sandberg 1988).",
	"read-your-writes":           "No read returns a value older than one that the same client wrote before (Terry et al., PDIS 1994).",
	"monotonic-reads":            "No read returns a value older than one that the same client read before (Terry et al., PDIS 1994).",
	"monotonic-writes":           "No write is older than one that the same client made before (Terry et al., PDIS 1994).",
	"writes-follow-reads":        "No write is older than a value that the same client read before (Terry et al., PDIS 1994).",
	"fresh":                      "No read returns a value that had certainly been overwritten before it was called.",
}

func checkerEntries() (all []entry) {
	names := slices.Clone(experiments.Properties)
	for _, c := range checker.All {
		if !slices.Contains(names, c.Name()) {
			names = append(names, c.Name())
		}
	}
	for _, name := range names {
		all = append(all, entry{name, checkerDocs[name]})
	}
	return all
}

func chartEntries() (all []entry) {
	for _, k := range chart.Kinds {
		all = append(all, entry{k.Name, k.Doc})
	}
	return all
}

func metricEntries() (all []entry) {
	for _, m := range results.Metrics {
		all = append(all, entry{m.Name, m.Doc})
	}
	return all
}

func experimentEntries() (all []entry) {
	for _, name := range experiments.Shipped() {
		all = append(all, entry{name, experiments.ShippedQuestion(name)})
	}
	return all
}

func networkEntries() (all []entry) {
	for _, p := range net.Presets {
		all = append(all, entry{p.Name, p.Doc})
	}
	return all
}

func policyEntries() (all []entry) {
	for _, p := range policy.Presets {
		all = append(all, entry{p.Name, p.Doc})
	}
	return all
}

func lawEntries() (all []entry) {
	for _, l := range dist.Laws {
		all = append(all, entry{l.Name, l.Signature + ": " + l.Doc})
	}
	return all
}

func keyLawEntries() (all []entry) {
	for _, l := range workload.Laws {
		all = append(all, entry{l.Name, l.Signature + ": " + l.Doc})
	}
	return all
}

// bounds writes the values that a setting may have.
func bounds(least, most any, choices []string) string {
	switch {
	case len(choices) > 0:
		return strings.Join(choices, " | ")
	case least != nil && most != nil:
		return fmt.Sprintf("%s..%s", experiments.Written(least), experiments.Written(most))
	case least != nil:
		return "from " + experiments.Written(least)
	case most != nil:
		return "up to " + experiments.Written(most)
	}
	return ""
}

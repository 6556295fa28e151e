package main

import (
	"fmt"
	"slices"
	"strings"

	"faultline/experiments"
	"faultline/experiments/fault"
	"faultline/experiments/workload"
	"faultline/models"
	"faultline/models/store"
	"faultline/net"
	"faultline/net/policy"
	"faultline/results"
	"faultline/results/chart"
	"faultline/sim"
	"faultline/sim/dist"
)

// exampleReplicas is how many replicas descriptions and examples have.
const exampleReplicas = 5

func describeModel(name string) description {
	m := models.Find(name)
	d := description{Kind: "model", Name: m.Name, Summary: m.Summary, Example: fmt.Sprintf("model: {kind: %s, n: %d}", m.Name, exampleReplicas)}
	config := configOf(m, nil)
	d.Facts = []fact{
		{"claims", string(m.Claims(config)) + otherClaims(m)},
		{"assumes", join(m.Assumes(config))},
		{"operations", join(m.Kinds)},
		{"paper", m.Paper},
	}
	if m.AppliesOnce(config) {
		d.Facts = append(d.Facts, fact{"retries", "a write that is sent again is applied once"})
	} else {
		d.Facts = append(d.Facts, fact{"retries", "a write that is sent again may be applied twice; clients do not send one whose fate is unknown"})
	}
	if len(m.Steps) > 0 {
		d.Facts = append(d.Facts, fact{"steps", join(m.Steps) + " (see faultline describe fault crash-at-step)"})
	}
	for _, p := range m.Params {
		d.Params = append(d.Params, paramOf(p))
	}
	for _, mutant := range m.Mutants {
		d.Mutants = append(d.Mutants, entry{mutant.Name, mutant.Doc})
	}
	return d
}

func join[T any](items []T) string {
	var words []string
	for _, i := range items {
		words = append(words, fmt.Sprint(i))
	}
	if words == nil {
		return "nothing"
	}
	return strings.Join(words, ", ")
}

func paramOf(p store.Param) param {
	return param{p.Name, experiments.Written(p.Default), bounds(p.Min, p.Max, p.Choices), p.Safety, p.Doc}
}

// configOf returns the configuration of a model with a few settings changed.
func configOf(m *store.Model, set store.Values) store.Config {
	config := store.Config{Master: sim.None, Values: m.Defaults(set)}
	for i := range exampleReplicas {
		config.Replicas = append(config.Replicas, sim.NodeID(i))
	}
	if m.Master != nil {
		config.Master = exampleReplicas
	}
	return config
}

// otherClaims says which single settings change what a model claims.
func otherClaims(m *store.Model) string {
	usual := m.Claims(configOf(m, nil))
	text := ""
	for _, p := range m.Params {
		for _, v := range alternatives(p) {
			config := configOf(m, store.Values{p.Name: v})
			if m.Check != nil && m.Check(config) != nil {
				continue
			}
			if claim := m.Claims(config); claim != usual {
				text += fmt.Sprintf("; %s with %s: %v", claim, p.Name, v)
			}
		}
	}
	return text
}

// alternatives lists the other values of a setting that has but a few.
func alternatives(p store.Param) []any {
	if is, ok := p.Default.(bool); ok {
		return []any{!is}
	}
	var all []any
	for _, c := range p.Choices {
		if c != p.Default {
			all = append(all, c)
		}
	}
	return all
}

func describeFault(name string) description {
	k, _ := fault.Find(name)
	d := description{Kind: "fault", Name: k.Name, Summary: k.Doc, Facts: []fact{{"family", k.Family}}}
	breaks := fault.Fault{Kind: k}.Breaks(fault.Cluster{Replicas: exampleReplicas, Clients: exampleReplicas})
	d.Facts = append(d.Facts, fact{"breaks", join(breaks) + " (with its defaults, by itself)"})
	for _, p := range k.Params {
		d.Params = append(d.Params, paramOf(p.Param))
	}
	d.Example = fmt.Sprintf("faults:\n  - %s: {at: 5s%s}", k.Name, needed(k))
	return d
}

// needed writes the settings that have no default to speak of.
func needed(k *fault.Kind) string {
	text := ""
	for _, p := range k.Params {
		if groups, ok := p.Default.([][]string); ok && len(groups) == 0 {
			text += fmt.Sprintf(", %s: [[n1, n2], [n3, n4, n5]]", p.Name)
		}
	}
	return text
}

func describeWorkload(name string) description {
	p, _ := workload.Find(name)
	w := p.Workload
	loop := "closed: each client waits for its answer"
	if w.Open() {
		loop = fmt.Sprintf("open: %g operations per second, whether or not earlier ones are answered", w.Rate)
	}
	return description{
		Kind: "workload", Name: p.Name, Summary: p.Doc,
		Facts: []fact{
			{"clients", fmt.Sprint(w.Clients)},
			{"keys", fmt.Sprintf("%d, %s", w.Keys, w.Law)},
			{"operations", mixOf(w.Mix)},
			{"loop", loop},
			{"for", w.Duration.String()},
		},
		Example: fmt.Sprintf("workload: {like: %s, clients: 8}", p.Name),
	}
}

// mixOf writes a mix in percent.
func mixOf(m workload.Mix) string {
	all := m.Reads + m.Writes + m.CAS + m.Appends
	var parts []string
	for _, k := range []struct {
		weight float64
		name   string
	}{{m.Reads, "reads"}, {m.Writes, "writes"}, {m.CAS, "compare-and-sets"}, {m.Appends, "appends"}} {
		if k.weight > 0 {
			parts = append(parts, fmt.Sprintf("%.3g%% %s", 100*k.weight/all, k.name))
		}
	}
	return strings.Join(parts, ", ")
}

func describeChecker(name string) description {
	d := description{Kind: "checker", Name: name, Summary: checkerDocs[name]}
	if slices.Contains(experiments.Properties, name) {
		d.Example = fmt.Sprintf("expect:\n  %s: always     # or violated, or never", name)
	} else {
		d.Facts = []fact{{"score", "the share of stale reads: metric stale"}}
	}
	return d
}

func describeChart(name string) description {
	i := slices.Index(chart.KindNames(), name)
	k := chart.Kinds[i]
	d := description{Kind: "chart", Name: k.Name, Summary: k.Doc, Example: "plot:\n  - {kind: " + k.Name + "}"}
	uses := "none of its own"
	if len(k.Uses) > 0 {
		uses = strings.ToLower(strings.Join(k.Uses, ", "))
	}
	d.Facts = []fact{{"options", uses}, {"always", "series, where, split, title, subtitle, name"}, {"formats", strings.Join(chart.Formats(), ", ")}}
	return d
}

var directions = map[results.Better]string{results.Higher: "higher", results.Lower: "lower", results.Neither: "neither way"}

func describeMetric(name string) description {
	m, err := results.FindMetric(name)
	if err != nil {
		panic("faultline: " + err.Error())
	}
	unit := m.Unit
	if unit == results.Plain {
		unit = "none"
	}
	return description{
		Kind: "metric", Name: m.Name, Summary: m.Doc,
		Facts: []fact{{"label", m.Label}, {"unit", unit}, {"better", directions[m.Better]}},
	}
}

func describeExperiment(name string) description {
	d := description{Kind: "experiment", Name: name, Example: "faultline run " + name}
	e, err := experiments.LoadShipped(name)
	if err != nil {
		d.Summary = err.Error()
		return d
	}
	var cells []string
	for _, c := range e.Cells {
		cells = append(cells, c.Series)
	}
	d.Summary = e.Question
	d.Facts = []fact{
		{"about", e.About},
		{"file", e.File},
		{"cells", strings.Join(cells, ", ")},
		{"seeds", e.Seeds.String()},
	}
	for i := range e.Expect {
		d.Facts = append(d.Facts, fact{"expects", strings.TrimPrefix(e.Expect[i].String(), ": ")})
	}
	for _, p := range e.Plots {
		d.Facts = append(d.Facts, fact{"chart", p.Kind})
	}
	return d
}

func describeNetwork(name string) description {
	i := slices.IndexFunc(net.Presets, func(p net.Preset) bool { return p.Name == name })
	p := net.Presets[i]
	return description{
		Kind: "network", Name: p.Name, Summary: p.Doc,
		Facts:   []fact{{"sites", strings.Join(p.Build().Sites, ", ")}},
		Example: fmt.Sprintf("network: {preset: %s}", p.Name),
	}
}

func describePolicy(name string) description {
	preset, _ := policy.FindPreset(name)
	p := preset.Policy
	facts := []fact{{"attempts", fmt.Sprint(max(p.MaxAttempts, 1))}}
	add := func(about, text string, there bool) {
		if there {
			facts = append(facts, fact{about, text})
		}
	}
	add("timeout of one", p.AttemptTimeout.String(), p.AttemptTimeout > 0)
	add("backoff", policy.Kinds[p.Backoff.Kind].Doc, p.Backoff.Kind != policy.None)
	add("hedges", fmt.Sprintf("%d, one after each %v", p.Hedge.Max, p.Hedge.After), p.Hedge.Max > 0)
	add("budget", policy.BudgetRules[p.Budget.Rule].Doc, p.Budget.Rule != policy.Unlimited)
	add("throttle", fmt.Sprintf("%v requests for each one accepted", p.Throttle.K), p.Throttle.K > 0)
	add("breaker", policy.BreakerRules[p.Breaker.Rule].Doc, p.Breaker.Rule != policy.NoBreaker)
	add("limiter", policy.LimiterRules[p.Limiter.Rule].Doc, p.Limiter.Rule != policy.NoLimit)
	add("balance", policy.BalanceRules[p.Balance].Doc, p.Balance != policy.InOrder)
	add("ejects after", fmt.Sprintf("%d failures in a row", p.Eject.Failures), p.Eject.Failures > 0)
	return description{Kind: "policy", Name: name, Summary: preset.Doc, Facts: facts, Example: fmt.Sprintf("client: {preset: %s}", name)}
}

func describeLaw(name string) description {
	i := slices.IndexFunc(dist.Laws, func(k dist.Kind) bool { return k.Name == name })
	l := dist.Laws[i]
	return description{
		Kind: "law", Name: l.Name, Summary: l.Doc, Facts: []fact{{"written", l.Signature}},
		Example: fmt.Sprintf("network: {latency: %q}", l.Example),
	}
}

func describeKeyLaw(name string) description {
	for _, l := range workload.Laws {
		if l.Name == name {
			return description{
				Kind: "keylaw", Name: l.Name, Summary: l.Doc, Facts: []fact{{"written", l.Signature}},
				Example: fmt.Sprintf("workload: {law: %q}", l.Example),
			}
		}
	}
	panic("faultline: no law of keys " + name)
}

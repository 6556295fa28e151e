package fault

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"faultline/models/store"
	"faultline/sim"
)

// A Param is one setting of a fault: typed, documented, with its default. The
// type of a value is that of Default: time.Duration, int, string, float64 (a
// share, from 0 to 1) or [][]string (groups of nodes, by name).
type Param struct {
	store.Param
	// Samples are typical values, from which random plans take theirs. Empty: the default.
	Samples []any
}

// Check returns what is wrong with v as a value of p, or nil.
func (p *Param) Check(v any) error {
	if have, want := fmt.Sprintf("%T", v), fmt.Sprintf("%T", p.Default); have != want {
		return fmt.Errorf("it is of type %s, not %s", have, want)
	}
	if share, ok := v.(float64); ok && !(share >= 0 && share <= 1) {
		return fmt.Errorf("%v is not a share from 0 to 1", share)
	}
	return p.Param.Check(v)
}

// Param returns the setting's declaration by name, or nil.
func (k *Kind) Param(name string) *Param {
	i := slices.IndexFunc(k.Params, func(p Param) bool { return p.Name == name })
	if i < 0 {
		return nil
	}
	return &k.Params[i]
}

func (k *Kind) paramNames() []string {
	var names []string
	for _, p := range k.Params {
		names = append(names, p.Name)
	}
	return names
}

// settings are the values of all settings of a fault.
type settings struct{ store.Config }

// settings returns the fault's values with every default in place.
func (f Fault) settings() settings {
	values := store.Values{}
	for _, p := range f.Kind.Params {
		values[p.Name] = p.Default
	}
	maps.Copy(values, f.Values)
	return settings{store.Config{Values: values}}
}

func (v settings) share(name string) float64     { return v.Values[name].(float64) }
func (v settings) groups(name string) [][]string { return v.Values[name].([][]string) }
func sortedNames(v store.Values) []string        { return slices.Sorted(maps.Keys(v)) }

// Names of values that several faults understand.
const (
	targetRandom   = "random"
	targetLeader   = "leader"
	targetFollower = "follower"
	targetMinority = "minority"
	targetAll      = "all"

	clientsNearest  = "nearest"
	clientsSplit    = "split"
	clientsBoth     = "both"
	clientsMajority = "majority"
	clientsMinority = "minority"
)

// timing returns the settings that say when: of every fault but momentary ones.
func timing() []Param {
	return append(momentTiming(), Param{
		Param: store.Param{Name: "for", Doc: "How long each occurrence lasts; 0: until the faults end.",
			Default: 5 * time.Second, Min: time.Duration(0), Max: maxTime},
	})
}

// momentTiming returns the settings that say when, of a fault without duration.
func momentTiming() []Param {
	return []Param{
		{Param: store.Param{Name: "at", Doc: "When it begins, counted from the start of the run; with every, when it may begin.",
			Default: time.Duration(0), Min: time.Duration(0), Max: maxTime}},
		{Param: store.Param{Name: "every", Doc: "The mean time from one beginning to the next, at random (exponential); one that would come before the last has ended comes when it ends. 0: once, at the time of at.",
			Default: time.Duration(0), Min: time.Duration(0), Max: maxTime}},
	}
}

// maxTime bounds all times in faults: a day.
const maxTime = 24 * time.Hour

func targetParam(def, doc string, samples ...any) Param {
	return Param{store.Param{Name: "target", Doc: doc, Default: def}, samples}
}

// replicaTarget is the target of faults that strike replicas.
func replicaTarget(def string) Param {
	return targetParam(def,
		"Whom: random (a replica), leader, follower, minority (of the replicas, at random), all, or names such as n2, or n1, n3, or master; where there are services, the name of one, or store. In a store without leaders, leader is any replica.",
		targetRandom, targetLeader, targetFollower, "n1")
}

func clientsParam(def string) Param {
	return Param{store.Param{Name: "clients", Doc: "Which side clients are on: nearest (that of the replica nearest to them), split (in turn), majority, minority, or both (they reach every replica).",
		Default: def, Choices: []string{clientsNearest, clientsSplit, clientsMajority, clientsMinority, clientsBoth}},
		[]any{clientsNearest, clientsSplit, clientsBoth, clientsMajority}}
}

func durationParam(name, doc string, def, least time.Duration, samples ...any) Param {
	return Param{store.Param{Name: name, Doc: doc, Default: def, Min: least, Max: maxTime}, samples}
}

func intParam(name, doc string, def, least, most int, samples ...any) Param {
	return Param{store.Param{Name: name, Doc: doc, Default: def, Min: least, Max: most}, samples}
}

func shareParam(name, doc string, def float64, samples ...any) Param {
	return Param{store.Param{Name: name, Doc: doc, Default: def}, samples}
}

func choiceParam(name, doc, def string, choices ...string) Param {
	p := Param{Param: store.Param{Name: name, Doc: doc, Default: def, Choices: choices}}
	for _, c := range choices {
		p.Samples = append(p.Samples, c)
	}
	return p
}

// params puts a kind's own settings before those that say when.
func params(own []Param, timing []Param) []Param { return append(slices.Clip(own), timing...) }

// sample draws a typical value of the setting.
func (p *Param) sample(r *sim.Stream) any {
	if len(p.Samples) == 0 {
		return p.Default
	}
	return p.Samples[r.IntN(len(p.Samples))]
}

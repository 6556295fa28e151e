package experiments_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"faultline/experiments"
	"faultline/models"
	"faultline/models/store/storetest"
	"faultline/results"
	"faultline/sim"
)

// shippedFiles are all experiments that ship, and all published cases.
func shippedFiles(t *testing.T) (files []string) {
	t.Helper()
	for _, folder := range []string{"library", "published"} {
		some, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
		if err != nil || len(some) == 0 {
			t.Fatalf("no files in %s: %v", folder, err)
		}
		files = append(files, some...)
	}
	return files
}

var medleyOnce struct {
	sync.Once
	all []*experiments.Scenario
}

// medley are short scenarios that have little in common: a cell of every shipped file, and
// every store that suffers, with each of its mutants.
func medley(t *testing.T) []*experiments.Scenario {
	medleyOnce.Do(func() { medleyOnce.all = newMedley(t) })
	return medleyOnce.all
}

func newMedley(t *testing.T) (all []*experiments.Scenario) {
	t.Helper()
	for _, file := range shippedFiles(t) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		e := parse(t, string(data))
		sc := *e.Cells[len(e.Cells)/2].Scenario
		sc.Name = file
		all = append(all, &sc)
	}
	for _, m := range models.All {
		all = append(all, storetest.Harm(storetest.Scenario(m, nil, 3), 3))
		for _, mutant := range m.Mutants {
			kind := "model: {kind: " + m.Name + ", mutant: " + mutant.Name + "}"
			all = append(all, parse(t, fmt.Sprintf(rough, kind, "{timeout: 60ms, total: 500ms}", mixOf(m.Name))).Cells[0].Scenario)
		}
	}
	for i, sc := range all {
		short := *sc
		short.Warmup, short.Settle = min(sc.Warmup, 2*time.Second), min(sc.Settle, time.Second)
		short.Workload.Duration = min(sc.Workload.Duration, 300*time.Millisecond)
		all[i] = &short
	}
	return all
}

// What a run gives does not depend on which ones came before it in the same memory,
// however different they were; and a row stays as it is when others follow.
func TestRunsOfAllKindsForget(t *testing.T) {
	all := medley(t)
	rng := rand.New(rand.NewPCG(11, 12))
	var runner experiments.Runner
	var scorer experiments.Scorer
	var same, own []results.Row
	for _, i := range rng.Perm(len(all)) {
		sc, seed := all[i], rng.Uint64N(1000)
		same = append(same, scorer.Score(sc, runner.Run(sc, seed)))
		own = append(own, experiments.Score(sc, experiments.Run(sc, seed)))
	}
	for i := range own {
		if !reflect.DeepEqual(same[i], own[i]) {
			t.Errorf("%s, %s, seed %d: %+v\nin memory of its own: %+v", own[i].Experiment, own[i].Model, own[i].Seed, same[i], own[i])
		}
	}
}

// A message is shared, not copied, and lies in memory that is used again: nobody may
// change it between its sending and its arrival, or that of its double.
func TestMessagesStayAsTheyWereSent(t *testing.T) {
	looked := 0
	for seed, sc := range medley(t) {
		sent, wrong := map[any]string{}, 0
		experiments.Watch(sc, uint64(seed), func(event sim.Trace) {
			if reflect.ValueOf(event.Msg).Kind() != reflect.Pointer || len(sent) > 200 || wrong > 0 {
				return // what is no pointer cannot change
			}
			now := spelt(event.Msg)
			looked++
			if before, known := sent[event.Msg]; !known {
				sent[event.Msg] = now
			} else if before != now {
				wrong++
				t.Errorf("%s, %s: %T from %d to %d changed from\n%s\nto\n%s", sc.Name, sc.Model.Name, event.Msg, event.From, event.Node, before, now)
			}
		})
	}
	if looked < 10_000 {
		t.Errorf("looked at %d messages: too few", looked)
	}
}

// spelt returns a message with all that it points to, but for what it only remembers.
func spelt(msg any) string {
	var b strings.Builder
	spell(&b, reflect.ValueOf(msg))
	return b.String()
}

func spell(b *strings.Builder, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			spell(b, v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			switch name := v.Type().Field(i).Name; name {
			case "boxes", "hash", "state", "sizeCache": // the run's memory; a digest that is kept once it was asked for; what protobuf keeps
			default:
				b.WriteString(name + ":")
				spell(b, v.Field(i))
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			spell(b, v.Index(i))
			b.WriteByte(',')
		}
	case reflect.Map, reflect.Func:
	default:
		fmt.Fprintf(b, "%v ", v)
	}
}

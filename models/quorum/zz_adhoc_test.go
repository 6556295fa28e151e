package quorum_test

import (
	"faultline/checker/converge"
	"faultline/experiments"
	"faultline/models/abd"
	"faultline/models/lww"
	"faultline/models/quorum"
	"faultline/models/store"
	"faultline/models/store/storetest"
	"faultline/sim"
	"os"
	"strconv"
	"testing"
)

func TestAdhoc(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("N"))
	if n == 0 {
		t.Skip()
	}
	for _, m := range []*store.Model{&quorum.Model, &lww.Model, &abd.Model} {
		if only := os.Getenv("M"); only != "" && only != m.Name {
			continue
		}
		list := append([]store.Mutant{{Name: "", Breaks: "converges"}}, m.Mutants...)
		if mm := os.Getenv("MU"); mm != "" {
			for _, x := range m.Mutants {
				if x.Name == mm {
					list = []store.Mutant{x}
				}
			}
		}
		for _, mu := range list {
			for _, planted := range []bool{false, true} {
				if planted && mu.Name == "" {
					continue
				}
				prop := mu.Breaks
				if prop == "" {
					prop = "linearizable"
				}
				bad := 0
				first := -1
				ok := 0
				for seed := range uint64(n) {
					sc := storetest.Harm(storetest.Scenario(m, mu.Set, seed), seed)
					if planted {
						sc.Mutant = mu.Name
					}
					o := experiments.Run(sc, seed)
					if m.Name == "quorum" { // homes only
						cfg := sc.Config()
						for i := range o.Replicas {
							cfg.Replicas = nil
							for r := range sc.Replicas {
								cfg.Replicas = append(cfg.Replicas, sim.NodeID(r))
							}
							_ = i
						}
						o2 := map[string]map[int64]int{}
						seen := map[string]bool{}
						for _, r := range o.Replicas {
							for _, it := range r.Items {
								seen[it.Key] = true
								if o2[it.Key] == nil {
									o2[it.Key] = map[int64]int{}
								}
								o2[it.Key][it.Value.Num]++
							}
						}
						want := sc.Config().Int("n")
						div := false
						for _, vals := range o2 {
							tot := 0
							for _, c := range vals {
								tot += c
							}
							if len(vals) != 1 || tot != want {
								div = true
							}
						}
						if prop == "converges" {
							if div {
								bad++
								if first < 0 {
									first = int(seed)
								}
							}
							ok++
							continue
						}
						o.Replicas = []converge.Replica{}
					}
					row := experiments.Score(sc, o)
					if row.Verdicts[prop] == "violated" {
						bad++
						if first < 0 {
							first = int(seed)
						}
					}
					ok++
				}
				t.Logf("%s %q planted=%v %s: %d of %d, first %d", m.Name, mu.Name, planted, prop, bad, ok, first)
			}
		}
	}
}

package experiments

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"faultline/experiments/strict"
	"faultline/sim"
)

func TestServersAreWhatIsWritten(t *testing.T) {
	var s ServerSpec
	text := `{workers: 2, service: exponential(5ms), queue: {discipline: lifo, limit: 0}, reject_cost: 50%, drop_expired: true, min_left: 5ms, background: {every: 10s, takes: 200ms}}`
	if err := strict.Decode("server.yaml", []byte(text), &s); err != nil {
		t.Fatal(err)
	}
	got := s.server()
	want := &sim.Server{
		Workers: 2, Service: s.Service.Law, Discipline: sim.LIFO, Bounded: true, RejectCost: 500, DropExpired: true, MinLeft: 5 * time.Millisecond,
		Target: 5 * time.Millisecond, Interval: 100 * time.Millisecond, Every: 10 * time.Second, Chore: s.Background.Takes.Law,
	}
	if !reflect.DeepEqual(got, want) || s.Service.String() != "exponential(5ms)" {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if (*ServerSpec)(nil).server() != nil {
		t.Error("where nothing is written, there are rules of a server")
	}
	f, _ := reflect.TypeOf(QueueSpec{}).FieldByName("Discipline")
	for i, name := range strings.Split(f.Tag.Get("oneof"), ",") {
		if discipline(name) != sim.Disciplines[i] {
			t.Errorf("discipline %s is not the %d of the catalogue", name, i)
		}
	}
}

func TestMistakesInServersAreNamed(t *testing.T) {
	for text, says := range map[string]string{
		"{min_left: 5ms}":                        "add drop_expired: true",
		"{queue: {target: 5ms}}":                 "setting of codel and controlled-delay",
		"{queue: {discipline: lfio}}":            `did you mean "lifo"`,
		"{queue: {limit: -1}}":                   "limit",
		"{background: {every: 10ms, takes: 1s}}": "no time for requests",
		"{service: exponential(5)}":              "service",
		"{background: {every: 10ms}}":            "takes",
	} {
		var s ServerSpec
		if err := strict.Decode("server.yaml", []byte(text), &s); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: error is %v, want one that says %q", text, err, says)
		}
	}
}

func TestMistakesInServicesAreNamed(t *testing.T) {
	for text, says := range map[string]string{
		"services: {api: {n: 1}}\n": "service has no operation write",
		"workload: {reads: 100%}\nservices: {api: {calls: [auht]}, auth: {}}\n":                "auht, which is not among the services",
		"workload: {reads: 100%}\nservices: {api: {calls: [store]}}\n":                         "there is no model",
		"model: single\nservices: {api: {}}\n":                                                 "no path leads from service api to the model",
		"model: single\nservices: {api: {calls: [[]]}}\n":                                      "no call in the list",
		"model: single\nservices: {api: {calls: [{too: store}]}}\n":                            "too",
		"services: {api: {blocking: true, calls: [b]}, b: {}}\n":                               "give it a server of its own",
		"services: {api: {blocking: true, server: {workers: 2}}}\n":                            "calls nobody",
		"services: {api: {calls: [{to: b, share: 0%}]}, b: {}}\n":                              "leave the call out",
		"services: {api: {n: 2, shards: {size: 1, by: kee}}}\n":                                `did you mean "key"`,
		"services: {api: {calls: [b]}, b: {n: 2, shards: {size: 3}}}\n":                        "shards of 3 of its 2 replicas",
		"services: {api: {calls: [{to: b, client: {cancle: true}}]}, b: {}}\n":                 `did you mean "cancel"`,
		"workload: {reads: 100%}\nservices: {api: {}}\nfaults: [{poison: {clients: c9}}]\n":    "there is no c9",
		"workload: {reads: 100%}\nservices: {api: {}}\nfaults: [{poison: {does: crsh}}]\n":     `did you mean "crash"`,
		"services: {api: {}}\nslo: 100%\n":                                                     "leaves no budget",
		"model: single\nservices: {api: {calls: [store]}}\nfaults: [{crash: {target: apy}}]\n": "apy",
	} {
		if _, err := Parse("test.yaml", []byte("version: 1\n"+text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: error is %v, want one that says %q", text, err, says)
		}
	}
}

// What is written of services comes out of the file again, and back in.
func TestServicesReachTheScenario(t *testing.T) {
	e, err := Parse("test.yaml", []byte(`
version: 1
model: {kind: single, n: 2}
server: {workers: 4}
services:
  api: {n: 3, blocking: true, server: {workers: 5}, calls: [{to: auth, share: 20%}, [{to: ads, optional: true, refresh: 1s}, {to: mid, deadline: passed-on}]]}
  auth: {n: 4, server: {workers: 7}, shards: {size: 2, by: key, kind: cells}}
  ads: {n: 1}
  mid: {n: 1, calls: [{to: store, key: none, cache: {for: 1s, stale: true}, client: {preset: grpc, cancel: true}}]}
slo: 99.5%
`))
	if err != nil {
		t.Fatal(err)
	}
	sc := e.Cells[0].Scenario
	if sc.Replicas != 11 || sc.serverOf(0).Workers != 4 || sc.serverOf(5).Workers != 7 || sc.serverOf(9).Workers != 4 {
		t.Errorf("%d replicas, servers %+v, %+v, %+v", sc.Replicas, sc.serverOf(0), sc.serverOf(5), sc.serverOf(9))
	}
	g := sc.groups()
	if len(g) != 5 || g[0].Name != "store" || g[0].To != 2 || g[2].Name != "auth" || g[2].From != 5 || g[2].To != 9 {
		t.Errorf("groups %+v", g)
	}
	if c := sc.Services.Services[0].Stages[1][0]; !c.Optional || c.Refresh != time.Second {
		t.Errorf("the call to ads is %+v", c)
	}
	if c := sc.Services.Services[3].Stages[0][0]; !c.NoKey || !c.Stale || c.Cache != time.Second || c.Policy.MaxAttempts != 4 {
		t.Errorf("the call to the store is %+v", c)
	}
	if front := sc.Services.Services[0]; !front.Server.Blocking || front.Server.Workers != 5 || front.Stages[0][0].Share != 0.2 {
		t.Errorf("api is %+v", front)
	}
	if auth := sc.Services.Services[1]; auth.Shard != 2 || !auth.ByKey || !auth.Cells {
		t.Errorf("auth is %+v", auth)
	}
	if !sc.Services.Services[3].Stages[0][0].Policy.Cancel || sc.Policy.Cancel || sc.SLO != 0.995 {
		t.Errorf("clients cancel: %v, the objective is %v", sc.Policy.Cancel, sc.SLO)
	}
	if sc.Model.Claims(sc.Config()) != "eventual" || sc.Model.AppliesOnce(sc.Config()) {
		t.Error("behind a cache, and without tokens, single still claims to be linearizable and to apply once")
	}
}

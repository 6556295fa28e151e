package primarybackup_test

import (
	"flag"
	"testing"
	"time"

	"faultline/checker/history"
	"faultline/experiments"
	"faultline/models/primarybackup"
	"faultline/models/store"
	"faultline/models/store/storetest"
	"faultline/net"
	"faultline/sim/dist"
)

var hard = flag.Int("hard", 8, "seeds of TestHardTimes")

// Far more load, slow disks, every fourth run on slow links, and timeouts that are
// too short or at odds with each other: what is promised holds all the same.
func TestHardTimes(t *testing.T) {
	for _, set := range []store.Values{
		nil,
		{"ack": "one-backup"},
		{"sync": false},
		{"heartbeat": 20 * time.Millisecond, "failover": 200 * time.Millisecond},
	} {
		for seed := range uint64(*hard) {
			sc := hardTimes(set, seed)
			o := experiments.Run(sc, seed)
			row := experiments.Score(sc, o)
			for _, property := range experiments.Promised(sc.Model.Claims(sc.Config())) {
				if row.Verdicts[property] != "holds" {
					t.Errorf("%v, seed %d: %s: %s", set, seed, property, row.Evidence[property])
				}
			}
			for _, op := range o.Final {
				if op.Status != history.OK {
					t.Errorf("%v, seed %d: after heal and settle a read is %v", set, seed, op.Status)
				}
			}
		}
	}
}

func hardTimes(set store.Values, seed uint64) *experiments.Scenario {
	sc := storetest.Scenario(&primarybackup.Model, set, seed)
	sc.Workload.Clients, sc.Workload.Duration = 15, 6*time.Second
	sc.Workload.Think = dist.Exponential(5 * time.Millisecond)
	sc.Disk = dist.Exponential(3 * time.Millisecond)
	if seed%4 == 3 {
		sc.Topology = net.Flat(dist.LogNormal(20*time.Millisecond, 0.8))
	}
	return storetest.Harm(sc, seed+5000)
}

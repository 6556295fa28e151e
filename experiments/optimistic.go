package experiments

import (
	"strconv"

	"faultline/checker/history"
	"faultline/net/policy"
	"faultline/results"
)

// updates makes optimistic updates, one after the other.
func (c *session) updates() {
	work, rand := c.run.work, c.run.workStream(c.index)
	waits := c.run.sim.Stream("backoff of client " + strconv.Itoa(c.index))
	most := c.run.scenario.Workload.Optimistic.Updates
	c.proc.SleepUntil(0) // the warm-up ended the instant before
	for n := 0; (most == 0 || n < most) && !c.run.stopped; n++ {
		c.update(work.Key(rand), waits)
		c.proc.Sleep(work.Think(rand))
	}
}

// update reads a key and swaps its value for another until nobody came between. An
// answer that does not come is no swap: the next read shows whether it was one.
func (c *session) update(key string, waits policy.Rand) {
	var course policy.Course
	for !c.run.stopped {
		read := c.perform(job{history.Read, key, c.proc.Now()})
		if read == history.OK && !c.run.stopped {
			tried := c.perform(job{history.CAS, key, c.proc.Now()})
			if tried == history.OK && c.intent.reply.Swapped {
				return
			}
		}
		c.proc.Sleep(c.run.scenario.Workload.Optimistic.Backoff.Next(&course, waits))
	}
}

// scoreUpdates fills in what optimistic updates took.
func scoreUpdates(row *results.Row, sc *Scenario, o *Outcome) {
	if sc.Workload.Optimistic == nil {
		return
	}
	tried, last := 0, history.Time(0)
	for i := range o.History[:len(o.History)-len(o.Final)] {
		op := &o.History[i]
		if op.Kind != history.CAS {
			continue
		}
		tried++
		if op.Status == history.OK && op.Swapped {
			last = max(last, op.Return)
		}
	}
	row.Metrics["swaps_tried"] = float64(tried)
	if last > 0 {
		row.Metrics["last_update"] = ms(last.Sub(0))
	}
}

package experiments

import (
	"faultline/checker/history"
	"faultline/checker/staleness"
	"faultline/results"
	"faultline/sim"
)

// probe starts the script of t-visibility probes: as in PBS (Bailis et al., section
// 3.4), how likely is a read to see a write that was acknowledged a time t before?
// Each client has one session, which does what the script gives it.
func (r *run) probe() {
	var script *sim.Proc
	for _, c := range r.clients {
		c.open(func(s *session) {
			for {
				s.proc.Wait()
				s.perform(s.job)
				script.Wake()
			}
		})
	}
	script = r.sim.Go(sim.None, "probes", func(p *sim.Proc) { r.probes(p) })
}

// probes sends one probe after the other.
func (r *run) probes(p *sim.Proc) {
	rand := r.sim.Stream("probes")
	ask := func(kind history.Kind, key string) {
		s := r.clients[rand.IntN(len(r.clients))].sessions[0]
		s.job = job{kind, key, p.Now()}
		s.proc.Wake()
		p.Wait()
	}
	p.SleepUntil(0) // the warm-up ended the instant before
	for !r.stopped {
		key := r.work.Key(rand)
		ask(history.Write, key)
		// In the very instant of the acknowledgement the two would be concurrent.
		p.Sleep(max(1, r.work.Probe(rand)))
		if r.stopped {
			return
		}
		ask(history.Read, key)
		p.Sleep(r.work.Think(rand))
	}
}

// maxBehind is from how many versions on a probe's read counts as just so many behind.
const maxBehind = 63

// scoreProbes counts the reads of probes; the final reads are none.
func scoreProbes(row *results.Row, sc *Scenario, o *Outcome, score *staleness.Score) {
	if sc.Workload.Probe == nil {
		return
	}
	workload := len(o.History) - len(o.Final)
	p := &results.Probes{Behind: make([]int, 1, maxBehind+1)}
	for _, s := range score.Samples {
		if s.Op < workload {
			p.All.Add(int64(s.Since))
			p.Behind[0]++
		}
		if s.Op < workload && !s.Fresh {
			p.Stale.Add(int64(s.Since))
		}
	}
	for _, s := range score.Stale {
		if s.Op < workload {
			behind(p, min(s.Versions, maxBehind))
		}
	}
	row.Probes = p
}

// behind moves a read from those that were fresh to those so many versions behind.
func behind(p *results.Probes, versions int) {
	for len(p.Behind) <= versions {
		p.Behind = append(p.Behind, 0)
	}
	p.Behind[0]--
	p.Behind[versions]++
}

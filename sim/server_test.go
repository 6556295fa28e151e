package sim_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"faultline/sim"
	"faultline/sim/dist"
)

// A station is a node with the rules of a server that a stream of jobs comes to,
// in the words of queueing theory: arrivals at a rate, served at rate mu by each of c workers.
type station struct {
	s       *sim.Sim
	jobs    []task
	times   []time.Duration // in the system, of jobs that were done
	refused int
}

// A task is a job that notes when it came.
type task struct {
	number int
	came   sim.Time
	took   time.Duration // in the system
	at     *station
}

func (t *task) Expires() sim.Time { return sim.Forever }
func (t *task) Refusal(bool) any  { t.at.refused++; return nil }

func (st *station) Start(sim.Env)              {}
func (st *station) Timer(sim.Env, sim.TimerID) {}
func (st *station) Receive(_ sim.Env, _ sim.NodeID, msg any) {
	j := msg.(*task)
	j.took = st.s.Now().Sub(j.came)
	st.times = append(st.times, j.took)
}

// serve lets n jobs come to a server at the gaps of a law.
func serve(t *testing.T, rules sim.Server, gap *dist.Law, n int) *station {
	t.Helper()
	s := sim.New(1)
	defer s.Close()
	st := &station{s: s, jobs: make([]task, n), times: make([]time.Duration, 0, n)}
	s.Add(0, func() sim.Handler { return st })
	s.SetServer(0, rules)
	s.Go(1, "arrivals", func(p *sim.Proc) {
		for i := range st.jobs {
			p.Sleep(gap.Sample(p.Rand().Uint64()))
			st.jobs[i] = task{number: i, came: p.Now(), at: st}
			p.Send(0, &st.jobs[i])
		}
	})
	s.Run(sim.Forever)
	if done := len(st.times) + st.refused; done != n {
		t.Fatalf("%d jobs came, %d were done or turned away", n, done)
	}
	return st
}

// mean and p99 return those of the time in system, in mean service times of 1 ms.
func (st *station) mean() float64 {
	sum := 0.0
	for _, w := range st.times {
		sum += w.Seconds()
	}
	return 1000 * sum / float64(len(st.times))
}

func (st *station) p99() float64 {
	slices.Sort(st.times)
	return 1000 * st.times[len(st.times)*99/100].Seconds()
}

// within fails the test if a figure is further from its closed form than tolerance, as a share.
func within(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if off := math.Abs(got/want - 1); off > tolerance {
		t.Errorf("%s: %.4f, in closed form %.4f: off by %.1f %%", what, got, want, 100*off)
	}
}

const (
	inMean = 0.03 // what a mean may be off, as a share
	inP99  = 0.05
)

// service is exponential with a mean of 1 ms: mu = 1 in units of 1 ms.
var service = dist.Exponential(time.Millisecond)

// every returns exponential gaps of so many arrivals in 1 ms.
func every(rate float64) *dist.Law {
	return dist.Exponential(time.Duration(float64(time.Millisecond) / rate))
}

// M/M/1: the time in system is exponential with rate mu-lambda (Kleinrock 1975, section 3.2).
func TestMM1(t *testing.T) {
	for _, load := range []float64{0.5, 0.8} {
		st := serve(t, sim.Server{Service: service}, every(load), 600_000)
		within(t, "mean", st.mean(), 1/(1-load), inMean)
		within(t, "p99", st.p99(), math.Log(100)/(1-load), inP99)
	}
}

// M/D/1 by Pollaczek and Khinchine: the mean wait is rho/(2(1-rho)) services.
// The law of the wait is Erlang's: P(W <= x) = (1-rho) sum over k <= x of (rho(k-x))^k/k! e^(rho(x-k)).
func TestMD1(t *testing.T) {
	const load = 0.7
	st := serve(t, sim.Server{Service: dist.Constant(time.Millisecond)}, every(load), 500_000)
	within(t, "mean", st.mean(), 1+load/(2*(1-load)), inMean)
	within(t, "p99", st.p99(), 1+quantile(0.99, func(x float64) float64 { return md1Wait(load, x) }), inP99)
}

func md1Wait(rho, x float64) float64 {
	sum, factorial := 0.0, 1.0
	for k := 0.0; k <= x; k++ {
		if k > 0 {
			factorial *= k
		}
		sum += math.Pow(rho*(k-x), k) / factorial * math.Exp(rho*(x-k))
	}
	return (1 - rho) * sum
}

// quantile returns where an increasing function reaches p.
func quantile(p float64, law func(float64) float64) float64 {
	lo, hi := 0.0, 100.0
	for range 100 {
		if mid := (lo + hi) / 2; law(mid) < p {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}

// M/M/c: Erlang's C is the chance to wait; who waits does so for an exponential
// time with rate c-a (Kleinrock 1975, section 3.5).
func TestMMc(t *testing.T) {
	for _, q := range []struct {
		workers int
		load    float64 // of each
	}{{2, 0.7}, {10, 0.8}} {
		c, a := float64(q.workers), float64(q.workers)*q.load
		st := serve(t, sim.Server{Workers: q.workers, Service: service}, every(a), 600_000)
		wait := erlangC(q.workers, a)
		within(t, "mean", st.mean(), 1+wait/(c-a), inMean)
		law := func(x float64) float64 { return 1 - mmcTail(wait, c-a, x) }
		within(t, "p99", st.p99(), quantile(0.99, law), inP99)
	}
}

// mmcTail returns the chance to be in an M/M/c system for longer than x: the
// service, exponential with rate 1, after a wait that is 0 or exponential with rate r.
func mmcTail(wait, r, x float64) float64 {
	both := (r*math.Exp(-x) - math.Exp(-r*x)) / (r - 1)
	if r == 1 {
		both = (1 + x) * math.Exp(-x)
	}
	return (1-wait)*math.Exp(-x) + wait*both
}

// Erlang's C: the share of jobs that find every worker busy and wait.
func TestErlangC(t *testing.T) {
	for _, q := range []struct {
		workers int
		a       float64
	}{{1, 0.5}, {5, 4}, {20, 18}} {
		spy := &drawn{law: service}
		st := serve(t, sim.Server{Workers: q.workers, Service: spy}, every(q.a), 400_000)
		waited := 0
		for _, j := range st.jobs {
			if j.took > spy.samples[j.number] {
				waited++
			}
		}
		within(t, "share that waits", float64(waited)/float64(len(st.jobs)), erlangC(q.workers, q.a), inMean)
	}
}

// drawn is a law that writes down its samples. That of the n-th job is the n-th.
type drawn struct {
	law     *dist.Law
	samples []time.Duration
}

func (d *drawn) Sample(bits uint64) time.Duration {
	d.samples = append(d.samples, d.law.Sample(bits))
	return d.samples[len(d.samples)-1]
}

// Erlang's B: without a place to wait, who would wait is turned away.
func TestErlangB(t *testing.T) {
	for _, q := range []struct {
		workers int
		a       float64
	}{{1, 0.5}, {5, 4}, {20, 18}} {
		st := serve(t, sim.Server{Workers: q.workers, Service: service, Bounded: true}, every(q.a), 400_000)
		share := float64(st.refused) / float64(len(st.jobs))
		within(t, "share turned away", share, erlangB(q.workers, q.a), inMean)
		within(t, "mean", st.mean(), 1, inMean)
		within(t, "p99", st.p99(), math.Log(100), inP99)
	}
}

// Insensitivity: Erlang's B depends on the mean of the service alone (Sevastyanov 1957).
func TestErlangBOfConstantService(t *testing.T) {
	st := serve(t, sim.Server{Workers: 5, Service: dist.Constant(time.Millisecond), Bounded: true}, every(4), 400_000)
	within(t, "share turned away", float64(st.refused)/float64(len(st.jobs)), erlangB(5, 4), inMean)
}

func erlangB(c int, a float64) float64 {
	b := 1.0
	for i := 1; i <= c; i++ {
		b = a * b / (float64(i) + a*b)
	}
	return b
}

func erlangC(c int, a float64) float64 {
	b := erlangB(c, a)
	return b / (1 - a/float64(c)*(1-b))
}

// M/M/1/K: at most K in the system, so K-1 wait. P(n) = (1-r) r^n / (1-r^(K+1)).
func TestMM1K(t *testing.T) {
	for _, q := range []struct {
		k int
		r float64
	}{{5, 0.8}, {10, 1.2}} {
		st := serve(t, sim.Server{Service: service, Bounded: true, Limit: q.k - 1}, every(q.r), 500_000)
		var p []float64
		for n := range q.k + 1 {
			p = append(p, (1-q.r)*math.Pow(q.r, float64(n))/(1-math.Pow(q.r, float64(q.k+1))))
		}
		within(t, "share turned away", float64(st.refused)/float64(len(st.jobs)), p[q.k], inMean)
		mean, law := 0.0, func(x float64) (all float64) {
			for n, pn := range p[:q.k] {
				all += pn / (1 - p[q.k]) * erlangLaw(n+1, x)
			}
			return all
		}
		for n, pn := range p[:q.k] {
			mean += pn / (1 - p[q.k]) * float64(n+1)
		}
		within(t, "mean", st.mean(), mean, inMean)
		within(t, "p99", st.p99(), quantile(0.99, law), inP99)
	}
}

// erlangLaw returns the chance that n exponential services together take x at most.
func erlangLaw(n int, x float64) float64 {
	sum, term := 0.0, 1.0
	for k := range n {
		if k > 0 {
			term *= x / float64(k)
		}
		sum += term
	}
	return 1 - sum*math.Exp(-x)
}

// The order of service changes no mean (conservation), but LIFO has a longer tail.
func TestLIFOHasTheMeanOfFIFO(t *testing.T) {
	fifo := serve(t, sim.Server{Workers: 2, Service: service}, every(1.6), 500_000)
	lifo := serve(t, sim.Server{Workers: 2, Service: service, Discipline: sim.LIFO}, every(1.6), 500_000)
	within(t, "mean of LIFO", lifo.mean(), fifo.mean(), 0.01)
	if lifo.p99() < 1.5*fifo.p99() {
		t.Errorf("p99 of LIFO is %.1f, of FIFO %.1f: the tail should be much longer", lifo.p99(), fifo.p99())
	}
}

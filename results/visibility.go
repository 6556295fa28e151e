package results

import (
	"math"
	"time"
)

// visibility is what probes say about t-visibility: how many there were at each
// time after the acknowledgement of a write, and how many of them were stale.
type visibility struct{ all, stale counts }

// freshAt is the share of fresh probes among those so long after a write, to within
// the width of a bucket, and how many those are. Of probes at once it takes those a
// nanosecond later: what happens in the same instant is concurrent.
func (v *visibility) freshAt(t time.Duration) (share float64, probes int) {
	i := bucketOf(max(1, int64(t)))
	n := v.all.by[i]
	return 1 - float64(v.stale.by[i])/float64(max(1, n)), n
}

// A level is a stretch of probes with the same estimate of the share of stale ones.
type level struct {
	from, to int // bins
	n, stale float64
}

func (l level) share() float64 { return l.stale / l.n }

// A bin is the probes about so long after a write.
type bin struct{ ms, n, stale float64 }

func (v *visibility) bins() (bins []bin) {
	for i, n := range v.all.by {
		if n > 0 {
			lo, hi := bucketRange(uint16(i))
			bins = append(bins, bin{(float64(lo) + float64(hi)) / 2 / float64(time.Millisecond), float64(n), float64(v.stale.by[i])})
		}
	}
	return bins
}

// levels is the likeliest share of stale probes that never grows with time (the
// pool-adjacent-violators algorithm).
func levels(bins []bin) (all []level) {
	for i, b := range bins {
		all = append(all, level{i, i + 1, b.n, b.stale})
		for n := len(all); n > 1 && all[n-2].share() <= all[n-1].share(); n = len(all) {
			a, b := all[n-2], all[n-1]
			all = append(all[:n-2], level{a.from, b.to, a.n + b.n, a.stale + b.stale})
		}
	}
	return all
}

// near is how far from the share that is looked for, as a factor, probes may be
// to have a say in where it is reached.
const near = 4

// after is the time in milliseconds after a write from which on the share p of
// probes is fresh; 0 if that is so from the earliest ones on, and there is none
// if not even the latest ones are.
//
// Where the share of stale probes is near to 1-p, it is taken to fall as a power of
// time, which is fitted by the likelihood of the counts. Without it, the answer would
// hang on the few stale probes of a single bin. On tails that fall as exponentials,
// one or two, and as powers it was at most 1% off in the mean; a narrower window
// scatters more, and so does a parabola.
func (v *visibility) after(p float64) (float64, bool) {
	const slack = 1e-12
	rare, bins := 1-p, v.bins()
	steps := levels(bins)
	switch {
	case len(steps) == 0 || steps[len(steps)-1].share() > rare+slack:
		return 0, false
	case steps[0].share() <= rare+slack:
		return 0, true
	}
	var window []bin
	crossing := 0.0
	for _, l := range steps {
		if s := l.share(); s > rare/near && s < rare*near {
			window = append(window, bins[l.from:l.to]...)
		}
		if l.share() > rare {
			crossing = bins[l.to-1].ms
			if l.to < len(bins) {
				crossing = (crossing + bins[l.to].ms) / 2
			}
		}
	}
	if t, ok := tailAt(window, rare); ok {
		return t, true
	}
	return crossing, true
}

// tailAt fits log(share) = a + b*log(ms) to the bins and returns where it comes down
// to a share; there is none if the bins do not tell (Poisson regression, by Newton's
// method).
func tailAt(bins []bin, share float64) (ms float64, ok bool) {
	n, stale, middle := 0.0, 0.0, 0.0
	for _, b := range bins {
		n, stale, middle = n+b.n, stale+b.stale, middle+b.n*math.Log(b.ms)
	}
	if len(bins) < 2 || stale < 2 {
		return 0, false
	}
	middle /= n
	a, b := math.Log(stale/n), 0.0
	const steps, most = 50, 2.0
	for range steps {
		var ga, gb, haa, hab, hbb float64
		for _, x := range bins {
			at := math.Log(x.ms) - middle
			expected := x.n * math.Exp(a+b*at)
			ga, gb = ga+x.stale-expected, gb+(x.stale-expected)*at
			haa, hab, hbb = haa+expected, hab+expected*at, hbb+expected*at*at
		}
		det := haa*hbb - hab*hab
		if !(det > 0) {
			return 0, false
		}
		a += min(max((hbb*ga-hab*gb)/det, -most), most)
		b += min(max((haa*gb-hab*ga)/det, -most), most)
	}
	ms = math.Exp(middle + (math.Log(share)-a)/b)
	return ms, b < 0 && ms > bins[0].ms && ms < bins[len(bins)-1].ms
}

package results

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Confidence of every interval in this package.
const Confidence = 0.95

// resamples of the bootstrap: enough that the ends of an interval move by less than a tenth of its width.
const resamples = 2000

// Quantile is the p-quantile of ascending values, interpolated between
// neighbours (type 7 of Hyndman and Fan, 1996). It panics on none.
func Quantile(sorted []float64, p float64) float64 {
	if len(sorted) == 0 {
		panic("results: quantile of no values")
	}
	at := p * float64(len(sorted)-1)
	i := min(max(int(at), 0), len(sorted)-1)
	if i == len(sorted)-1 {
		return sorted[i]
	}
	return sorted[i] + float64((at-float64(i))*(sorted[i+1]-sorted[i]))
}

// Wilson is the score interval of a proportion, k of n (Wilson, 1927). Unlike
// the textbook interval it says something at 0 of n and n of n: 0 of 100 is
// compatible with up to 3.7 %. Of no trials it is 0 to 1.
func Wilson(k, n int) (lo, hi float64) {
	if n == 0 {
		return 0, 1
	}
	z := distuv.UnitNormal.Quantile(1 - (1-Confidence)/2)
	share, size := float64(k)/float64(n), float64(n)
	middle := share + z*z/(2*size)
	half := z * math.Sqrt(share*(1-share)/size+z*z/(4*size*size))
	scale := 1 + z*z/size
	lo, hi = (middle-half)/scale, (middle+half)/scale
	if k == 0 {
		lo = 0 // exactly, whatever the rounding
	}
	if k == n {
		hi = 1
	}
	return lo, hi
}

// A Summary of one number over seeds: mean with its 95 % interval, and where the extremes are.
type Summary struct {
	N       int     `json:"n"`
	Mean    float64 `json:"mean"`
	Lo      float64 `json:"lo"` // of the interval of the mean; with fewer than two values there is none, and Lo = Hi = Mean
	Hi      float64 `json:"hi"`
	Min     float64 `json:"min"`
	MinSeed uint64  `json:"min_seed"` // first seed with that value
	Max     float64 `json:"max"`
	MaxSeed uint64  `json:"max_seed"`
}

// A Value is one number of one seed.
type Value struct {
	Seed uint64
	V    float64
}

// Summarize takes values in the order of their seeds. Of none it is the zero Summary, with N = 0.
func Summarize(values []Value) Summary {
	if len(values) == 0 {
		return Summary{}
	}
	s := Summary{N: len(values), Min: math.Inf(1), Max: math.Inf(-1)}
	xs := make([]float64, len(values))
	for i, v := range values {
		xs[i] = v.V
		if v.V < s.Min {
			s.Min, s.MinSeed = v.V, v.Seed
		}
		if v.V > s.Max {
			s.Max, s.MaxSeed = v.V, v.Seed
		}
	}
	s.Mean, s.Lo, s.Hi = MeanInterval(xs)
	return s
}

// Apart tells whether two intervals have no value in common. Only then may anyone say that two summaries differ.
func (s Summary) Apart(o Summary) bool { return s.Hi < o.Lo || o.Hi < s.Lo }

// MeanInterval is the mean of values with its 95 % bootstrap interval. The
// percentiles are expanded as Hesterberg (The American Statistician, 2015)
// does: plain ones are too narrow for few values, 10 % at n = 10. The
// resampling is seeded by the number of values alone, so that the same data
// give the same interval everywhere.
func MeanInterval(values []float64) (mean, lo, hi float64) {
	mean = meanOf(values)
	n := len(values)
	if n < 2 || slices.Min(values) == slices.Max(values) {
		return mean, mean, mean
	}
	means := make([]float64, resamples)
	stream := splitmix(n)
	for i := range means {
		sum := 0.0
		for range n {
			sum += values[stream.below(n)]
		}
		means[i] = sum / float64(n)
	}
	slices.Sort(means)
	tail := expandedTail(n)
	return mean, min(mean, Quantile(means, tail)), max(mean, Quantile(means, 1-tail))
}

// expandedTail is the share of resampled means to leave out at each end: such
// that the interval for normal data is as wide as Student's.
func expandedTail(n int) float64 {
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(n - 1)}.Quantile(1 - (1-Confidence)/2)
	return distuv.UnitNormal.CDF(-t * math.Sqrt(float64(n)/float64(n-1)))
}

// meanOf sums in the order given, so that it is the same everywhere; equal values have exactly that mean.
func meanOf(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	first, sum := values[0], 0.0
	for _, v := range values {
		sum += v - first
	}
	return first + sum/float64(len(values))
}

// splitmix is Steele's SplitMix64 (OOPSLA 2014): the whole state is one counter.
type splitmix uint64

func (s *splitmix) next() uint64 {
	*s += 0x9e3779b97f4a7c15
	z := uint64(*s)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below is uniform on 0..n-1, to within n/2^32.
func (s *splitmix) below(n int) int {
	return int(s.next() >> 32 * uint64(n) >> 32)
}

// Paired summarizes a-b over the seeds that both have. Runs of one seed share
// their random numbers, so the difference varies less than either side.
func Paired(a, b []Value) Summary {
	other := make(map[uint64]float64, len(b))
	for _, v := range b {
		other[v.Seed] = v.V
	}
	var differences []Value
	for _, v := range a {
		if o, ok := other[v.Seed]; ok {
			differences = append(differences, Value{v.Seed, v.V - o})
		}
	}
	return Summarize(differences)
}

// Certain tells whether the interval of a difference leaves out zero.
func (s Summary) Certain() bool { return s.N > 1 && (s.Lo > 0 || s.Hi < 0) }

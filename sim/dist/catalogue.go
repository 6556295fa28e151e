package dist

import "time"

// A Kind is an entry of the catalogue: one way to write a law.
type Kind struct {
	Name      string // as in a law's text
	Signature string // its parameters
	Doc       string // one sentence for help texts
	Example   string // a text that Parse accepts
	build     func(p *parser, at int) (*Law, error)
}

// Laws lists what Parse understands, beside a duration alone (5ms, a constant), sums
// with a constant (5ms + exponential(2ms)) and multiples (0.5 * pareto(1ms, 2)).
var Laws = []Kind{
	{"constant", "constant(value)", "Always the same value.", "constant(5ms)", oneDuration(checkDuration, Constant)},
	{"uniform", "uniform(low, high)", "Every value between two bounds is equally likely.", "uniform(1ms, 5ms)", twoDurations(checkUniform, Uniform)},
	{"normal", "normal(mean, deviation)", "The normal law, cut off at 0.", "normal(10ms, 2ms)", twoDurations(checkNormal, Normal)},
	{"exponential", "exponential(mean)", "The time between independent events; its tail is light.", "exponential(5ms)", oneDuration(checkDuration, Exponential)},
	{"lognormal", "lognormal(median, sigma)", "Its logarithm is normal with deviation sigma: the usual shape of latencies.", "lognormal(5ms, 0.4)", durationNumber(checkLogNormal, LogNormal)},
	{"pareto", "pareto(least, alpha)", "Exceeds x with probability (least/x)^alpha: a heavy tail.", "pareto(1ms, 2.5)", durationNumber(checkPareto, Pareto)},
	{"mixture", "mixture(weight: law, ...)", "Draws from one of several laws, in proportion to the weights.", "mixture(0.9: pareto(235us, 10), 0.1: exponential(600us))", (*parser).mixture},
	{"percentiles", "percentiles(pN: value, ...)", "Goes through measured percentiles, with exponential pieces between them.", "percentiles(p50: 5ms, p99: 20ms, p99.9: 40ms)", (*parser).percentiles},
}

// find returns the law of that name.
func (p *parser) find(name string) (Kind, bool) {
	for _, k := range p.laws {
		if k.Name == name {
			return k, true
		}
	}
	return Kind{}, false
}

// nearest returns the name most like a misspelt one, or "" if none is near.
func (p *parser) nearest(name string) string {
	best, least := "", 1+len(name)/2
	for _, k := range p.laws {
		if d := distance(name, k.Name); d < least {
			best, least = k.Name, d
		}
	}
	return best
}

// distance returns how many letters to insert, delete or replace to turn a into b (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

func oneDuration(check func(time.Duration) error, build func(time.Duration) *Law) func(*parser, int) (*Law, error) {
	return func(p *parser, at int) (*Law, error) {
		a, err := p.duration()
		if err != nil {
			return nil, err
		}
		if err := check(a); err != nil {
			return nil, p.wrap(at, err)
		}
		return build(a), nil
	}
}

func twoDurations(check func(a, b time.Duration) error, build func(a, b time.Duration) *Law) func(*parser, int) (*Law, error) {
	return func(p *parser, at int) (*Law, error) {
		a, err := p.duration()
		if err != nil {
			return nil, err
		}
		if err := p.expect(","); err != nil {
			return nil, err
		}
		b, err := p.duration()
		if err != nil {
			return nil, err
		}
		if err := check(a, b); err != nil {
			return nil, p.wrap(at, err)
		}
		return build(a, b), nil
	}
}

func durationNumber(check func(time.Duration, float64) error, build func(time.Duration, float64) *Law) func(*parser, int) (*Law, error) {
	return func(p *parser, at int) (*Law, error) {
		a, err := p.duration()
		if err != nil {
			return nil, err
		}
		if err := p.expect(","); err != nil {
			return nil, err
		}
		b, err := p.number()
		if err != nil {
			return nil, err
		}
		if err := check(a, b); err != nil {
			return nil, p.wrap(at, err)
		}
		return build(a, b), nil
	}
}

package dist

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A SyntaxError says where the text of a law is wrong, why, and what to write instead.
type SyntaxError struct {
	Text   string // what was parsed
	Column int    // in bytes, from 1
	Reason string // the cause and the remedy
}

// Error returns place, cause and remedy in one line.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%q, column %d: %s", e.Text, e.Column, e.Reason)
}

// Limits of a law's text; they keep a mistake, or an attack, from building
// thousands of tables.
const (
	maxText  = 4096
	maxDepth = 6
	maxParts = 32
)

// Parse reads a law: a duration alone (5ms), a law of the catalogue
// (lognormal(5ms, 0.4)), a sum with a constant (5ms + exponential(2ms)) or a
// multiple (0.5 * pareto(1ms, 2)). Errors are of type *SyntaxError.
func Parse(text string) (*Law, error) {
	p := &parser{text: text, laws: Laws}
	if len(text) > maxText {
		p.text = text[:20] + "..."
		return nil, p.fail(0, "the text has %d characters: a law has at most %d", len(text), maxText)
	}
	l, err := p.sum()
	if err == nil && p.peek() != "" {
		err = p.fail(p.at, "%q is left over after the law: delete it, or join it with +", p.peek())
	}
	if err != nil {
		return nil, err
	}
	return l, nil
}

// A parser reads a law by recursive descent. Laws have no negative parts, so there is no minus.
type parser struct {
	text  string
	laws  []Kind // the catalogue; its entries refer to methods of the parser, which therefore cannot refer to it
	at    int    // of the next token, once peek has skipped the spaces
	depth int
}

func (p *parser) fail(at int, format string, args ...any) error {
	return &SyntaxError{Text: p.text, Column: at + 1, Reason: fmt.Sprintf(format, args...)}
}

// wrap gives the error of a check its place.
func (p *parser) wrap(at int, err error) error {
	return p.fail(at, "%s", strings.ReplaceAll(err.Error(), "\n", "; "))
}

// peek returns the next token: a word of letters, digits and dots, or one sign. It is empty at the end.
func (p *parser) peek() string {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
	end := p.at
	for end < len(p.text) && inWord(p.text[end]) {
		end++
	}
	if end == p.at && end < len(p.text) {
		end++
	}
	return p.text[p.at:end]
}

// inWord admits the bytes of µ, which are above ASCII, among the letters.
func inWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c >= 0x80
}

func (p *parser) next() string {
	t := p.peek()
	p.at += len(t)
	return t
}

func (p *parser) expect(sign string) error {
	if t := p.peek(); t != sign {
		return p.fail(p.at, "%s where %q belongs", found(t), sign)
	}
	p.next()
	return nil
}

func found(token string) string {
	if token == "" {
		return "the text ends"
	}
	return strconv.Quote(token) + " stands"
}

// sum = product { "+" product }, with at most one product that is not constant.
func (p *parser) sum() (*Law, error) {
	total, err := p.product()
	for err == nil && p.peek() == "+" {
		p.next()
		p.peek()
		at := p.at
		var l *Law
		if l, err = p.product(); err != nil {
			break
		}
		if !total.IsConstant() && !l.IsConstant() {
			return nil, p.fail(at, "a sum of two random laws is not supported: one side of + must be a constant")
		}
		if total.IsConstant() {
			total, l = l, total
		}
		if total.fixed+total.shift+l.fixed > maxDelay {
			return nil, p.fail(at, "the sum is more than %v, the longest delay", maxDelay)
		}
		total = total.Plus(l.fixed)
	}
	return total, err
}

// product = [ number "*" ] atom
func (p *parser) product() (*Law, error) {
	start := p.at
	if k, err := p.number(); err == nil && p.peek() == "*" {
		p.next()
		if err := checkFactor(k); err != nil {
			return nil, p.wrap(start, err)
		}
		l, err := p.atom()
		if err != nil {
			return nil, err
		}
		return l.Times(k), nil
	}
	p.at = start
	return p.atom()
}

// atom = duration | name "(" arguments ")" | "(" sum ")"
func (p *parser) atom() (*Law, error) {
	token := p.peek()
	at := p.at
	switch {
	case token == "":
		return nil, p.fail(at, "a law is missing: write a duration such as 5ms, or %s(...)", p.names(" or "))
	case token == "(":
		return p.nested(func() (*Law, error) { return p.sum() })
	case token[0] >= '0' && token[0] <= '9' || token[0] == '.':
		d, err := p.duration()
		if err != nil {
			return nil, err
		}
		if err := checkDuration(d); err != nil {
			return nil, p.wrap(at, err)
		}
		return Constant(d), nil
	}
	kind, ok := p.find(token)
	if !ok {
		return nil, p.unknown(token)
	}
	p.next()
	if p.peek() != "(" {
		return nil, p.fail(p.at, "%s needs parameters: write %s, as in %s", kind.Name, kind.Signature, kind.Example)
	}
	return p.nested(func() (*Law, error) { return kind.build(p, at) })
}

func (p *parser) unknown(token string) error {
	if !isLetter(token[0]) {
		return p.fail(p.at, "%q stands where a law belongs: write a duration such as 5ms, or %s(...)", token, p.names(" or "))
	}
	if near := p.nearest(strings.ToLower(token)); near != "" {
		return p.fail(p.at, "no law is called %q: did you mean %s?", token, near)
	}
	return p.fail(p.at, "no law is called %q: the laws are %s", token, p.names(", "))
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func (p *parser) names(separator string) string {
	var all []string
	for _, k := range p.laws {
		all = append(all, k.Name)
	}
	return strings.Join(all, separator)
}

// nested reads something in parentheses.
func (p *parser) nested(inner func() (*Law, error)) (*Law, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.fail(p.at, "laws are nested more than %d deep: write it simpler", maxDepth)
	}
	p.next()
	l, err := inner()
	if err == nil {
		err = p.expect(")")
	}
	p.depth--
	return l, err
}

// duration reads a number with its unit.
func (p *parser) duration() (time.Duration, error) {
	token := p.peek()
	if token == "" || !(token[0] >= '0' && token[0] <= '9' || token[0] == '.') {
		return 0, p.fail(p.at, "%s where a duration such as 5ms belongs", found(token))
	}
	d, err := time.ParseDuration(token)
	if err == nil {
		p.next()
		return d, nil
	}
	if _, err := strconv.ParseFloat(token, 64); err == nil {
		return 0, p.fail(p.at, "%s has no unit: write %sms if you mean milliseconds (units: ns, us, ms, s, m, h)", token, token)
	}
	return 0, p.fail(p.at, "%q is not a duration: write a number and a unit, such as 5ms (units: ns, us, ms, s, m, h)", token)
}

// number reads a plain decimal number.
func (p *parser) number() (float64, error) {
	token := p.peek()
	if strings.Trim(token, "0123456789.") != "" || token == "" {
		return 0, p.fail(p.at, "%s where a plain number such as 0.5 belongs", found(token))
	}
	x, err := strconv.ParseFloat(token, 64)
	if err != nil {
		return 0, p.fail(p.at, "%q is not a number: write it like 0.5", token)
	}
	p.next()
	return x, nil
}

// list reads pairs "label: item", separated by commas.
func (p *parser) list(pair func() error) error {
	for n := 1; ; n++ {
		if n > maxParts {
			return p.fail(p.at, "more than %d parts: leave some out", maxParts)
		}
		if err := pair(); err != nil {
			return err
		}
		if p.peek() != "," {
			return nil
		}
		p.next()
	}
}

// mixture = weight ":" sum { "," weight ":" sum }
func (p *parser) mixture(at int) (*Law, error) {
	var parts []Part
	err := p.list(func() error {
		weight, err := p.number()
		if err != nil {
			return err
		}
		if err := p.expect(":"); err != nil {
			return err
		}
		l, err := p.sum()
		parts = append(parts, Part{weight, l})
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := checkMixture(parts); err != nil {
		return nil, p.wrap(at, err)
	}
	return Mixture(parts...), nil
}

// percentiles = "p"number ":" duration { "," "p"number ":" duration }
func (p *parser) percentiles(at int) (*Law, error) {
	var points []Point
	err := p.list(func() error {
		token := p.peek()
		percent, err := strconv.ParseFloat(strings.TrimPrefix(token, "p"), 64)
		if err != nil || !strings.HasPrefix(token, "p") || strings.Trim(token[1:], "0123456789.") != "" {
			return p.fail(p.at, "%s where a percentile such as p99.9 belongs", found(token))
		}
		p.next()
		if err := p.expect(":"); err != nil {
			return err
		}
		d, err := p.duration()
		points = append(points, Point{percent, d})
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := checkPercentiles(points); err != nil {
		return nil, p.wrap(at, err)
	}
	return Percentiles(points...), nil
}

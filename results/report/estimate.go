package report

import (
	"math"
	"strconv"
	"strings"

	"faultline/results"
)

// Decimals of a number in a table.
const (
	fewestOfShare = 1
	mostDecimals  = 4
)

// estimate returns the mean of a metric with its 95 % interval, a tab between
// them: "97.2%\t±0.3". Milliseconds come without their unit: the head has it.
func estimate(m results.Metric, s results.Summary, interval bool) string {
	if s.N == 0 {
		return "-"
	}
	scale, unit, fewest := 1.0, "", 0
	if m.Unit == results.Share {
		scale, unit, fewest = 100, "%", fewestOfShare
	}
	mean := float64(s.Mean * scale)
	half := float64(max(s.Hi-s.Mean, s.Mean-s.Lo) * scale)
	decimals := honest(mean, decimalsFor(half, mean, fewest))
	if !interval {
		decimals = honest(mean, max(fewest, bareDecimals(mean)))
	}
	text := number(mean, decimals, unit)
	if m.Unit == results.Share {
		text = shareText(s.Mean, decimals)
	}
	if half == 0 || !interval {
		return text
	}
	return text + "\t±" + plusMinus(half, decimals)
}

// decimalsFor returns how many decimals a number with that interval deserves:
// as many as show the first digit of the interval.
func decimalsFor(half, mean float64, fewest int) int {
	if half == 0 {
		if mean == math.Trunc(mean) {
			return 0
		}
		return 1
	}
	for d := fewest; d < mostDecimals; d++ {
		if half >= 0.95*math.Pow(10, float64(-d)) {
			return d
		}
	}
	return mostDecimals
}

// bareDecimals returns how many decimals a number without interval has: one, but none from 100 on.
func bareDecimals(mean float64) int {
	if mean == 0 || math.Abs(mean) >= 99.95 {
		return 0
	}
	return 1
}

// honest adds decimals until a number that is not zero does not read as zero.
func honest(v float64, decimals int) int {
	for ; decimals < mostDecimals; decimals++ {
		if shown, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'f', decimals, 64), 64); shown != 0 || v == 0 {
			return decimals
		}
	}
	return decimals
}

// shareText writes a share in percent. One below 100 % never reads as 100 %.
func shareText(share float64, decimals int) string {
	switch share {
	case 0:
		return "0%"
	case 1:
		return "100%"
	}
	for d := decimals; d <= mostDecimals; d++ {
		s := strconv.FormatFloat(share*100, 'f', d, 64)
		if shown, _ := strconv.ParseFloat(s, 64); shown != 100 {
			return s + "%"
		}
	}
	return ">99.9999%"
}

// plusMinus writes half of an interval. It never reads as zero.
func plusMinus(half float64, decimals int) string {
	least := math.Pow(10, float64(-decimals))
	return strconv.FormatFloat(max(half, least), 'f', decimals, 64)
}

// number writes a number with its thousands separated.
func number(v float64, decimals int, unit string) string {
	s := strconv.FormatFloat(v, 'f', decimals, 64)
	whole, fraction, has := strings.Cut(s, ".")
	whole = Thousands(whole)
	if has {
		whole += "." + fraction
	}
	return whole + unit
}

// Thousands separates the thousands of a whole number: 12,043.
func Thousands(digits string) string {
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// Count writes a count and its noun, in the plural unless it is one: "1,200 runs".
func Count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return Thousands(strconv.Itoa(n)) + " " + noun
}

// difference returns a-b over the seeds that both have, in points for shares.
func difference(m results.Metric, a, b *results.Cell) string {
	s := results.Paired(a.Values(m.Name), b.Values(m.Name))
	if s.N == 0 {
		return "-"
	}
	scale := 1.0
	if m.Unit == results.Share {
		scale = 100
	}
	mean, half := float64(s.Mean*scale), float64(max(s.Hi-s.Mean, s.Mean-s.Lo)*scale)
	decimals := honest(mean, decimalsFor(half, mean, fewestOfShare))
	text := number(mean, decimals, "")
	if mean > 0 {
		text = "+" + text
	}
	if half == 0 {
		return text
	}
	return text + "\t±" + plusMinus(half, decimals)
}

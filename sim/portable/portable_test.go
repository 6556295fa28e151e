package portable

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestFunctionsAgreeWithMath(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Float64Range(-700, 700).Draw(t, "x")
		relative(t, "Exp", x, Exp(x), math.Exp(x))
		relative(t, "Tanh", x, Tanh(x), math.Tanh(x))
		y := Exp(rapid.Float64Range(-600, 600).Draw(t, "log y"))
		relative(t, "Log", y, Log(y), math.Log(y))
		z := rapid.Float64Range(-0.999, 5).Draw(t, "z")
		relative(t, "Log1p", z, Log1p(z), math.Log1p(z))
	})
}

// relative allows an error of a few units in the last place, and as much in
// absolute terms where the result is small beside what it was computed from.
func relative(t *rapid.T, name string, x, got, want float64) {
	const tolerance = 1e-12
	if math.Abs(got-want) > tolerance*max(math.Abs(want), 1e-3) {
		t.Fatalf("%s(%v) is %v, want %v", name, x, got, want)
	}
}

package dist_test

import (
	"fmt"

	"faultline/sim/dist"
)

func ExampleParse() {
	law, err := dist.Parse("1ms + lognormal(4ms, 0.5)")
	fmt.Println(law, err)
	fmt.Println("median", law.Quantile(0.5))
	fmt.Println("p99.9 ", law.Quantile(0.999).Round(100_000))
	fmt.Println("sample", law.Sample(0xdecafbadc0ffee00))

	_, err = dist.Parse("lognorml(4ms, 0.5)")
	fmt.Println(err)
	_, err = dist.Parse("lognormal(4, 0.5)")
	fmt.Println(err)
	// Output:
	// 1ms + lognormal(4ms, 0.5) <nil>
	// median 5ms
	// p99.9  19.8ms
	// sample 8.029896ms
	// "lognorml(4ms, 0.5)", column 1: no law is called "lognorml": did you mean lognormal?
	// "lognormal(4, 0.5)", column 11: 4 has no unit: write 4ms if you mean milliseconds (units: ns, us, ms, s, m, h)
}

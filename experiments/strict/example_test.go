package strict_test

import (
	"fmt"

	"faultline/experiments/strict"
)

// Load is what a document of the example describes.
type Load struct {
	Clients int             `yaml:"clients" doc:"closed-loop clients" default:"8" min:"1" max:"10000"`
	Rate    strict.Rate     `yaml:"rate" doc:"operations offered" required:"true"`
	For     strict.Duration `yaml:"for" default:"60s" min:"1ms"`
	Keys    string          `yaml:"keys" oneof:"uniform, zipf" default:"uniform"`
}

// Every mistake is reported at once, with its place, its cause and a remedy.
func ExampleDecode() {
	var load Load
	err := strict.Decode("load.yaml", []byte("clients: 0\nrate: 200\nfro: 10s\nkeys: zipff\n"), &load)
	fmt.Println(err)
	// Output:
	// load.yaml:1:10: clients: 0 is below the minimum of 1
	//      1 | clients: 0
	//        |          ^
	//   hint: write a value from 1 to 10000
	// load.yaml:2:7: rate: 200 has no unit
	//      2 | rate: 200
	//        |       ^
	//   hint: did you mean 200/s?
	// load.yaml:3:1: fro: unknown field
	//      3 | fro: 10s
	//        | ^
	//   hint: did you mean "for"?
	// load.yaml:4:7: keys: "zipff" is not one of the choices
	//      4 | keys: zipff
	//        |       ^
	//   hint: did you mean "zipf"? The choices are uniform, zipf
}

// Overrides and sweeps replace values before the document is decoded, and go through the same checks.
func ExampleDoc_Put() {
	doc, err := strict.Parse("load.yaml", []byte("rate: 200/s\nsweep: {clients: [1, 64]}\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	var sweep strict.Map[[]*strict.Node]
	err = strict.Join(doc.Set("for=2m"), doc.DecodeAt("sweep", &sweep))
	doc.Drop("sweep")
	for _, clients := range sweep[0].Value {
		cell := doc.Clone()
		var load Load
		err = strict.Join(err, cell.Put(sweep[0].At, clients), cell.Decode(&load))
		fmt.Println(load.Clients, load.Rate, load.For, err)
	}
	fmt.Print(string(doc.YAML()))
	// Output:
	// 1 200/s 2m <nil>
	// 64 200/s 2m <nil>
	// rate: 200/s
	// for: 2m
}

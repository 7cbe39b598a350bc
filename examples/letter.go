// Writes a letter about an order: {"customer":"Ada","items":[{"name":"nut","count":4,"price":0.5}]}
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"text/template"
)

type item struct {
	Name  string  `json:"name"`
	Count int     `json:"count"`
	Price float64 `json:"price"`
}

func (i item) Sum() float64 { return float64(i.Count) * i.Price }

type order struct {
	Customer string `json:"customer"`
	Items    []item `json:"items"`
}

func (o order) Total() (total float64) {
	for _, item := range o.Items {
		total += item.Sum()
	}
	return total
}

var letter = template.Must(template.New("letter").Parse(`Dear {{.Customer}},
{{range .Items}}
{{printf "%4d × %-12s %8.2f" .Count .Name .Sum}}{{end}}

{{printf "Total %21.2f" .Total}}
`))

func main() {
	var o order
	if err := json.NewDecoder(os.Stdin).Decode(&o); err != nil {
		fmt.Fprintln(os.Stderr, "the payload is no order:", err)
		os.Exit(1)
	}
	if err := letter.Execute(os.Stdout, o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

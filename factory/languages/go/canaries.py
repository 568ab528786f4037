"""Go programs whose verdict is known. See `factory.run.canaries`."""

from factory.records import Canary

DIGIT_SUM = """package main

func digitSums(numbers []int) []int {
	sums := []int{}
	for _, n := range numbers {
		if n < 0 {
			n = -n
		}
		sum := 0
		for ; n > 0; n /= 10 {
			sum += n % 10
		}
		sums = append(sums, sum)
	}
	return sums
}
"""
SORTED = """package main

import (
	"fmt"
	"sort"
)

func main() {
	var n int
	var all []int
	for {
		if _, err := fmt.Scan(&n); err != nil {
			break
		}
		all = append(all, n)
	}
	sort.Ints(all)
	for i, n := range all {
		if i > 0 {
			fmt.Print(" ")
		}
		fmt.Print(n)
	}
	fmt.Println()
}
"""

CANARIES: tuple[Canary, ...] = (
    Canary("plain", "calls", True, DIGIT_SUM),
    Canary("with a main of its own", "calls", True, DIGIT_SUM + '\nfunc main() { println("debug", digitSums(nil)) }\n'),
    Canary("right but for the last case", "calls", False, DIGIT_SUM.replace("n > 0;", "n > 0 && sum < 30;")),
    Canary(
        "leaves early",
        "calls",
        False,
        'package main\n\nimport "os"\n\nfunc digitSums(numbers []int) []int {\n\tos.Exit(0)\n\treturn nil\n}\n',
    ),
    Canary("panics", "calls", False, DIGIT_SUM.replace("sums := []int{}", 'sums := []int{}\n\tpanic("no")')),
    Canary("never ends", "calls", False, DIGIT_SUM.replace("sum := 0", "sum := 0\n\t\tfor {\n\t\t}")),
    Canary("does not compile", "calls", False, DIGIT_SUM.replace("sum := 0", 'sum := "0"')),
    Canary("plain", "streams", True, SORTED),
    Canary("says nothing", "streams", False, SORTED.replace("sort.Ints(all)", "sort.Ints(all)\n\treturn")),
    Canary("says what it read", "streams", False, SORTED.replace("sort.Ints(all)", "sort.IntsAreSorted(all)")),
)

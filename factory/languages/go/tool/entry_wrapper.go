package main

import (
	"fmt"
	"strconv"
	"strings"
)

// free is a name that the program has not taken.
func (p *Program) free(name string) string {
	for strings.Contains(p.text, name) {
		name += "X"
	}
	return name
}

// entryWrapper is the file beside a candidate's own that hands its entry point out of the package.
func (w *Builder) entryWrapper(p *Program, entry *Entry, name, main string) string {
	if !w.calls() {
		return fmt.Sprintf("package %s\n\nfunc %s() { main() }\n", name, main)
	}
	harness, big := p.free("rolloutFactoryHarness"), p.free("rolloutFactoryBig")
	var text strings.Builder
	fmt.Fprintf(&text, "package %s\n\nimport %s \"rollout/harness\"\n", name, harness)
	if entry.usesBig {
		fmt.Fprintf(&text, "import %s \"math/big\"\n", big)
	}
	names := make([]string, len(entry.names))
	for i, name := range entry.names {
		names[i] = strconv.Quote(name)
	}
	fmt.Fprintf(&text, "\nfunc %s() %s.Entry {\n\treturn %s.Entry{Func: %s, Names: %s.Names(%s)",
		main, harness, harness, entry.expression, harness, strings.Join(names, ", "))
	if entry.usesBig {
		fmt.Fprintf(&text, ", Big: (*%s.Int).SetString", big)
	}
	text.WriteString("}\n}\n")
	return text.String()
}

// program is the main package of a binary: it picks the candidate that the first argument names, or ends at once.
func (w *Builder) program(units []*Unit) string {
	var imports, entries strings.Builder
	for _, unit := range units {
		fmt.Fprintf(&imports, "import c%d %q\n", unit.place, unit.path)
		fmt.Fprintf(&entries, "\t\t\"%d\": c%d.%s,\n", unit.place, unit.place, unit.main)
	}
	if w.calls() {
		return fmt.Sprintf("package main\n\n%simport \"rollout/harness\"\n\nfunc main() {\n\tharness.Serve(map[string]func() harness.Entry{\n%s\t})\n}\n",
			&imports, &entries)
	}
	return fmt.Sprintf("package main\n\n%simport \"os\"\n\nfunc main() {\n\tprogram, found := map[string]func(){\n%s\t}[os.Args[1]]\n\tos.Args = os.Args[:1]\n\tif found {\n\t\tprogram()\n\t}\n}\n",
		&imports, &entries)
}

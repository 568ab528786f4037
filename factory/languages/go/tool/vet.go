package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/types"
	"reflect"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/suite/vet"
)

// Further findings of one program are only counted.
const mostFindings = 20

// vet is what the analyses of `go vet` find in a source that compiles, by place.
func (w *Builder) vet(source string) (Result, error) {
	p, err := w.load(source)
	if err != nil {
		return Result{}, err
	}
	if err := p.fault(); err != nil {
		return Result{}, err
	}
	v := &Vetting{program: p, results: map[*analysis.Analyzer]any{}, facts: map[fact]analysis.Fact{}}
	for _, analyzer := range vet.Suite {
		if _, err := v.result(analyzer); err != nil {
			return Result{}, refuse(compileError, "vet: %s: %v", analyzer.Name, err)
		}
	}
	return Result{Lint: v.lint()}, nil
}

// A Vetting is the analyses of one program. Of what it imports they have no facts: what matters of the standard
// library they know without.
type Vetting struct {
	program *Program
	results map[*analysis.Analyzer]any
	facts   map[fact]analysis.Fact
	found   []analysis.Diagnostic
}

// A fact is told of an object, one of a kind.
type fact struct {
	object types.Object
	kind   reflect.Type
}

// result runs an analysis, behind those that it needs, once.
func (v *Vetting) result(analyzer *analysis.Analyzer) (any, error) {
	if result, done := v.results[analyzer]; done {
		return result, nil
	}
	needed := map[*analysis.Analyzer]any{}
	for _, other := range analyzer.Requires {
		result, err := v.result(other)
		if err != nil {
			return nil, err
		}
		needed[other] = result
	}
	p := v.program
	pass := &analysis.Pass{
		Analyzer: analyzer, Fset: p.fset, Files: []*ast.File{p.file}, Pkg: p.pkg, TypesInfo: p.info, TypesSizes: sizes,
		ResultOf:         needed,
		ReadFile:         func(string) ([]byte, error) { return []byte(p.text), nil },
		Report:           func(found analysis.Diagnostic) { v.found = append(v.found, found) },
		ExportObjectFact: func(of types.Object, said analysis.Fact) { v.facts[fact{of, reflect.TypeOf(said)}] = said },
		ImportObjectFact: func(of types.Object, wanted analysis.Fact) bool {
			said, known := v.facts[fact{of, reflect.TypeOf(wanted)}]
			if known {
				reflect.ValueOf(wanted).Elem().Set(reflect.ValueOf(said).Elem())
			}
			return known
		},
	}
	result, err := analyzer.Run(pass)
	v.results[analyzer] = result
	return result, err
}

// lint is the diagnostics found, by place.
func (v *Vetting) lint() []string {
	slices.SortFunc(v.found, func(a, b analysis.Diagnostic) int {
		return cmp.Or(int(a.Pos-b.Pos), strings.Compare(a.Message, b.Message))
	})
	var findings []string
	for _, one := range v.found[:min(len(v.found), mostFindings)] {
		findings = append(findings, fmt.Sprintf("line %d: %s", v.program.line(one.Pos), one.Message))
	}
	if further := len(v.found) - len(findings); further > 0 {
		findings = append(findings, fmt.Sprintf("and %d more", further))
	}
	return findings
}

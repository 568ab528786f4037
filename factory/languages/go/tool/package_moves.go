package main

import (
	"go/ast"
	"go/parser"
	"path"
	"slices"
	"strconv"
)

// A successor is the standard package that took a package's place, and those of its names that mean the same
// there; none stands for all.
type successor struct {
	path  string
	names []string
}

// Packages from before the standard library had their like. Of golang.org/x/exp/maps, Keys and Values give
// slices and not iterators; of constraints, only Ordered has found a place.
var successors = map[string]successor{
	"golang.org/x/exp/constraints": {"cmp", []string{"Ordered"}},
	"golang.org/x/exp/maps":        {"maps", []string{"Clone", "Copy", "DeleteFunc", "Equal", "EqualFunc"}},
	"golang.org/x/exp/slices":      {"slices", nil},
}

// movePackages takes the standard library's packages for those that these came from, where nothing else can
// be meant; the second answer says which. What cannot be read stays as it is, for others to complain of.
func (w *Builder) movePackages(text string) (string, []string) {
	file, err := parser.ParseFile(w.fset, "solution.go", text, parser.SkipObjectResolution)
	if err != nil {
		return text, nil
	}
	p := &Program{text: text, file: file, fset: w.fset}
	var edits []edit
	var fixes []string
	for _, spec := range file.Imports {
		old := importPath(spec)
		if next, ok := successors[old]; ok {
			if made, ok := p.replaced(spec, next); ok {
				edits = append(edits, made...)
				fixes = append(fixes, "import replaced: "+old+" by "+next.path)
			}
		}
	}
	return apply(text, edits), fixes
}

// replaced are the edits that put a successor in the place of an import; false where a name it needs is
// taken, or one that it lacks is used.
func (p *Program) replaced(spec *ast.ImportSpec, next successor) ([]edit, bool) {
	from, to := path.Base(importPath(spec)), path.Base(next.path)
	if spec.Name != nil {
		from, to = spec.Name.Name, spec.Name.Name
	}
	if from == "." || from == "_" || from != to && p.mentions(to) {
		return nil, false
	}
	edits := []edit{{p.offset(spec.Path.Pos()), p.offset(spec.Path.End()), strconv.Quote(next.path)}}
	fits := true
	ast.Inspect(p.file, func(node ast.Node) bool {
		selector, ok := node.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if name, ok := selector.X.(*ast.Ident); ok && name.Name == from {
			fits = fits && (next.names == nil || slices.Contains(next.names, selector.Sel.Name))
			edits = append(edits, edit{p.offset(name.Pos()), p.offset(name.End()), to})
		}
		return true
	})
	return edits, fits
}

// mentions is whether a name stands anywhere in the program's code.
func (p *Program) mentions(name string) bool {
	found := false
	ast.Inspect(p.file, func(node ast.Node) bool {
		ident, ok := node.(*ast.Ident)
		found = found || ok && ident.Name == name
		return !found
	})
	return found
}

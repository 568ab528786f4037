package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// unusedImports are the paths of imports that nothing uses.
func (p *Program) unusedImports() map[string]bool {
	unused := map[string]bool{}
	for _, spec := range p.unusedSpecs() {
		unused[importPath(spec)] = true
	}
	return unused
}

func (p *Program) unusedSpecs() []*ast.ImportSpec {
	used, dotted := map[types.Object]bool{}, map[*types.Package]bool{}
	selected := p.selected()
	for ident, object := range p.info.Uses {
		if name, ok := object.(*types.PkgName); ok {
			used[name] = true
		} else if object.Pkg() != nil && object.Parent() == object.Pkg().Scope() && !selected[ident] {
			dotted[object.Pkg()] = true
		}
	}
	var unused []*ast.ImportSpec
	for _, spec := range p.file.Imports {
		object := p.info.Implicits[spec]
		if spec.Name != nil {
			object = p.info.Defs[spec.Name]
		}
		name, ok := object.(*types.PkgName)
		isDot := spec.Name != nil && spec.Name.Name == "."
		isBlank := spec.Name != nil && spec.Name.Name == "_"
		if ok && !isBlank && !used[name] && !(isDot && dotted[name.Imported()]) {
			unused = append(unused, spec)
		}
	}
	return unused
}

// selected are the names that stand behind a dot.
func (p *Program) selected() map[*ast.Ident]bool {
	selected := map[*ast.Ident]bool{}
	ast.Inspect(p.file, func(node ast.Node) bool {
		if selector, ok := node.(*ast.SelectorExpr); ok {
			selected[selector.Sel] = true
		}
		return true
	})
	return selected
}

func importPath(spec *ast.ImportSpec) string {
	path, _ := strconv.Unquote(spec.Path.Value)
	return path
}

// withImports removes unused imports and adds missing ones that can only mean one package.
//
// `unused` are those that the source itself left unused: taking these away is a fix, while taking
// away what only its own main or tests used is none.
func (w *Builder) withImports(p *Program, unused map[string]bool) (*Program, []string, error) {
	removed, added := p.unusedSpecs(), w.missing(p)
	if len(removed) == 0 && len(added) == 0 {
		return p, nil, nil
	}
	var fixes []string
	for _, spec := range removed {
		if path := importPath(spec); unused[path] {
			fixes = append(fixes, "import removed: "+path)
		}
	}
	slices.Sort(fixes)
	for _, path := range added {
		fixes = append(fixes, "import added: "+path)
	}
	fixed, err := w.load(p.rewritten(removed, added))
	return fixed, fixes, err
}

// rewritten is the text with its imports in one block, where the first of them was or after the package clause.
// The block takes one line; formatting opens it.
func (p *Program) rewritten(removed []*ast.ImportSpec, added []string) string {
	var lines []string
	for _, spec := range p.file.Imports {
		if !slices.Contains(removed, spec) {
			lines = append(lines, p.text[p.offset(spec.Pos()):p.offset(spec.Path.End())])
		}
	}
	for _, path := range added {
		lines = append(lines, strconv.Quote(path))
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(sortKey(a), sortKey(b)) })
	end := p.offset(p.file.Name.End())
	var edits []edit
	switch {
	case len(lines) == 1:
		edits = append(edits, edit{end, end, ";import " + lines[0]})
	case len(lines) > 1:
		edits = append(edits, edit{end, end, ";import (" + strings.Join(lines, ";") + ")"})
	}
	for _, decl := range p.file.Decls {
		if group, ok := decl.(*ast.GenDecl); ok && group.Tok == token.IMPORT {
			edits = append(edits, blank(p.text, p.offset(group.Pos()), p.statementEnd(group.End())))
		}
	}
	return apply(p.text, edits)
}

// statementEnd takes in the semicolon that ends a declaration, where one is written.
func (p *Program) statementEnd(end token.Pos) int {
	offset := p.offset(end)
	if rest := strings.TrimLeft(p.text[offset:], " \t"); strings.HasPrefix(rest, ";") {
		return len(p.text) - len(rest) + 1
	}
	return offset
}

func sortKey(spec string) string { return spec[strings.IndexAny(spec, "\"`")+1:] }

// missing are the paths of packages that selectors name and nothing declares, where only one can be meant:
// one alone of that name exports all that is asked of it. So rand.Intn is math/rand's and rand.IntN that of
// math/rand/v2, while rand.Int, which these and crypto/rand have, stays undefined.
func (w *Builder) missing(p *Program) []string {
	members := map[string]map[string]bool{}
	ast.Inspect(p.file, func(node ast.Node) bool {
		selector, ok := node.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		name, ok := selector.X.(*ast.Ident)
		if ok && p.info.Uses[name] == nil && p.info.Defs[name] == nil {
			if members[name.Name] == nil {
				members[name.Name] = map[string]bool{}
			}
			members[name.Name][selector.Sel.Name] = true
		}
		return true
	})
	var paths []string
	for name, wanted := range members {
		var able []string
		for _, path := range w.named[name] {
			if w.offers(path, wanted) {
				able = append(able, path)
			}
		}
		if len(able) == 1 {
			paths = append(paths, able[0])
		}
	}
	slices.Sort(paths)
	return paths
}

// offers is whether the package at path exports all these names.
func (w *Builder) offers(path string, wanted map[string]bool) bool {
	pkg, err := w.importer.Import(path)
	if err != nil {
		return false
	}
	for name := range maps.Keys(wanted) {
		if !ast.IsExported(name) || pkg.Scope().Lookup(name) == nil {
			return false
		}
	}
	return true
}

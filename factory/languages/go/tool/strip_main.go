package main

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"
)

// stripMain takes a function problem's candidate without its own main and tests, and without the
// functions that only they use. What ships is then what was verified. Line numbers stay.
func (w *Builder) stripMain(p *Program) (*Program, error) {
	if !w.calls() {
		return p, nil
	}
	dropped := p.unneeded(w.names(p))
	if len(dropped) == 0 {
		return p, nil
	}
	var edits []edit
	for function := range dropped {
		start := function.Pos()
		if function.Doc != nil {
			start = function.Doc.Pos()
		}
		edits = append(edits, blank(p.text, p.offset(start), p.statementEnd(function.End())))
	}
	return w.load(apply(p.text, edits))
}

// unneeded are the functions to leave out.
func (p *Program) unneeded(entry []string) map[*ast.FuncDecl]bool {
	users := p.users()
	dropped := map[*ast.FuncDecl]bool{}
	for again := true; again; {
		again = false
		for _, decl := range p.file.Decls {
			function, ok := decl.(*ast.FuncDecl)
			if !ok || function.Recv != nil || dropped[function] || function.Name.Name == "init" || slices.Contains(entry, function.Name.Name) {
				continue
			}
			if superfluous(function, users[p.info.Defs[function.Name]], dropped) {
				dropped[function], again = true, true
			}
		}
	}
	return dropped
}

// superfluous is whether only itself and what is left out use a function; one that nothing uses is left out
// only when it is the program's main or a test.
func superfluous(function *ast.FuncDecl, users map[ast.Decl]bool, dropped map[*ast.FuncDecl]bool) bool {
	extra := function.Name.Name == "main" || isTest(function)
	for user := range users {
		other, ok := user.(*ast.FuncDecl)
		if !ok || other != function && !dropped[other] {
			return false
		}
		extra = extra || other != function
	}
	return extra
}

// users says which declarations of the file use an object.
func (p *Program) users() map[types.Object]map[ast.Decl]bool {
	users := map[types.Object]map[ast.Decl]bool{}
	for _, decl := range p.file.Decls {
		ast.Inspect(decl, func(node ast.Node) bool {
			if name, ok := node.(*ast.Ident); ok && p.info.Uses[name] != nil {
				object := p.info.Uses[name]
				if users[object] == nil {
					users[object] = map[ast.Decl]bool{}
				}
				users[object][decl] = true
			}
			return true
		})
	}
	return users
}

// isTest is whether a function takes a *testing.T, B, F, M or a testing.TB, judged by its text.
func isTest(function *ast.FuncDecl) bool {
	for _, field := range function.Type.Params.List {
		kind := field.Type
		if pointer, ok := kind.(*ast.StarExpr); ok {
			kind = pointer.X
		}
		selector, ok := kind.(*ast.SelectorExpr)
		if !ok {
			continue
		}
		if pkg, ok := selector.X.(*ast.Ident); ok && pkg.Name == "testing" && strings.Contains(" T B F M TB ", " "+selector.Sel.Name+" ") {
			return true
		}
	}
	return false
}

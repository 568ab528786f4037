package main

import (
	"fmt"
	"go/ast"
	"go/types"
	"slices"
	"strings"
)

// An Entry is the function to call, and how an entry wrapper in its package writes it.
type Entry struct {
	expression string   // the function, instantiated where it is generic
	names      []string // its parameters' names
	usesBig    bool     // the program uses math/big
	parameters *Parameters
}

// entry finds the function that the problem calls, or the program's main.
func (w *Builder) entry(p *Program) (*Entry, error) {
	if !w.calls() {
		if function, ok := p.pkg.Scope().Lookup("main").(*types.Func); !ok || function.Signature().TypeParams() != nil {
			return nil, refuse(missingEntry, "no function main")
		}
		return &Entry{expression: "main"}, nil
	}
	for _, name := range w.names(p) {
		object := p.pkg.Scope().Lookup(name)
		if object == nil {
			continue
		}
		_, isFunction := object.(*types.Func)
		_, isVariable := object.(*types.Var)
		signature, isCallable := object.Type().Underlying().(*types.Signature)
		if !isCallable || !isFunction && !isVariable {
			return nil, refuse(missingEntry, "%s is no function but %s", name, object.Type())
		}
		return w.callable(p, name, signature)
	}
	return nil, refuse(missingEntry, "%s", w.absence(p))
}

// names are those that the entry point may have, best first: the accepted ones, and that of the only function whose
// name differs from them in case and underscores alone.
func (w *Builder) names(p *Program) []string {
	alike := slices.DeleteFunc(p.pkg.Scope().Names(), func(name string) bool {
		_, callable := p.pkg.Scope().Lookup(name).Type().Underlying().(*types.Signature)
		return !callable || !w.calls() || name == "main" || name == "init" || plain(name) != plain(w.Entry[0])
	})
	if len(alike) != 1 {
		return w.Entry
	}
	return append(slices.Clone(w.Entry), alike...)
}

func (w *Builder) absence(p *Program) string {
	var there []string
	for _, decl := range p.file.Decls {
		function, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		if function.Recv == nil {
			there = append(there, function.Name.Name)
		} else if slices.Contains(w.Entry, function.Name.Name) {
			return fmt.Sprintf("%s is a method of %s, not a function", function.Name.Name, types.ExprString(function.Recv.List[0].Type))
		}
	}
	if len(there) == 0 {
		return fmt.Sprintf("no function %s", w.Entry[0])
	}
	return fmt.Sprintf("no function %s; there are: %s", w.Entry[0], strings.Join(there, ", "))
}

// callable checks that the cases can call the function at all.
func (w *Builder) callable(p *Program, name string, signature *types.Signature) (*Entry, error) {
	e := &Entry{expression: name, parameters: declared(signature)}
	for parameter := range signature.Params().Variables() {
		e.names = append(e.names, parameter.Name())
		if uncallable(parameter.Type()) {
			return nil, refuse(compileError, "line %d: parameter %s of %s has type %s, which no case's value can be",
				p.line(parameter.Pos()), parameter.Name(), name, types.TypeString(parameter.Type(), types.RelativeTo(p.pkg)))
		}
	}
	if err := w.arity(p, name, signature); err != nil {
		return nil, err
	}
	for _, spec := range p.file.Imports {
		e.usesBig = e.usesBig || importPath(spec) == "math/big"
	}
	if signature.TypeParams() == nil {
		return e, nil
	}
	arguments, err := w.instance(signature)
	if err != nil {
		return nil, refuse(missingEntry, "%s is generic, and its type parameters cannot be told from the cases: %v", name, err)
	}
	e.expression += "[" + strings.Join(arguments, ", ") + "]"
	return e, nil
}

// uncallable is whether nothing of this type can be made of a plain value.
func uncallable(t types.Type) bool {
	switch t := t.Underlying().(type) {
	case *types.Signature, *types.Chan:
		return true
	case *types.Slice:
		return uncallable(t.Elem())
	}
	return false
}

// arity refuses a function that none of the cases' ways to call it fits.
func (w *Builder) arity(p *Program, name string, signature *types.Signature) error {
	declared, least := signature.Params().Len(), signature.Params().Len()
	if signature.Variadic() {
		least--
	}
	for _, way := range w.Arities {
		count := way.Positional + len(way.Keywords)
		if count >= least && (count <= declared || signature.Variadic()) {
			return nil
		}
	}
	if len(w.Arities) == 0 {
		return nil
	}
	given := w.Arities[0].Positional + len(w.Arities[0].Keywords)
	object := p.pkg.Scope().Lookup(name)
	return refuse(compileError, "line %d: %s declares %d parameters, the cases give %d", p.line(object.Pos()), name, declared, given)
}

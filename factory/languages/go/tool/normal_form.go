package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"hash"
	"io"
	"reflect"
	"slices"
)

// normalForm is a key that programs share which differ in comments, layout and inner names only.
//
// It tells programs apart where some are chosen; two of one normal form may still behave differently (by pragmas, or by
// what they read of their own binary), so each is run. It covers what the entry point can reach and everything that runs
// by itself, in the form of the syntax tree: variables, constants, labels and functions count by their place and not by
// their name; names of types, fields and methods stay.
func (p *Program) normalForm(entry []string) string {
	n := &normaliser{program: p, numbers: map[types.Object]int{}, digest: sha256.New()}
	n.aliases()
	for _, decl := range p.reachable(entry) {
		n.node(reflect.ValueOf(decl))
	}
	return hex.EncodeToString(n.digest.Sum(nil))
}

// reachable are the declarations that matter: the entry's function first and then functions in the order
// in which they are first named, then all else in the order of the file, which decides how it is initialised.
func (p *Program) reachable(entry []string) []ast.Decl {
	functions := map[types.Object]*ast.FuncDecl{}
	var others, order []ast.Decl
	for _, decl := range p.file.Decls {
		function, ok := decl.(*ast.FuncDecl)
		switch {
		case ok && function.Recv == nil && function.Name.Name != "init" && function.Name.Name != "_":
			functions[p.info.Defs[function.Name]] = function
		case ok:
			others = append(others, decl)
		case decl.(*ast.GenDecl).Tok != token.IMPORT:
			others = append(others, decl)
		}
	}
	seen := map[*ast.FuncDecl]bool{}
	var visit func(node ast.Node)
	visit = func(node ast.Node) {
		ast.Inspect(node, func(node ast.Node) bool {
			if name, ok := node.(*ast.Ident); ok {
				if function := functions[p.info.Uses[name]]; function != nil && !seen[function] {
					seen[function] = true
					order = append(order, function)
					visit(function)
				}
			}
			return true
		})
	}
	if len(entry) == 0 {
		entry = []string{"main"}
	}
	for _, name := range entry {
		if object := p.pkg.Scope().Lookup(name); object != nil {
			if function := functions[object]; function != nil {
				seen[function] = true
				order = append(order, function)
				visit(function)
			}
			break
		}
	}
	for _, decl := range others {
		visit(decl)
	}
	return append(order, others...)
}

// A normaliser writes a syntax tree without its positions, comments and inner names.
type normaliser struct {
	program *Program
	numbers map[types.Object]int
	idents  map[*ast.Ident]int // of a type switch's variable, which has an object in every clause
	digest  hash.Hash
	count   int
}

// aliases gives a type switch's variable and its objects one number.
func (n *normaliser) aliases() {
	n.idents = map[*ast.Ident]int{}
	ast.Inspect(n.program.file, func(node ast.Node) bool {
		statement, ok := node.(*ast.TypeSwitchStmt)
		if !ok {
			return true
		}
		assign, ok := statement.Assign.(*ast.AssignStmt)
		if !ok {
			return true
		}
		n.idents[assign.Lhs[0].(*ast.Ident)] = -len(n.idents) - 1
		for _, clause := range statement.Body.List {
			if object := n.program.info.Implicits[clause]; object != nil {
				n.numbers[object] = -len(n.idents)
			}
		}
		return true
	})
}

func (n *normaliser) name(ident *ast.Ident) string {
	if number, ok := n.idents[ident]; ok {
		return fmt.Sprintf("#%d", number)
	}
	object := n.program.info.Uses[ident]
	if object == nil {
		object = n.program.info.Defs[ident]
	}
	switch object := object.(type) {
	case *types.PkgName:
		return "@" + object.Imported().Path()
	case *types.Var:
		if object.IsField() || object.Pkg() != n.program.pkg {
			return ident.Name
		}
	case *types.Func:
		if object.Pkg() != n.program.pkg || object.Signature().Recv() != nil || ident.Name == "init" {
			return ident.Name
		}
	case *types.Const, *types.Label:
		if object.Pkg() != n.program.pkg {
			return ident.Name
		}
	default:
		return ident.Name
	}
	if ident.Name == "_" {
		return "_"
	}
	if _, known := n.numbers[object]; !known {
		n.count++
		n.numbers[object] = n.count
	}
	return fmt.Sprintf("#%d", n.numbers[object])
}

var (
	positions = reflect.TypeFor[token.Pos]()
	comments  = reflect.TypeFor[*ast.CommentGroup]()
	// Positions that mean something: `type A = B`, and `f(x...)`.
	telling = []string{"Assign", "Ellipsis"}
)

func (n *normaliser) node(v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			io.WriteString(n.digest, "nil;")
			return
		}
		if ident, ok := v.Interface().(*ast.Ident); ok {
			fmt.Fprintf(n.digest, "%q;", n.name(ident))
			return
		}
		if inner, ok := v.Interface().(*ast.ParenExpr); ok {
			n.node(reflect.ValueOf(inner.X))
			return
		}
		n.node(v.Elem())
	case reflect.Slice:
		fmt.Fprintf(n.digest, "[%d;", v.Len())
		for i := range v.Len() {
			n.node(v.Index(i))
		}
	case reflect.Struct:
		n.structure(v)
	default:
		fmt.Fprintf(n.digest, "%q;", fmt.Sprint(v.Interface()))
	}
}

func (n *normaliser) structure(v reflect.Value) {
	fmt.Fprintf(n.digest, "{%s;", v.Type().Name())
	for i := range v.NumField() {
		field := v.Type().Field(i)
		switch {
		case field.Type == positions:
			if slices.Contains(telling, field.Name) {
				fmt.Fprintf(n.digest, "%t;", v.Field(i).Interface().(token.Pos).IsValid())
			}
		case field.Type == comments, field.Type.String() == "*ast.Object", field.Type.String() == "*ast.Scope":
		default:
			n.node(v.Field(i))
		}
	}
	io.WriteString(n.digest, "}")
}

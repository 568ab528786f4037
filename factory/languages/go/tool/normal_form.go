package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"io"
	"reflect"
	"slices"
	"strings"
)

// Packages through which a program can see its own names, lines or text.
var introspective = []string{
	"runtime", "reflect", "unsafe", "log", "testing", "expvar", "embed", "go/", "debug/", "plugin", "syscall", "encoding/gob", "os/exec",
}

// key is equal only for programs that cannot behave differently.
//
// It covers what the entry point can reach and everything that runs by itself, in the form of the syntax
// tree: comments and layout are gone, and variables, constants, labels and functions count by their place
// and not by their name. Names of types, fields and methods stay, since %T and %+v show them, and so do
// `parameters`, the names by which cases pass arguments. A program that could look at itself keeps its text.
func (p *Program) normalForm(entry, parameters []string) string {
	for _, spec := range p.file.Imports {
		path := importPath(spec)
		for _, prefix := range introspective {
			if path == prefix || strings.HasPrefix(path, strings.TrimSuffix(prefix, "/")+"/") {
				return "text:" + hash(p.text)
			}
		}
		if spec.Name != nil && (spec.Name.Name == "." || spec.Name.Name == "_") {
			return "text:" + hash(p.text)
		}
	}
	n := &normaliser{program: p, numbers: map[types.Object]int{}, digest: sha256.New()}
	n.aliases()
	if p.tellsItsPackage() {
		io.WriteString(n.digest, p.file.Name.Name+";")
	}
	for _, name := range parameters {
		io.WriteString(n.digest, plain(name)+";")
	}
	for _, decl := range p.reachable(entry) {
		n.node(reflect.ValueOf(decl))
	}
	return "tree:" + hex.EncodeToString(n.digest.(interface{ Sum([]byte) []byte }).Sum(nil))
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
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
	digest  io.Writer
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

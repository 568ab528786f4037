package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// Packages whose presence in a program changes nothing for the other candidates linked into it.
var inert = []string{
	"bufio", "bytes", "cmp", "container/heap", "container/list", "container/ring", "crypto/md5", "crypto/sha1",
	"crypto/sha256", "encoding/base64", "encoding/binary", "encoding/csv", "encoding/hex", "encoding/json", "errors",
	"fmt", "hash/crc32", "hash/fnv", "html", "io", "iter", "maps", "math", "math/big", "math/bits", "math/cmplx",
	"math/rand", "math/rand/v2", "path",
	"os", "reflect", "regexp", "slices", "sort", "strconv", "strings", "sync", "sync/atomic", "text/tabwriter",
	"time", "unicode", "unicode/utf16", "unicode/utf8", "runtime",
}

// partly is what a program may use of a package and still share a binary. With more it could find its neighbours: read
// or start the binary, read the names of functions by address, or make a pointer to anywhere. What runs a function on
// a goroutine of its own would do: by a race on an interface a pointer of one type becomes one of another.
var partly = map[string][]string{
	"os":      {"Args", "Exit", "File", "Stderr", "Stdin", "Stdout"},
	"reflect": {"DeepEqual", "TypeOf"},
	"runtime": {"GC", "GOMAXPROCS", "Gosched", "MemStats", "NumCPU", "NumGoroutine", "ReadMemStats"},
}

// parallel is what starts goroutines with functions of the program, of the packages that are inert.
var parallel = []string{"time.AfterFunc", "sync.Go"}

// linkable is whether a program may share a binary: nothing of it runs, or takes effect, before main, and none of its
// neighbours is within its reach.
func (p *Program) linkable() bool {
	return p.startsQuietly() && p.staysWithin()
}

// staysWithin is whether a program has no way to the memory, the code or the names of what shares its binary.
func (p *Program) staysWithin() bool {
	for _, object := range p.info.Uses {
		if object.Pkg() == nil {
			continue
		}
		path, name := object.Pkg().Path(), object.Name()
		names, known := partly[path]
		if known && object.Parent() == object.Pkg().Scope() && !slices.Contains(names, name) || slices.Contains(parallel, path+"."+name) {
			return false
		}
	}
	within := true
	ast.Inspect(p.file, func(node ast.Node) bool {
		_, goes := node.(*ast.GoStmt)
		within = within && !goes
		return within
	})
	return within
}

func (p *Program) startsQuietly() bool {
	for _, spec := range p.file.Imports {
		named := spec.Name != nil && (spec.Name.Name == "_" || spec.Name.Name == ".")
		if named || !slices.Contains(inert, importPath(spec)) {
			return false
		}
	}
	for _, decl := range p.file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if decl.Recv == nil && decl.Name.Name == "init" {
				return false
			}
		case *ast.GenDecl:
			if decl.Tok == token.VAR && !p.harmless(decl) {
				return false
			}
		}
	}
	return true
}

// tellsItsPackage is whether a program might print its package's name, as %T and %#v of its types do: then it
// must not be linked under another one.
func (p *Program) tellsItsPackage() bool {
	for _, spec := range p.file.Imports {
		if slices.Contains([]string{"encoding/json", "reflect", "runtime"}, importPath(spec)) || !slices.Contains(inert, importPath(spec)) {
			return true
		}
	}
	tells := false
	ast.Inspect(p.file, func(node ast.Node) bool {
		if literal, ok := node.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			tells = tells || strings.Contains(literal.Value, "%") && strings.ContainsAny(literal.Value, "T#")
		}
		return !tells
	})
	return tells
}

// harmless is whether initialising these variables only builds values: no call but of a few that do just
// that, no index, no channel, nothing that can panic. How much they build is counted by brings.
func (p *Program) harmless(decl *ast.GenDecl) bool {
	fine := true
	for _, spec := range decl.Specs {
		for _, value := range spec.(*ast.ValueSpec).Values {
			ast.Inspect(value, func(node ast.Node) bool {
				expression, ok := node.(ast.Expr)
				if !ok {
					return fine
				}
				if known := p.info.Types[expression]; known.Value != nil || known.IsType() {
					return false // a constant, or the name of a type
				}
				switch node := node.(type) {
				case *ast.FuncLit:
					return false // its body runs when it is called, and nothing here calls it
				case *ast.CallExpr:
					fine = fine && p.builds(node)
					return false
				case *ast.CompositeLit:
					_, isMap := p.info.Types[node].Type.Underlying().(*types.Map)
					fine = fine && (!isMap || p.constantKeys(node))
				case *ast.UnaryExpr:
					fine = fine && node.Op == token.AND
				case *ast.Ident, *ast.KeyValueExpr, *ast.ParenExpr:
				default:
					fine = false
				}
				return fine
			})
		}
	}
	return fine
}

// builds is whether a call is make(map), new(T) or errors.New("text").
func (p *Program) builds(call *ast.CallExpr) bool {
	if len(call.Args) != 1 {
		return false
	}
	argument := p.info.Types[call.Args[0]]
	switch function := call.Fun.(type) {
	case *ast.Ident:
		builtin, ok := p.info.Uses[function].(*types.Builtin)
		if !ok || builtin.Name() != "make" && builtin.Name() != "new" {
			return false
		}
		return argument.IsType()
	case *ast.SelectorExpr:
		object := p.info.Uses[function.Sel]
		return object != nil && object.Pkg() != nil && object.Pkg().Path() == "errors" && object.Name() == "New" && argument.Value != nil
	}
	return false
}

func (p *Program) constantKeys(literal *ast.CompositeLit) bool {
	for _, element := range literal.Elts {
		pair, ok := element.(*ast.KeyValueExpr)
		if !ok || p.info.Types[pair.Key].Value == nil {
			return false
		}
	}
	return true
}

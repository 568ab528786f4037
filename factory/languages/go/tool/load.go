package main

import (
	"errors"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

var sizes = types.SizesFor("gc", "amd64")

// A Builder holds what all sources of a request share: the problem and the standard library's types.
type Builder struct {
	*Request
	standard map[string]string   // archives of the packages that a program may import
	named    map[string][]string // those paths by package name
	importer types.Importer
	fset     *token.FileSet
	added    int // lines that were put before the source at hand
}

func newBuilder(request *Request) *Builder {
	w := &Builder{Request: request, standard: map[string]string{}, named: map[string][]string{}, fset: token.NewFileSet()}
	listing, err := os.ReadFile(filepath.Join(request.Root, "importcfg"))
	if err != nil {
		fail(err)
	}
	for line := range strings.Lines(string(listing)) {
		path, archive, found := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "packagefile "), "=")
		if found {
			w.standard[path] = archive
			w.named[packageName(path)] = append(w.named[packageName(path)], path)
		}
	}
	w.standard["unsafe"] = "" // known to the type checker itself
	w.importer = importer.ForCompiler(w.fset, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(w.standard[path])
	})
	return w
}

// packageName is the last part of a path that is no version.
func packageName(path string) string {
	parts := strings.Split(path, "/")
	last := parts[len(parts)-1]
	if version, ok := strings.CutPrefix(last, "v"); ok && len(parts) > 1 {
		if _, err := strconv.Atoi(version); err == nil {
			return parts[len(parts)-2]
		}
	}
	return last
}

// A Program is one source as it stands, read and type-checked.
type Program struct {
	text   string
	file   *ast.File
	pkg    *types.Package
	info   *types.Info
	errors []types.Error
	fset   *token.FileSet
	added  int // lines before those that its author wrote
}

// load reads and checks a source that has a package clause. Type errors are kept in the program.
func (w *Builder) load(text string) (*Program, error) {
	p := &Program{text: text, fset: w.fset, added: w.added}
	file, err := parser.ParseFile(w.fset, "solution.go", text, parser.ParseComments)
	if err != nil {
		return nil, w.unreadable(err)
	}
	p.file = file
	if err := w.permitted(p); err != nil {
		return nil, err
	}
	p.info = &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{},
		Uses: map[*ast.Ident]types.Object{}, Implicits: map[ast.Node]types.Object{},
		Instances: map[*ast.Ident]types.Instance{}, Scopes: map[ast.Node]*types.Scope{},
		Selections: map[*ast.SelectorExpr]*types.Selection{}, FileVersions: map[*ast.File]string{},
	}
	config := types.Config{
		Importer: w.importer,
		Sizes:    sizes,
		Error: func(err error) {
			var fault types.Error
			if errors.As(err, &fault) {
				p.errors = append(p.errors, fault)
			}
		},
	}
	p.pkg, _ = config.Check(file.Name.Name, w.fset, []*ast.File{file}, p.info)
	return p, nil
}

func (w *Builder) unreadable(err error) error {
	var list scanner.ErrorList
	if errors.As(err, &list) && len(list) > 0 {
		return refuse(compileError, "line %d: %s", max(1, list[0].Pos.Line-w.added), list[0].Msg)
	}
	return refuse(compileError, "%v", err)
}

// permitted refuses what reaches beyond the file: cgo, packages from elsewhere, and compiler directives that do.
func (w *Builder) permitted(p *Program) error {
	for _, spec := range p.file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if _, known := w.standard[path]; err != nil || !known {
			return refuse(compileError, "line %d: import %s is not in the standard library", p.line(spec.Pos()), spec.Path.Value)
		}
	}
	for _, group := range p.file.Comments {
		for _, comment := range group.List {
			for _, directive := range []string{"//go:linkname", "//go:embed", "//go:cgo_", "//go:wasm"} {
				if strings.HasPrefix(comment.Text, directive) {
					return refuse(compileError, "line %d: %s reaches beyond the program", p.line(comment.Pos()), directive)
				}
			}
		}
	}
	for _, decl := range p.file.Decls {
		if function, ok := decl.(*ast.FuncDecl); ok && function.Body == nil {
			return refuse(compileError, "line %d: function %s has no body", p.line(function.Pos()), function.Name.Name)
		}
	}
	return nil
}

// line is a position's line in its author's text, whatever //line directives say.
func (p *Program) line(pos token.Pos) int { return p.fset.PositionFor(pos, false).Line - p.added }

func (p *Program) offset(pos token.Pos) int { return p.fset.PositionFor(pos, false).Offset }

// fault is the first type error, nil when there is none.
func (p *Program) fault() error {
	if len(p.errors) == 0 {
		return nil
	}
	first := p.errors[0]
	for _, other := range p.errors {
		continues := strings.HasPrefix(other.Msg, "\t") // as "other declaration of x" does
		if other.Pos < first.Pos && !continues {
			first = other
		}
	}
	message, _, _ := strings.Cut(first.Msg, "\n")
	return refuse(compileError, "line %d: %s", p.line(first.Pos), message)
}

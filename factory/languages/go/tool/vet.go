package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"go/parser"
	"go/version"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// Further findings of one program are only counted.
const mostFindings = 20

// A vetConfig is what `go vet` hands to the vet program (x/tools/go/analysis/unitchecker, Config).
type vetConfig struct {
	ID, Compiler, ImportPath, GoVersion string
	GoFiles                             []string
	ImportMap, PackageFile              map[string]string
	VetxOutput                          string
}

// A finding is one of vet's diagnostics, and where it is.
type finding struct {
	line, column int
	text         string
}

// vet is what Go's vet program finds in a source that compiles, by place. A source that makes it fail is refused.
func (w *Workshop) vet(source string) (Result, error) {
	file, err := parser.ParseFile(w.fset, "solution.go", source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return Result{}, w.unreadable(err)
	}
	said, err := w.vetted(&Program{text: source, file: file, fset: w.fset})
	if err != nil {
		return Result{}, err
	}
	findings, err := read(said)
	return Result{Findings: findings}, err
}

// vetted runs the vet program on a source alone in its package; what it wrote.
func (w *Workshop) vetted(p *Program) ([]byte, error) {
	name, config := filepath.Join(work, "solution.go"), filepath.Join(work, "vet.cfg")
	asked := vetConfig{
		ID: "solution", Compiler: "gc", ImportPath: p.file.Name.Name, GoVersion: version.Lang(runtime.Version()),
		GoFiles: []string{name}, ImportMap: map[string]string{}, PackageFile: map[string]string{},
		VetxOutput: filepath.Join(work, "vetx"),
	}
	for _, spec := range p.file.Imports {
		path := importPath(spec)
		asked.ImportMap[path], asked.PackageFile[path] = path, w.standard[path]
	}
	text, err := json.Marshal(asked)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(config, text, 0o600); err != nil {
		return nil, err
	}
	if err := os.WriteFile(name, []byte(apply(p.text, p.displacements())), 0o600); err != nil {
		return nil, err
	}
	return w.tool("vet", "-json", config)
}

// displacements undo the comments that give the lines after them another number, or another file.
func (p *Program) displacements() []edit {
	var edits []edit
	for _, group := range p.file.Comments {
		for _, comment := range group.List {
			if strings.HasPrefix(comment.Text[2:], "line ") {
				at := p.offset(comment.Pos()) + 2
				edits = append(edits, edit{at, at + 1, "L"})
			}
		}
	}
	return edits
}

// read sorts what vet said: perhaps lines of its log, then JSON that has by package and analysis a list of
// diagnostics, or an object that says why it gave up.
func read(said []byte) ([]string, error) {
	var tree map[string]map[string]json.RawMessage
	if err := json.Unmarshal(said[max(0, bytes.IndexByte(said, '{')):], &tree); err != nil {
		return nil, fmt.Errorf("vet: %w", err)
	}
	var found []finding
	for _, analyses := range tree {
		for name, told := range analyses {
			var diagnostics []struct{ Posn, Message string }
			if json.Unmarshal(told, &diagnostics) != nil {
				found = append(found, finding{text: "not checked: vet's " + name + " failed"})
			}
			for _, one := range diagnostics {
				parts := strings.Split(one.Posn, ":") // file, line, column
				column, _ := strconv.Atoi(parts[len(parts)-1])
				line, _ := strconv.Atoi(parts[max(0, len(parts)-2)])
				found = append(found, finding{line, column, fmt.Sprintf("line %d: %s", line, one.Message)})
			}
		}
	}
	slices.SortFunc(found, func(a, b finding) int {
		return cmp.Or(a.line-b.line, a.column-b.column, strings.Compare(a.text, b.text))
	})
	var findings []string
	for _, one := range found[:min(len(found), mostFindings)] {
		findings = append(findings, one.text)
	}
	if further := len(found) - len(findings); further > 0 {
		findings = append(findings, fmt.Sprintf("and %d more", further))
	}
	return findings, nil
}

package main

import (
	"go/format"
	"go/scanner"
	"go/token"
	"strings"
)

const plainName = "solution"

// analyse fixes the imports of a source, checks it and finds its entry point.
func (w *Builder) analyse(source string) (Result, error) {
	text, err := w.withPackage(strings.TrimPrefix(source, "\uFEFF"))
	if err != nil {
		return Result{}, err
	}
	w.added = strings.Count(text, "\n") - strings.Count(source, "\n")
	text, replaced := w.movePackages(text)
	program, err := w.load(text)
	if err != nil {
		return Result{}, err
	}
	unused := program.unusedImports()
	if program, err = w.stripMain(program); err != nil {
		return Result{}, err
	}
	program, fixes, err := w.withImports(program, unused)
	if err != nil {
		return Result{}, err
	}
	if err := program.fault(); err != nil {
		return Result{}, err
	}
	_, err = w.entry(program)
	if err != nil {
		return Result{}, err
	}
	if program, err = w.tidy(program); err != nil {
		return Result{}, err
	}
	return Result{Code: program.text, NormalForm: program.normalForm(w.names(program)), ImportFixes: append(replaced, fixes...)}, nil
}

// withPackage gives a source without a package clause one, on lines of its own.
func (w *Builder) withPackage(source string) (string, error) {
	var scan scanner.Scanner
	file := token.NewFileSet().AddFile("", -1, len(source))
	scan.Init(file, []byte(source), nil, 0)
	_, first, _ := scan.Scan()
	switch {
	case first == token.EOF:
		return "", refuse(compileError, "an empty program")
	case first == token.PACKAGE:
		return source, nil
	case w.calls():
		return "package " + plainName + "\n\n" + source, nil
	}
	return "package main\n\n" + source, nil
}

// calls is whether the problem calls a function; otherwise programs read stdin.
func (w *Builder) calls() bool { return len(w.Entry) > 0 }

// tidy settles the package's name and the imports' form, and formats: the text that ships.
func (w *Builder) tidy(p *Program) (*Program, error) {
	edits := p.constraints()
	name := p.file.Name.Name
	switch {
	case !w.calls():
		name = "main"
	case name == "main" || name == "_" || strings.HasSuffix(name, "_test"):
		name = plainName
	}
	edits = append(edits, edit{p.offset(p.file.Name.Pos()), p.offset(p.file.Name.End()), name})
	formatted, err := format.Source([]byte(apply(p.text, edits)))
	if err != nil {
		return nil, w.unreadable(err)
	}
	w.added = 0
	tidied, err := w.load(string(formatted))
	if err != nil {
		return nil, err
	}
	return tidied, tidied.fault()
}

// constraints are the build constraints before the package clause: a program that stands alone has none.
func (p *Program) constraints() []edit {
	var edits []edit
	for _, group := range p.file.Comments {
		for _, comment := range group.List {
			constraint := strings.HasPrefix(comment.Text, "//go:build ") || strings.HasPrefix(comment.Text, "// +build ")
			if constraint && comment.Pos() < p.file.Package {
				edits = append(edits, edit{p.offset(comment.Pos()), p.offset(comment.End()), ""})
			}
		}
	}
	return edits
}

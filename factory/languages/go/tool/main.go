// Command tool reads, completes and builds candidates' Go. It runs inside the wall, as what it reads is hostile.
//
//	tool analyse   a request on standard input; one result a source, a line of JSON each, on standard output
//	tool build     the sources compiled and linked: the binaries, then a trailer of JSON
//	tool vet       what the analyses of `go vet` find in them, a line of JSON each
//
// Requests and answers are the structs of this file; factory/languages/go/builder.py is the other side.
// A panic on one source is that source's error; whatever takes the whole process down is met on the host.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"syscall"
)

// A Request says which sources to work on, and for which problem.
type Request struct {
	Root    string            `json:"root"`    // where the toolchain lies
	Entry   []string          `json:"entry"`   // accepted names of the entry point; none: programs that read stdin
	Arities []Arity           `json:"arities"` // the ways in which the cases call it
	Shapes  []*Shape          `json:"shapes"`  // what the cases give, by position
	Named   map[string]*Shape `json:"named"`   // and by keyword
	Sources []string          `json:"sources"`
}

// An Arity is one way to call: a number of positional arguments, and these keywords.
type Arity struct {
	Positional int      `json:"positional"`
	Keywords   []string `json:"keywords"`
}

// A Result is what is to be said of one source. Status is empty when all is well.
type Result struct {
	Status      string   `json:"status,omitempty"`
	Detail      string   `json:"detail,omitempty"`
	Code        string   `json:"code,omitempty"`
	NormalForm  string   `json:"normal_form,omitempty"`
	ImportFixes []string `json:"import_fixes,omitempty"`

	// Of a build: which binary holds the program, the argument that chooses it there, and whether others are there.
	Binary int    `json:"binary"`
	Slot   string `json:"slot,omitempty"`
	Shared bool   `json:"shared,omitempty"`

	// Of a build: what the entry point declares to take.
	Parameters *Parameters `json:"parameters,omitempty"`

	// Of a check: what is suspicious, a line each.
	Lint []string `json:"lint,omitempty"`
}

const (
	compileError = "compile_error"
	missingEntry = "missing_entry_point"
)

// A Refusal is a candidate's own fault, as an error.
type Refusal struct {
	Status, Detail string
	said           string // by the compiler or the linker, in full
}

func (r *Refusal) Error() string { return r.Detail }

func refuse(status, format string, values ...any) *Refusal {
	return &Refusal{Status: status, Detail: fmt.Sprintf(format, values...)}
}

func main() {
	var request Request
	if err := json.NewDecoder(os.Stdin).Decode(&request); err != nil {
		fail(err)
	}
	builder := newBuilder(&request)
	switch os.Args[1] {
	case "analyse":
		each(request.Sources, builder.analyse)
	case "vet":
		each(request.Sources, builder.vet)
	case "build":
		if err := restrict(); err != nil {
			fail(err)
		}
		if err := builder.build(request.Sources, os.Stdout); err != nil {
			fail(err)
		}
	}
}

// each writes what `work` says of every source, one line each, at once: what is missing tells who brought us down.
func each(sources []string, work func(source string) (Result, error)) {
	answers := json.NewEncoder(os.Stdout)
	for _, source := range sources {
		if err := answers.Encode(guarded(func() (Result, error) { return work(source) })); err != nil {
			fail(err)
		}
	}
}

// guarded turns a refusal, or a panic of the standard library's own, into a result.
func guarded(work func() (Result, error)) (result Result) {
	defer func() {
		if cause := recover(); cause != nil {
			result = Result{Status: compileError, Detail: fmt.Sprintf("the tool gave up: %v", cause)}
		}
	}()
	result, err := work()
	if err == nil {
		return result
	}
	var refusal *Refusal
	switch {
	case errors.As(err, &refusal):
	case errors.Is(err, syscall.ENOSPC):
		refusal = refuse(compileError, "it needs more room than a build has")
	default:
		fail(err)
	}
	return Result{Status: refusal.Status, Detail: refusal.Detail}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "tool:", err)
	os.Exit(3)
}

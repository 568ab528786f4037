package main

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
)

// What programs bring into a binary, their archives and the variables that are there before main, is counted: a
// program that brings more than heaviestUnit has a binary of its own, and those in one bring at most heaviestShared
// together. largestShared is what such a binary, the standard library included, may take in memory: it finds what
// was not counted. Larger files than largestBinary are refused: one, with its archive and all archives that wait for
// a common link, fits into the folder of a job (64 MiB). After largestOutput bytes of binaries the rest of the sources
// is left to another job.
const (
	heaviestUnit   = 1 << 20
	heaviestShared = 4 << 20
	largestShared  = 16 << 20
	largestBinary  = 24 << 20
	largestOutput  = 128 << 20
)

// A Unit is one candidate on its way into a binary.
type Unit struct {
	place    int    // among the sources
	path     string // of its package
	archive  string
	main     string // the exported function of its entry wrapper; none where the unit is a program as it stands
	linkable bool   // whether it may share the binary
	weight   int64  // bytes that it brings into the binary
	entry    *Entry
}

// A Build is the sources of one request on their way.
type Build struct {
	builder *Builder
	results []Result
	sizes   []int // of the binaries written so far
	written int   // bytes of them
	links   int   // begun so far
	out     io.Writer
}

// build compiles sources, as they stand, and links those that can share a binary together.
// It writes the binaries one after another, then a trailer (JSON), then the trailer's length (four bytes, big
// endian). What breaks is refused alone: its neighbours share a binary without it. The results are those of the
// first sources, where the binaries of all would be too much for one job.
func (w *Builder) build(sources []string, out io.Writer) error {
	b := &Build{builder: w, sizes: []int{}, out: out}
	var shared []*Unit
	var weight int64
	for i, source := range sources {
		if b.written > largestOutput {
			break
		}
		b.results = append(b.results, Result{})
		b.results[i] = guarded(func() (Result, error) {
			unit, err := w.compile(i, source)
			switch {
			case err != nil:
			case !unit.linkable:
				err = b.link(unit)
			default:
				if weight += unit.weight; weight > heaviestShared {
					b.together(shared)
					shared, weight = nil, unit.weight
				}
				shared = append(shared, unit)
			}
			return b.results[i], err
		})
	}
	b.together(shared)
	trailer, err := json.Marshal(map[string]any{"results": b.results, "sizes": b.sizes, "links": b.links})
	if err != nil {
		return err
	}
	_, err = out.Write(binary.BigEndian.AppendUint32(trailer, uint32(len(trailer))))
	return err
}

// together links units into as few binaries as may be. Where the link breaks, those that the linker names are
// linked alone, and where it names none, halving finds them.
func (b *Build) together(units []*Unit) {
	if len(units) == 0 {
		return
	}
	err := b.link(units...)
	switch {
	case err == nil:
	case len(units) == 1:
		b.results[units[0].place] = guarded(func() (Result, error) { return Result{}, err })
	default:
		accused, others := named(err, units)
		if len(accused) == 0 {
			middle := len(units) / 2
			b.together(units[:middle])
			others = units[middle:]
		}
		for _, unit := range accused {
			b.together([]*Unit{unit})
		}
		b.together(others)
	}
}

var naming = regexp.MustCompile(`\bcandidate/(\d+)\.`)

// named parts units into those whose symbols a complaint names and the others.
func named(err error, units []*Unit) (accused, others []*Unit) {
	var refusal *Refusal
	places := map[string]bool{}
	if errors.As(err, &refusal) {
		for _, match := range naming.FindAllStringSubmatch(refusal.said, -1) {
			places[match[1]] = true
		}
	}
	for _, unit := range units {
		if places[strconv.Itoa(unit.place)] {
			accused = append(accused, unit)
		} else {
			others = append(others, unit)
		}
	}
	return accused, others
}

// link makes one binary of these units, writes it, and says in their results where it is.
func (b *Build) link(units ...*Unit) error {
	b.links++
	archive := units[0].archive
	if len(units) == 1 {
		defer os.Remove(archive)
	}
	if units[0].main != "" {
		archive = filepath.Join(work, "main.a")
		if err := b.builder.archive("main", archive, units, []sourceFile{{"main.go", b.builder.program(units)}}); err != nil {
			return err
		}
	}
	program, err := b.builder.executable(archive, units)
	if err != nil {
		return err
	}
	for _, unit := range units {
		b.results[unit.place] = Result{Binary: len(b.sizes), Shared: len(units) > 1, Parameters: unit.entry.parameters}
		if unit.main != "" {
			b.results[unit.place].Slot = strconv.Itoa(unit.place)
		}
		os.Remove(unit.archive)
	}
	b.sizes = append(b.sizes, len(program))
	b.written += len(program)
	if _, err = b.out.Write(program); err != nil {
		fail(err)
	}
	return nil
}

// compile makes an archive of a candidate and its entry wrapper.
func (w *Builder) compile(place int, source string) (*Unit, error) {
	p, err := w.load(source)
	if err != nil {
		return nil, err
	}
	if err := p.fault(); err != nil {
		return nil, err
	}
	entry, err := w.entry(p)
	if err != nil {
		return nil, err
	}
	number := strconv.Itoa(place)
	unit := &Unit{
		place: place, path: "candidate/" + number, archive: filepath.Join(work, number+".a"),
		main: p.free("RolloutFactoryMain"), linkable: p.linkable(), entry: entry,
	}
	if !w.calls() && p.tellsItsPackage() {
		unit.path, unit.main, unit.linkable = "main", "", false
		return unit, w.archive(unit.path, unit.archive, nil, []sourceFile{{"solution.go", source}})
	}
	name := p.file.Name.Name
	if !w.calls() {
		name = plainName // what is called main cannot be imported
	}
	code := apply(source, []edit{{p.offset(p.file.Name.Pos()), p.offset(p.file.Name.End()), name}})
	files := []sourceFile{{"solution.go", code}, {"entry_wrapper.go", w.entryWrapper(p, entry, name, unit.main)}}
	if err := w.archive(unit.path, unit.archive, nil, files); err != nil {
		return nil, err
	}
	made, err := os.Stat(unit.archive)
	if err != nil {
		return nil, err
	}
	unit.weight = made.Size() + p.brings()
	unit.linkable = unit.linkable && unit.weight <= heaviestUnit
	return unit, nil
}

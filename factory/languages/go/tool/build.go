package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"io"
	"path/filepath"
	"strconv"
)

// A Unit is one candidate on its way into a binary.
type Unit struct {
	place   int    // among the sources
	path    string // of its package
	archive string
	main    string // the exported function of its shim
	alone   bool
}

// build compiles sources, as they stand, and links those that can share a binary together.
// It writes the header's length (four bytes, big endian), the header, and the binaries.
func (w *Workshop) build(sources []string, out io.Writer) error {
	results := make([]Result, len(sources))
	groups := make([][]*Unit, 1)
	for i, source := range sources {
		results[i] = guarded(func() (Result, error) {
			unit, err := w.compile(i, source)
			switch {
			case err != nil:
			case unit.alone:
				groups = append(groups, []*Unit{unit})
			default:
				groups[0] = append(groups[0], unit)
			}
			return Result{}, err
		})
	}
	sizes, binaries := []int{}, bytes.Buffer{}
	for ; len(groups) > 0; groups = groups[1:] {
		program, err := w.link(groups[0])
		if err != nil && len(groups[0]) > 1 {
			for _, unit := range groups[0] {
				groups = append(groups, []*Unit{unit})
			}
			continue
		}
		for _, unit := range groups[0] {
			results[unit.place] = guarded(func() (Result, error) {
				return Result{Binary: len(sizes), Slot: strconv.Itoa(unit.place)}, err
			})
		}
		if len(program) > 0 {
			sizes = append(sizes, len(program))
			binaries.Write(program)
		}
	}
	header, err := json.Marshal(map[string]any{"results": results, "sizes": sizes})
	if err != nil {
		return err
	}
	answer := append(binary.BigEndian.AppendUint32(nil, uint32(len(header))), header...)
	if _, err := out.Write(answer); err != nil {
		return err
	}
	_, err = binaries.WriteTo(out)
	return err
}

// compile makes an archive of a candidate and its shim.
func (w *Workshop) compile(place int, source string) (*Unit, error) {
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
		main: p.free("RolloutFactoryMain"), alone: p.alone(),
	}
	name := edit{p.offset(p.file.Name.Pos()), p.offset(p.file.Name.End()), plainName}
	return unit, w.archive(unit.path, unit.archive, nil, []sourceFile{
		{"solution.go", apply(source, []edit{name})},
		{"shim.go", w.shim(p, entry, unit.main)},
	})
}

// link makes one binary of these units; none of no units.
func (w *Workshop) link(units []*Unit) ([]byte, error) {
	if len(units) == 0 {
		return nil, nil
	}
	archive := filepath.Join(work, "main.a")
	if err := w.archive("main", archive, units, []sourceFile{{"main.go", w.program(units)}}); err != nil {
		return nil, err
	}
	return w.executable(archive, units)
}

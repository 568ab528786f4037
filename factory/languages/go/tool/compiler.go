package main

import (
	"debug/elf"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// Where a build's files lie. They are gone with the job.
const work = "/tmp/job"

type sourceFile struct{ name, text string }

// archive compiles files into a package archive. `units` are the candidates that it may import.
func (w *Builder) archive(path, archive string, units []*Unit, files []sourceFile) error {
	folder, err := os.MkdirTemp(work, "package")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	config, err := w.importConfig(folder, units)
	if err != nil {
		return err
	}
	arguments := []string{"-p", path, "-importcfg", config, "-o", archive, "-pack", "-complete", "-nolocalimports",
		"-dwarf=false", "-c=1", "-trimpath", folder}
	for _, file := range files {
		name := filepath.Join(folder, file.name)
		if err := os.WriteFile(name, []byte(file.text), 0o600); err != nil {
			return err
		}
		arguments = append(arguments, name)
	}
	if err := w.tool("compile", arguments...); err != nil {
		os.Remove(archive)
		return err
	}
	return nil
}

// executable links an archive of package main with all it needs.
func (w *Builder) executable(archive string, units []*Unit) ([]byte, error) {
	config, err := w.importConfig(work, units)
	if err != nil {
		return nil, err
	}
	binary := filepath.Join(work, "program")
	defer os.Remove(binary)
	if err := w.tool("link", "-s", "-w", "-importcfg", config, "-buildmode", "exe", "-o", binary, archive); err != nil {
		return nil, err
	}
	made, err := os.Stat(binary)
	if err != nil {
		return nil, err
	}
	if made.Size() > largestBinary {
		return nil, refuse(compileError, "the linked program takes %d MiB, more than %d", made.Size()>>20, largestBinary>>20)
	}
	if len(units) > 1 {
		if size, err := inMemory(binary); err != nil || size > largestShared {
			return nil, errors.Join(err, refuse(compileError, "the linked programs take %d MiB together", size>>20))
		}
	}
	return os.ReadFile(binary)
}

// inMemory is how many bytes of memory a binary's segments take once it is loaded.
func inMemory(binary string) (uint64, error) {
	file, err := elf.Open(binary)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	var total uint64
	for _, segment := range file.Progs {
		if segment.Type == elf.PT_LOAD {
			total += segment.Memsz
		}
	}
	return total, nil
}

// importConfig writes the list of archives: the standard library's, the harness, and the units'.
func (w *Builder) importConfig(folder string, units []*Unit) (string, error) {
	listing, err := os.ReadFile(filepath.Join(w.Root, "importcfg.link"))
	if err != nil {
		return "", err
	}
	text := strings.Builder{}
	text.Write(listing)
	for _, unit := range units {
		if unit.path == "main" {
			continue
		}
		text.WriteString("packagefile " + unit.path + "=" + unit.archive + "\n")
	}
	name := filepath.Join(folder, "importcfg")
	return name, os.WriteFile(name, []byte(text.String()), 0o600)
}

// What one compilation or link may take; beyond the seconds of CPU time the kernel ends it, beyond the bytes it
// ends itself. Both leave this process and the other candidates what they need (factory/languages/go/builder.py).
const (
	toolSeconds = 10
	toolBytes   = 1536 << 20
)

// restrict sets the limits that the processes started from here inherit.
func restrict() error {
	limit := syscall.Rlimit{Cur: toolBytes, Max: toolBytes}
	if err := syscall.Setrlimit(syscall.RLIMIT_DATA, &limit); err != nil {
		return err
	}
	return syscall.Setrlimit(syscall.RLIMIT_CPU, &syscall.Rlimit{Cur: toolSeconds, Max: toolSeconds + 1})
}

// tool runs the compiler or the linker; what they say of a program is a refusal.
func (w *Builder) tool(name string, arguments ...string) error {
	message, err := exec.Command(filepath.Join(filepath.Dir(w.Root), name), arguments...).CombinedOutput()
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		if ended.UserTime()+ended.SystemTime() >= toolSeconds*time.Second {
			return refuse(compileError, "%s: more than %d s of CPU time", name, toolSeconds)
		}
		if outOfMemory.Match(message) {
			return refuse(compileError, "%s: more than %d MiB of memory", name, toolBytes>>20)
		}
		return &Refusal{Status: compileError, Detail: firstComplaint(name, string(message), err), said: string(message)}
	}
	return err
}

var (
	place       = regexp.MustCompile(`^(?:\S*/)?solution\.go:(\d+):\d+: `)
	ours        = regexp.MustCompile(`(?:\S*/)?entry_wrapper\.go:\d+:\d+: |\bcandidate/\d+\.`) // what a candidate's place among others decides
	outOfMemory = regexp.MustCompile(`fatal error: .*(?:out of memory|cannot allocate memory)`)
)

func firstComplaint(name, message string, err error) string {
	for line := range strings.Lines(message) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case place.MatchString(line):
			return place.ReplaceAllString(line, "line $1: ")
		default:
			return name + ": " + ours.ReplaceAllString(line, "")
		}
	}
	return name + ": " + err.Error()
}

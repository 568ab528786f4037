// Package harness answers a problem's calls from inside the candidate's own process.
//
// It is linked into the same program as the candidate, which is hostile, and holds no secret but a
// nonce: inputs come in on standard input before any code of the candidate's has run (the candidate's
// package imports this one, so its init comes later), answers go out as frames on what was standard
// output, and the candidate finds /dev/null in both places. Whatever else lands among the frames makes
// the whole run worthless on the host; so does an end without the nonce.
//
// It does not promise that a candidate cannot write to the channel, only that it gains nothing by it.
package harness

import (
	"math"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
)

// Entry is what a candidate's entry wrapper hands over.
type Entry struct {
	Func  any      // the entry point
	Names []string // its parameters' names
	Big   any      // (*big.Int).SetString, where the candidate uses math/big
}

// Names saves entry wrappers the word "string", which a candidate may have taken.
func Names(names ...string) []string { return names }

const (
	fdSetDupCloexec = 1030 // fcntl(2) F_DUPFD_CLOEXEC
	lowestChannel   = 10
	source          = "solution.go"
)

var (
	channel int
	request *reader
)

func init() {
	request = &reader{data: readAll(0)}
	fd, _, errno := syscall.RawSyscall(syscall.SYS_FCNTL, 1, fdSetDupCloexec, lowestChannel)
	null, err := syscall.Open("/dev/null", syscall.O_RDWR, 0)
	if errno != 0 || err != nil || syscall.Dup2(null, 0) != nil || syscall.Dup2(null, 1) != nil {
		die("the harness cannot take over standard input and output")
	}
	syscall.Close(null)
	channel = int(fd)
}

// Serve answers the calls of the request with the entry chosen by the first argument. One that chooses none asks
// whether the binary starts.
func Serve(entries map[string]func() Entry) {
	entry, ok := entries[os.Args[1]]
	if !ok {
		return
	}
	os.Args = os.Args[:1]
	nonce, maxStack, maxOutput := request.text(), request.size(), request.size()
	debug.SetMaxStack(maxStack)
	send('R', nil)
	server := newServer(entry(), maxOutput)
	for range request.size() {
		kind, payload := server.guarded(request.call())
		send(kind, payload)
	}
	send('Z', []byte(nonce))
	os.Exit(0)
}

type server struct {
	entry     Entry
	function  reflect.Value
	big       bigMaker
	maxOutput int
}

func newServer(entry Entry, maxOutput int) *server {
	return &server{entry, reflect.ValueOf(entry.Func), newBigMaker(entry.Big), maxOutput}
}

// guarded makes one call on a goroutine of its own: panics and runtime.Goexit end only that.
func (s *server) guarded(call call) (kind byte, payload []byte) {
	done := make(chan struct{})
	go func() {
		returned := false
		defer close(done)
		defer func() {
			if returned {
				return
			}
			if cause := recover(); cause != nil {
				kind, payload = 'X', exception("panic", describe(cause), panicLine())
			} else {
				kind, payload = 'X', exception("runtime.Goexit", "the call ended its goroutine instead of returning", 0)
			}
		}()
		kind, payload = s.answer(call)
		returned = true
	}()
	<-done
	return kind, payload
}

func (s *server) answer(call call) (byte, []byte) {
	arguments, misfit := s.arguments(call)
	if misfit != "" {
		return 'U', []byte(misfit)
	}
	var results []reflect.Value
	if s.function.Type().IsVariadic() {
		results = s.function.CallSlice(arguments)
	} else {
		results = s.function.Call(arguments)
	}
	encoder := newEncoder(s.maxOutput)
	if misfit := encoder.results(s.function.Type(), results); misfit != "" {
		return 'U', []byte(misfit)
	}
	return 'V', encoder.out
}

// describe puts a panic's cause in words. Methods of the candidate's may run here, and panic again.
func describe(cause any) (text string) {
	defer func() {
		if recover() != nil {
			text = "a value whose own method panics"
		}
	}()
	switch cause := cause.(type) {
	case error:
		return cause.Error()
	case string:
		return cause
	case interface{ String() string }:
		return cause.String()
	}
	value := reflect.ValueOf(cause)
	switch {
	case value.CanInt():
		return strconv.FormatInt(value.Int(), 10)
	case value.CanFloat():
		return strconv.FormatFloat(value.Float(), 'g', -1, 64)
	case value.Kind() == reflect.String:
		return value.String()
	}
	return "a value of type " + value.Type().String()
}

// panicLine is the innermost line of the candidate's source on the panicking stack; 0 when there is none.
func panicLine() int {
	counters := make([]uintptr, 256)
	frames := runtime.CallersFrames(counters[:runtime.Callers(2, counters)])
	for {
		frame, more := frames.Next()
		if strings.HasSuffix(frame.File, source) {
			return frame.Line
		}
		if !more {
			return 0
		}
	}
}

func exception(kind, text string, line int) []byte {
	if len(text) > 2000 {
		text = text[:2000]
	}
	out := append([]byte(`{"type":`), quote(kind)...)
	out = append(append(out, `,"message":`...), quote(strings.ToValidUTF8(text, "\uFFFD"))...)
	out = append(out, `,"line":`...)
	return append(strconv.AppendInt(out, int64(line), 10), '}')
}

func send(kind byte, payload []byte) {
	if len(payload) > math.MaxInt32 {
		die("an answer too long to frame")
	}
	size := len(payload)
	frame := append([]byte{kind, byte(size >> 24), byte(size >> 16), byte(size >> 8), byte(size)}, payload...)
	writeAll(frame)
}

func writeAll(data []byte) {
	for len(data) > 0 {
		count, err := syscall.Write(channel, data)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			die("the answer cannot be written: " + err.Error())
		}
		data = data[count:]
	}
}

func readAll(fd int) []byte {
	data := make([]byte, 0, 1<<16)
	for {
		if len(data) == cap(data) {
			data = append(data, 0)[:len(data)]
		}
		count, err := syscall.Read(fd, data[len(data):cap(data)])
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			die("the request cannot be read: " + err.Error())
		}
		if count == 0 {
			return data
		}
		data = data[:len(data)+count]
	}
}

func die(message string) {
	syscall.Write(2, []byte("harness: "+message+"\n"))
	os.Exit(3)
}

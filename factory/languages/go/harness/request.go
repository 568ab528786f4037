package harness

import (
	"encoding/binary"
	"math"
)

// A node is one Python value of a request, in the form that factory/languages/go/encode.py writes.
type node struct {
	kind  byte
	text  []byte  // str (UTF-8), bytes, and the digits of an int (hexadecimal, with sign)
	re    float64 // float, and the real part of a complex
	im    float64
	items []node // members in order; of a dict, keys and values by turns
}

const (
	isNone      = 'n'
	isBool      = 't' // text is "1" or "0"
	isInt       = 'i'
	isFloat     = 'd'
	isComplex   = 'c'
	isStr       = 's'
	isBytes     = 'b'
	isList      = 'l'
	isTuple     = 'u'
	isSet       = 'e'
	isFrozenset = 'z'
	isDict      = 'm'
)

var kindNames = map[byte]string{
	isNone: "None", isBool: "bool", isInt: "int", isFloat: "float", isComplex: "complex", isStr: "str",
	isBytes: "bytes", isList: "list", isTuple: "tuple", isSet: "set", isFrozenset: "frozenset", isDict: "dict",
}

// A call is one case's arguments.
type call struct {
	positional []node
	names      []string
	named      []node
}

// A reader takes a request apart. The host wrote it: a fault in it is ours, and ends the process.
type reader struct{ data []byte }

func (r *reader) take(count int) []byte {
	if count > len(r.data) {
		die("a request cut short")
	}
	taken := r.data[:count]
	r.data = r.data[count:]
	return taken
}

func (r *reader) size() int { return int(binary.BigEndian.Uint32(r.take(4))) }

func (r *reader) bytes() []byte { return r.take(r.size()) }

func (r *reader) text() string { return string(r.bytes()) }

func (r *reader) float() float64 { return math.Float64frombits(binary.BigEndian.Uint64(r.take(8))) }

func (r *reader) call() call {
	c := call{positional: r.nodes(r.size())}
	for range r.size() {
		c.names = append(c.names, r.text())
		c.named = append(c.named, r.node())
	}
	return c
}

func (r *reader) nodes(count int) []node {
	items := make([]node, count)
	for i := range items {
		items[i] = r.node()
	}
	return items
}

func (r *reader) node() node {
	n := node{kind: r.take(1)[0]}
	switch n.kind {
	case isNone:
	case isBool, isInt, isStr, isBytes:
		n.text = r.bytes()
	case isFloat:
		n.re = r.float()
	case isComplex:
		n.re, n.im = r.float(), r.float()
	case isList, isTuple, isSet, isFrozenset:
		n.items = r.nodes(r.size())
	case isDict:
		n.items = r.nodes(2 * r.size())
	default:
		die("a value of unknown kind")
	}
	return n
}

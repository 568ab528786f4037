package harness

import (
	"reflect"
	"strconv"
)

const maxDepth = 200

// An encoder writes results as JSON with their types: {"results": [[type, data], ...], "types": [...]}.
//
// A type is an index into "types", whose entries are [kind, Go's name, ...]; see factory/languages/go/fit.py.
type encoder struct {
	out       []byte
	types     []reflect.Type
	index     map[reflect.Type]int
	fault     string
	maxOutput int
}

func newEncoder(maxOutput int) *encoder {
	return &encoder{index: map[reflect.Type]int{}, maxOutput: maxOutput}
}

// results writes what a call returned; the answer is what cannot be written, if anything.
func (e *encoder) results(signature reflect.Type, values []reflect.Value) string {
	e.add(`{"results":[`)
	for i, value := range values {
		e.comma(i)
		e.typed(signature.Out(i), value)
	}
	e.add(`],"types":[`)
	for i := 0; i < len(e.types); i++ { // describing a type may add others
		e.comma(i)
		e.describe(e.types[i])
	}
	e.add(`]}`)
	return e.fault
}

func (e *encoder) add(text string) { e.out = append(e.out, text...) }

func (e *encoder) comma(i int) {
	if i > 0 {
		e.add(",")
	}
}

func (e *encoder) number(whole int) { e.out = strconv.AppendInt(e.out, int64(whole), 10) }

func (e *encoder) typed(t reflect.Type, value reflect.Value) {
	e.add("[")
	e.number(e.of(t))
	e.add(",")
	e.data(value, maxDepth)
	e.add("]")
}

func (e *encoder) of(t reflect.Type) int {
	place, known := e.index[t]
	if !known {
		place = len(e.types)
		e.index[t] = place
		e.types = append(e.types, t)
	}
	return place
}

var errorType = reflect.TypeFor[error]()

func kindOf(t reflect.Type) string {
	kind := t.Kind()
	switch {
	case isBig(t):
		return "bigint"
	case t == errorType:
		return "error"
	case kind >= reflect.Int && kind <= reflect.Uintptr:
		return "int"
	case kind == reflect.Float32 || kind == reflect.Float64:
		return "float"
	case kind == reflect.Complex64 || kind == reflect.Complex128:
		return "complex"
	case (kind == reflect.Slice || kind == reflect.Array) && t.Elem().Kind() == reflect.Uint8:
		return "bytes"
	case kind == reflect.Pointer:
		return "pointer"
	}
	switch kind {
	case reflect.Bool, reflect.String, reflect.Slice, reflect.Array, reflect.Map, reflect.Struct, reflect.Interface:
		return kind.String()
	}
	return "other"
}

func (e *encoder) describe(t reflect.Type) {
	kind := kindOf(t)
	e.add(`["` + kind + `",`)
	e.out = append(e.out, quote(t.String())...)
	switch kind {
	case "int":
		e.add(`,"` + t.Kind().String() + `"`)
	case "slice", "array", "pointer":
		e.add(",")
		e.number(e.of(t.Elem()))
	case "map":
		e.add(",")
		e.number(e.of(t.Key()))
		e.add(",")
		e.number(e.of(t.Elem()))
	case "struct":
		e.add(",[")
		for i := range t.NumField() {
			e.comma(i)
			e.add("[")
			e.out = append(e.out, quote(t.Field(i).Name)...)
			e.add(",")
			e.number(e.of(t.Field(i).Type))
			e.add("]")
		}
		e.add("]")
	}
	e.add("]")
}

func (e *encoder) data(v reflect.Value, depth int) {
	if e.fault != "" {
		return
	}
	if depth == 0 {
		e.fault = "a value nested deeper than " + strconv.Itoa(maxDepth)
		return
	}
	if len(e.out) > e.maxOutput {
		writeAll(e.out) // more than may be written: the kernel ends this process
	}
	switch kindOf(v.Type()) {
	case "bool":
		e.out = strconv.AppendBool(e.out, v.Bool())
	case "int":
		if v.CanInt() {
			e.out = strconv.AppendInt(e.out, v.Int(), 10)
		} else {
			e.out = strconv.AppendUint(e.out, v.Uint(), 10)
		}
	case "float":
		e.float(v.Float())
	case "complex":
		e.add("[")
		e.float(real(v.Complex()))
		e.add(",")
		e.float(imag(v.Complex()))
		e.add("]")
	case "string":
		e.text(v.String())
	case "bytes":
		e.bytes(v)
	case "bigint":
		e.big(v)
	case "error":
		e.error(v)
	default:
		e.composite(v, depth)
	}
}

func (e *encoder) composite(v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Slice, reflect.Array:
		if v.Kind() == reflect.Slice && v.IsNil() {
			e.add("null")
			return
		}
		e.add("[")
		for i := range v.Len() {
			e.comma(i)
			e.data(v.Index(i), depth-1)
		}
		e.add("]")
	case reflect.Map:
		e.mapping(v, depth)
	case reflect.Struct:
		e.add("[")
		for i := range v.NumField() {
			e.comma(i)
			e.data(v.Field(i), depth-1)
		}
		e.add("]")
	case reflect.Pointer, reflect.Interface:
		switch {
		case v.IsNil():
			e.add("null")
		case v.Kind() == reflect.Pointer:
			e.add("[")
			e.data(v.Elem(), depth-1)
			e.add("]")
		default:
			e.add("[")
			e.number(e.of(v.Elem().Type()))
			e.add(",")
			e.data(v.Elem(), depth-1)
			e.add("]")
		}
	default:
		e.fault = "a Go " + v.Type().String() + " is no plain value"
	}
}

func (e *encoder) mapping(v reflect.Value, depth int) {
	if v.IsNil() {
		e.add("null")
		return
	}
	e.add("[")
	first := true
	for entries := v.MapRange(); entries.Next(); {
		if !first {
			e.add(",")
		}
		first = false
		e.add("[")
		e.data(entries.Key(), depth-1)
		e.add(",")
		e.data(entries.Value(), depth-1)
		e.add("]")
	}
	e.add("]")
}

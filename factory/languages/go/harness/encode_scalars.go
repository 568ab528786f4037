package harness

import (
	"encoding/base64"
	"math"
	"reflect"
	"strconv"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// float writes the shortest digits that read back as the same float64; always a JSON float, never an int.
func (e *encoder) float(real float64) {
	switch {
	case math.IsNaN(real):
		e.add(`"nan"`)
		return
	case math.IsInf(real, 1):
		e.add(`"inf"`)
		return
	case math.IsInf(real, -1):
		e.add(`"-inf"`)
		return
	}
	start := len(e.out)
	e.out = strconv.AppendFloat(e.out, real, 'g', -1, 64)
	for _, character := range e.out[start:] {
		if character == '.' || character == 'e' {
			return
		}
	}
	e.add(".0")
}

// text writes a string; one that is no UTF-8 as ["base64"].
func (e *encoder) text(text string) {
	if utf8.ValidString(text) {
		e.out = append(e.out, quote(text)...)
		return
	}
	e.add(`["` + base64.StdEncoding.EncodeToString([]byte(text)) + `"]`)
}

func (e *encoder) bytes(v reflect.Value) {
	if v.Kind() == reflect.Slice && v.IsNil() {
		e.add("null")
		return
	}
	data := make([]byte, v.Len())
	for i := range data {
		data[i] = byte(v.Index(i).Uint())
	}
	e.add(`"` + base64.StdEncoding.EncodeToString(data) + `"`)
}

// big writes a big.Int as hexadecimal text. It is read field by field: neg bool, abs []Word.
func (e *encoder) big(v reflect.Value) {
	if v.NumField() != 2 || v.Field(0).Kind() != reflect.Bool || v.Field(1).Kind() != reflect.Slice {
		die("this Go's big.Int is not the one that the harness knows")
	}
	e.add(`"`)
	if v.Field(0).Bool() {
		e.add("-")
	}
	words := v.Field(1)
	e.add("0")
	for i := words.Len() - 1; i >= 0; i-- {
		word := words.Index(i).Uint()
		for shift := 60; shift >= 0; shift -= 4 {
			e.out = append(e.out, hexDigits[word>>shift&15])
		}
	}
	e.add(`"`)
}

// error writes an error's message, asked of its own method where it can be.
func (e *encoder) error(v reflect.Value) {
	switch {
	case v.IsNil():
		e.add("null")
	case v.CanInterface():
		e.text(v.Interface().(error).Error())
	default:
		e.add(`"an error"`)
	}
}

// quote makes JSON of valid UTF-8.
func quote(text string) []byte {
	out := []byte{'"'}
	for i := range len(text) {
		switch character := text[i]; {
		case character == '"' || character == '\\':
			out = append(out, '\\', character)
		case character < 0x20:
			out = append(out, '\\', 'u', '0', '0', hexDigits[character>>4], hexDigits[character&15])
		default:
			out = append(out, character)
		}
	}
	return append(out, '"')
}

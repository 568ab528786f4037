package harness

import (
	"math"
	"reflect"
	"strconv"
	"unicode/utf8"
)

// number makes an int, float, complex or string of type t out of an int, float, complex or str.
func number(n *node, t reflect.Type) (reflect.Value, string) {
	value := reflect.New(t).Elem()
	fits := false
	switch {
	case t.Kind() == reflect.String:
		if fits = n.kind == isStr; fits {
			value.SetString(string(n.text))
		}
	case value.CanInt():
		whole, ok := integer(n, t.Kind())
		if fits = ok && !value.OverflowInt(whole); fits {
			value.SetInt(whole)
		}
	case value.CanUint():
		whole, ok := unsigned(n, t.Kind())
		if fits = ok && !value.OverflowUint(whole); fits {
			value.SetUint(whole)
		}
	case value.CanFloat():
		real, ok := float(n)
		if fits = ok && !value.OverflowFloat(real); fits {
			value.SetFloat(real)
		}
	case value.CanComplex():
		real, ok := float(n)
		if n.kind == isComplex {
			real, ok = n.re, true
		}
		if fits = ok; fits {
			value.SetComplex(complex(real, n.im))
		}
	}
	if !fits {
		return misfit(n, t)
	}
	return value, ""
}

// integer also takes a str of one character where it may be a rune, and of an ASCII one where it may be an int8.
func integer(n *node, kind reflect.Kind) (int64, bool) {
	if n.kind == isStr && kind == reflect.Int32 {
		character, size := utf8.DecodeRune(n.text)
		return int64(character), size > 0 && size == len(n.text) && (character != utf8.RuneError || size > 1)
	}
	if n.kind == isStr && kind == reflect.Int8 {
		ascii := len(n.text) == 1 && n.text[0] < utf8.RuneSelf
		return int64(append(n.text, 0)[0]), ascii
	}
	if n.kind != isInt {
		return 0, false
	}
	whole, err := strconv.ParseInt(string(n.text), 16, 64)
	return whole, err == nil
}

// unsigned also takes a str of one ASCII character where it may be a byte.
func unsigned(n *node, kind reflect.Kind) (uint64, bool) {
	if n.kind == isStr && kind == reflect.Uint8 {
		if len(n.text) != 1 || n.text[0] >= utf8.RuneSelf {
			return 0, false
		}
		return uint64(n.text[0]), true
	}
	if n.kind != isInt {
		return 0, false
	}
	whole, err := strconv.ParseUint(string(n.text), 16, 64)
	return whole, err == nil
}

// float takes an int only where no digit is lost.
func float(n *node) (float64, bool) {
	if n.kind == isFloat {
		return n.re, true
	}
	if n.kind != isInt {
		return 0, false
	}
	negative, digits := n.text[0] == '-', string(n.text)
	if negative {
		digits = digits[1:]
	}
	real, err := strconv.ParseFloat("0x"+digits+"p0", 64)
	if err != nil || hexadecimal(real) != digits {
		return 0, false
	}
	if negative {
		real = -real
	}
	return real, true
}

// hexadecimal is a whole number's digits, exactly.
func hexadecimal(real float64) string {
	fraction, exponent := math.Frexp(real)
	if exponent <= 64 {
		return strconv.FormatUint(uint64(real), 16)
	}
	mantissa := uint64(math.Ldexp(fraction, 64))
	shift := exponent - 64
	// The mantissa, moved left to a whole number of hexadecimal digits; 64 bits and 3 more are two parts.
	high, low := uint64(0), mantissa
	if odd := shift % 4; odd != 0 {
		high, low = mantissa>>(64-odd), mantissa<<odd
	}
	text := strconv.FormatUint(low, 16)
	if high != 0 {
		for len(text) < 16 {
			text = "0" + text
		}
		text = strconv.FormatUint(high, 16) + text
	}
	for range shift / 4 {
		text += "0"
	}
	return text
}

// A bigMaker makes *big.Int values with the candidate's own math/big; this package does not link it.
type bigMaker struct{ setString reflect.Value }

func newBigMaker(setString any) bigMaker { return bigMaker{reflect.ValueOf(setString)} }

func isBig(t reflect.Type) bool { return t.PkgPath() == "math/big" && t.Name() == "Int" }

func (m bigMaker) is(t reflect.Type) bool { return m.setString.IsValid() && isBig(t) }

func (m bigMaker) value(digits []byte) reflect.Value {
	pointer := reflect.New(m.setString.Type().In(0).Elem())
	m.setString.Call([]reflect.Value{pointer, reflect.ValueOf(string(digits)), reflect.ValueOf(16)})
	return pointer
}

// dynamic fills an interface: the natural Go value in an `any`, nil in others.
func (s *server) dynamic(n *node, t reflect.Type) (reflect.Value, string) {
	slot := reflect.New(t).Elem()
	if n.kind == isNone {
		return slot, ""
	}
	if t.NumMethod() > 0 {
		return misfit(n, t)
	}
	natural, ok := s.natural(n)
	if !ok {
		return misfit(n, t)
	}
	value, fault := s.make(n, natural)
	if fault != "" {
		return value, fault
	}
	if isBig(natural) {
		value = value.Addr()
	}
	slot.Set(value)
	return slot, ""
}

var anyType = reflect.TypeFor[any]()

func (s *server) natural(n *node) (reflect.Type, bool) {
	switch n.kind {
	case isBool:
		return reflect.TypeFor[bool](), true
	case isInt:
		if _, fits := integer(n, reflect.Int); fits || !s.big.setString.IsValid() {
			return reflect.TypeFor[int](), true
		}
		return s.big.setString.Type().In(0).Elem(), true
	case isFloat:
		return reflect.TypeFor[float64](), true
	case isComplex:
		return reflect.TypeFor[complex128](), true
	case isStr:
		return reflect.TypeFor[string](), true
	case isBytes:
		return reflect.TypeFor[[]byte](), true
	case isList, isTuple:
		return reflect.TypeFor[[]any](), true
	case isSet, isFrozenset:
		return reflect.TypeFor[map[any]struct{}](), true
	case isDict:
		for i := 0; i < len(n.items); i += 2 {
			if n.items[i].kind != isStr {
				return reflect.TypeFor[map[any]any](), true
			}
		}
		return reflect.TypeFor[map[string]any](), true
	}
	return nil, false
}

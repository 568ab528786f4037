package harness

import (
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
	"unsafe"
)

// arguments makes fresh values of the declared parameter types, or says what does not fit.
func (s *server) arguments(c call) ([]reflect.Value, string) {
	signature := s.function.Type()
	count := signature.NumIn()
	fixed := count
	if signature.IsVariadic() {
		fixed--
	}
	if len(c.positional) > count && !signature.IsVariadic() {
		return nil, wrongCount(len(c.positional)+len(c.named), count)
	}
	given := make([]*node, fixed)
	for i := range c.positional[:min(fixed, len(c.positional))] {
		given[i] = &c.positional[i]
	}
	for i, name := range c.names {
		place := s.parameter(name)
		if place < 0 || place >= fixed || given[place] != nil {
			return nil, "no parameter takes the keyword argument " + name
		}
		given[place] = &c.named[i]
	}
	values := make([]reflect.Value, fixed, count)
	for i, n := range given {
		if n == nil {
			return nil, wrongCount(len(c.positional)+len(c.named), count)
		}
		value, misfit := s.make(n, signature.In(i))
		if misfit != "" {
			return nil, argument(i) + misfit
		}
		values[i] = value
	}
	if !signature.IsVariadic() {
		return values, ""
	}
	rest, misfit := s.variadic(c.positional[min(fixed, len(c.positional)):], signature.In(fixed))
	if misfit != "" {
		return nil, argument(fixed) + misfit
	}
	return append(values, rest), ""
}

// variadic takes the remaining arguments one by one, or a single list of them.
func (s *server) variadic(rest []node, slice reflect.Type) (reflect.Value, string) {
	value, misfit := s.sequence(rest, slice)
	if misfit != "" && len(rest) == 1 && (rest[0].kind == isList || rest[0].kind == isTuple) {
		if whole, again := s.make(&rest[0], slice); again == "" {
			return whole, ""
		}
	}
	return value, misfit
}

func (s *server) parameter(name string) int {
	for i, own := range s.entry.Names {
		if own != "_" && own != "" && plain(own) == plain(name) {
			return i
		}
	}
	return -1
}

// plain is what camelCase and snake_case spellings of a name share.
func plain(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

func argument(i int) string { return "argument " + strconv.Itoa(i+1) + ": " }

func wrongCount(given, declared int) string {
	return "the case gives " + strconv.Itoa(given) + " arguments, the function declares " + strconv.Itoa(declared)
}

// make builds the value of type t that n means.
func (s *server) make(n *node, t reflect.Type) (reflect.Value, string) {
	if s.big.is(t) && n.kind == isInt {
		return s.big.value(n.text).Elem(), ""
	}
	if (n.kind == isInt || n.kind == isFloat || n.kind == isComplex || n.kind == isStr) && scalar(t) {
		return number(n, t)
	}
	switch t.Kind() {
	case reflect.Bool:
		if n.kind == isBool {
			value := reflect.New(t).Elem()
			value.SetBool(string(n.text) == "1")
			return value, ""
		}
	case reflect.Pointer:
		return s.pointer(n, t)
	case reflect.Slice, reflect.Array:
		return s.list(n, t)
	case reflect.Map:
		return s.mapping(n, t)
	case reflect.Struct:
		return s.structure(n, t)
	case reflect.Interface:
		return s.dynamic(n, t)
	}
	return misfit(n, t)
}

func scalar(t reflect.Type) bool {
	kind := t.Kind()
	return kind >= reflect.Int && kind <= reflect.Complex128 || kind == reflect.String
}

func misfit(n *node, t reflect.Type) (reflect.Value, string) {
	return reflect.Value{}, "a Python " + n.show() + " is no Go " + t.String()
}

// show names a value's kind, and its size or text where that is short.
func (n *node) show() string {
	name := kindNames[n.kind]
	switch n.kind {
	case isInt:
		if len(n.text) > 40 {
			return name + " of " + strconv.Itoa(len(n.text)) + " hexadecimal digits"
		}
		return name + " 0x" + string(n.text)
	case isStr:
		return name + " of " + strconv.Itoa(utf8.RuneCount(n.text)) + " characters"
	case isFloat:
		return name + " " + strconv.FormatFloat(n.re, 'g', -1, 64)
	case isList, isTuple, isSet, isFrozenset:
		return name + " of " + strconv.Itoa(len(n.items))
	}
	return name
}

func (s *server) pointer(n *node, t reflect.Type) (reflect.Value, string) {
	if n.kind == isNone {
		return reflect.Zero(t), ""
	}
	value, misfit := s.make(n, t.Elem())
	if misfit != "" {
		return value, misfit
	}
	pointer := reflect.New(t.Elem())
	pointer.Elem().Set(value)
	return pointer.Convert(t), ""
}

func (s *server) list(n *node, t reflect.Type) (reflect.Value, string) {
	element := t.Elem().Kind()
	switch {
	case n.kind == isNone && t.Kind() == reflect.Slice:
		return reflect.Zero(t), ""
	case n.kind == isList || n.kind == isTuple || n.kind == isSet || n.kind == isFrozenset:
		return s.sequence(n.items, t)
	case (n.kind == isBytes || n.kind == isStr) && element == reflect.Uint8:
		return filled(len(n.text), t, func(i int, item reflect.Value) { item.SetUint(uint64(n.text[i])) })
	case n.kind == isStr && element == reflect.Int32 && utf8.Valid(n.text):
		runes := []rune(string(n.text))
		return filled(len(runes), t, func(i int, item reflect.Value) { item.SetInt(int64(runes[i])) })
	}
	return misfit(n, t)
}

func filled(count int, t reflect.Type, set func(int, reflect.Value)) (reflect.Value, string) {
	value, misfit := room(count, t)
	if misfit == "" {
		for i := range count {
			set(i, value.Index(i))
		}
	}
	return value, misfit
}

// room is a slice of count zeros, or an array when it has exactly that length.
func room(count int, t reflect.Type) (reflect.Value, string) {
	if t.Kind() == reflect.Slice {
		return reflect.MakeSlice(t, count, count), ""
	}
	if t.Len() != count {
		return reflect.Value{}, "a Python sequence of " + strconv.Itoa(count) + " is no Go " + t.String()
	}
	return reflect.New(t).Elem(), ""
}

func (s *server) sequence(items []node, t reflect.Type) (reflect.Value, string) {
	value, misfit := room(len(items), t)
	if misfit != "" {
		return value, misfit
	}
	for i := range items {
		item, misfit := s.make(&items[i], t.Elem())
		if misfit != "" {
			return value, "item " + strconv.Itoa(i) + ": " + misfit
		}
		value.Index(i).Set(item)
	}
	return value, ""
}

// mapping takes a dict, or a set where the map's values are struct{} or bool.
func (s *server) mapping(n *node, t reflect.Type) (reflect.Value, string) {
	set := n.kind == isSet || n.kind == isFrozenset
	switch {
	case n.kind == isNone:
		return reflect.Zero(t), ""
	case n.kind == isDict:
	case set && (t.Elem().Kind() == reflect.Bool || t.Elem().Kind() == reflect.Struct && t.Elem().NumField() == 0):
	default:
		return misfit(n, t)
	}
	value := reflect.MakeMap(t)
	step := 2
	if set {
		step = 1
	}
	for i := 0; i < len(n.items); i += step {
		key, misfit := s.key(&n.items[i], t.Key())
		if misfit != "" {
			return value, "a key: " + misfit
		}
		item := reflect.New(t.Elem()).Elem()
		if !set {
			if item, misfit = s.make(&n.items[i+1], t.Elem()); misfit != "" {
				return value, "a value: " + misfit
			}
		} else if item.Kind() == reflect.Bool {
			item.SetBool(true)
		}
		value.SetMapIndex(key, item)
	}
	return value, ""
}

// key makes a map's key; where its type is an interface, a tuple becomes an array, which can be one.
func (s *server) key(n *node, t reflect.Type) (reflect.Value, string) {
	if t.Kind() == reflect.Interface && n.kind == isTuple {
		array, misfit := s.sequence(n.items, reflect.ArrayOf(len(n.items), t))
		if misfit == "" && array.Type().AssignableTo(t) {
			if !array.Comparable() {
				return array, "a Python tuple that holds what no Go map key can"
			}
			return array, ""
		}
	}
	value, fault := s.make(n, t)
	if fault == "" && !value.Comparable() {
		return misfit(n, t)
	}
	return value, fault
}

// structure takes a tuple or list field by field, or a dict by the fields' names.
func (s *server) structure(n *node, t reflect.Type) (reflect.Value, string) {
	fields := t.NumField()
	if n.kind != isDict && n.kind != isTuple && n.kind != isList {
		return misfit(n, t)
	}
	if n.kind == isDict && len(n.items) != 2*fields || n.kind != isDict && len(n.items) != fields {
		return misfit(n, t)
	}
	value := reflect.New(t).Elem()
	for i := range fields {
		field := t.Field(i)
		from := -1
		if n.kind != isDict {
			from = i
		}
		for k := 0; n.kind == isDict && k < len(n.items); k += 2 {
			if n.items[k].kind == isStr && plain(string(n.items[k].text)) == plain(field.Name) {
				from = k + 1
			}
		}
		if from < 0 {
			return value, "the Python dict has no key for field " + field.Name + " of " + t.String()
		}
		item, misfit := s.make(&n.items[from], field.Type)
		if misfit != "" {
			return value, "field " + field.Name + ": " + misfit
		}
		// Fields that are not exported are set through their address.
		reflect.NewAt(field.Type, unsafe.Pointer(value.Field(i).UnsafeAddr())).Elem().Set(item)
	}
	return value, ""
}

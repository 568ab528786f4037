package main

import "go/types"

// Parameters are what a function declares to take. A type is [kind, more...]: bool, int (with its Go name), float,
// complex, string, bigint, slice (element), array (length, element), map (key, value), pointer (element), struct
// ([name, type], ...), and any, which says nothing. factory/languages/go/declared.py reads them.
type Parameters struct {
	Names    []string `json:"names"`
	Types    []any    `json:"types"`
	Variadic bool     `json:"variadic"`
}

// mostParts bounds what is said of one parameter: types may be nested without end.
const mostParts = 200

func declared(signature *types.Signature) *Parameters {
	p := &Parameters{Names: []string{}, Types: []any{}, Variadic: signature.Variadic()}
	for parameter := range signature.Params().Variables() {
		left := mostParts
		p.Names = append(p.Names, parameter.Name())
		p.Types = append(p.Types, described(parameter.Type(), &left))
	}
	return p
}

func described(t types.Type, left *int) []any {
	if *left--; *left < 0 {
		return []any{"any"}
	}
	if named, ok := types.Unalias(t).(*types.Named); ok && named.Obj().Pkg() != nil &&
		named.Obj().Pkg().Path() == "math/big" && named.Obj().Name() == "Int" {
		return []any{"bigint"}
	}
	switch t := t.Underlying().(type) {
	case *types.Basic:
		switch info := t.Info(); {
		case info&types.IsBoolean != 0:
			return []any{"bool"}
		case info&types.IsInteger != 0:
			return []any{"int", types.Typ[t.Kind()].Name()}
		case info&types.IsFloat != 0:
			return []any{"float"}
		case info&types.IsComplex != 0:
			return []any{"complex"}
		case info&types.IsString != 0:
			return []any{"string"}
		}
	case *types.Slice:
		return []any{"slice", described(t.Elem(), left)}
	case *types.Array:
		return []any{"array", t.Len(), described(t.Elem(), left)}
	case *types.Map:
		return []any{"map", described(t.Key(), left), described(t.Elem(), left)}
	case *types.Pointer:
		return []any{"pointer", described(t.Elem(), left)}
	case *types.Struct:
		fields := []any{"struct"}
		for field := range t.Fields() {
			fields = append(fields, []any{field.Name(), described(field.Type(), left)})
		}
		return fields
	}
	return []any{"any"}
}

package main

import (
	"fmt"
	"go/types"
	"strings"
)

// A Shape is what the cases' values at one place are made of, all cases together.
type Shape struct {
	Kinds []string `json:"kinds"` // Python's names of the types, sorted
	Item  *Shape   `json:"item"`  // of a list, tuple or set
	Key   *Shape   `json:"key"`   // of a dict
	Value *Shape   `json:"value"`
}

// instance finds type arguments for a generic function, as Go text.
func (w *Builder) instance(signature *types.Signature) ([]string, error) {
	parameters := signature.TypeParams()
	bound := map[*types.TypeParam]types.Type{}
	for i := range signature.Params().Len() {
		parameter := signature.Params().At(i)
		t, shape := parameter.Type(), w.shape(i, parameter.Name())
		if signature.Variadic() && i == signature.Params().Len()-1 && !shape.has("list") {
			t = t.(*types.Slice).Elem()
		}
		unify(t, shape, bound)
	}
	for parameter := range parameters.TypeParams() {
		if whole := bound[parameter]; whole != nil {
			if core := coreSlice(parameter); core != nil {
				unify(core, shapeOf(whole), bound)
			}
		}
	}
	var arguments []types.Type
	var texts []string
	for parameter := range parameters.TypeParams() {
		argument := bound[parameter]
		if argument == nil {
			return nil, fmt.Errorf("%s is not told by any argument", parameter)
		}
		arguments = append(arguments, argument)
		texts = append(texts, argument.String())
	}
	if _, err := types.Instantiate(types.NewContext(), signature, arguments, true); err != nil {
		return nil, fmt.Errorf("[%s]: %w", strings.Join(texts, ", "), err)
	}
	return texts, nil
}

func (w *Builder) shape(place int, name string) *Shape {
	if place < len(w.Shapes) {
		return w.Shapes[place]
	}
	for keyword, shape := range w.Named {
		if plain(keyword) == plain(name) {
			return shape
		}
	}
	return nil
}

func plain(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

func (s *Shape) has(kind string) bool {
	if s == nil {
		return false
	}
	for _, own := range s.Kinds {
		if own == kind {
			return true
		}
	}
	return false
}

// unify binds the type parameters in t by what the cases give in its place.
func unify(t types.Type, shape *Shape, bound map[*types.TypeParam]types.Type) {
	if shape == nil {
		return
	}
	switch t := t.(type) {
	case *types.TypeParam:
		if natural := shape.natural(); natural != nil && bound[t] == nil {
			bound[t] = natural
		}
	case *types.Slice:
		unify(t.Elem(), shape.Item, bound)
	case *types.Array:
		unify(t.Elem(), shape.Item, bound)
	case *types.Pointer:
		unify(t.Elem(), shape, bound)
	case *types.Map:
		if shape.Key != nil {
			unify(t.Key(), shape.Key, bound)
			unify(t.Elem(), shape.Value, bound)
		} else {
			unify(t.Key(), shape.Item, bound)
		}
	}
}

// natural is the Go type of such values; nil when nothing tells it.
func (s *Shape) natural() types.Type {
	if s == nil {
		return nil
	}
	kinds := " " + strings.Join(s.Kinds, " ") + " "
	switch kinds {
	case " bool ":
		return types.Typ[types.Bool]
	case " int ":
		return types.Typ[types.Int]
	case " float ", " float int ":
		return types.Typ[types.Float64]
	case " str ":
		return types.Typ[types.String]
	case " list ", " tuple ":
		if item := s.Item.natural(); item != nil {
			return types.NewSlice(item)
		}
	case " dict ":
		key, value := s.Key.natural(), s.Value.natural()
		if key != nil && value != nil && types.Comparable(key) {
			return types.NewMap(key, value)
		}
	case "  ":
		return nil
	}
	return types.Universe.Lookup("any").Type()
}

// coreSlice is the slice or map that a constraint such as ~[]E asks for.
func coreSlice(parameter *types.TypeParam) types.Type {
	constraint, ok := parameter.Constraint().Underlying().(*types.Interface)
	if !ok || constraint.NumEmbeddeds() != 1 {
		return nil
	}
	union, ok := constraint.EmbeddedType(0).(*types.Union)
	if !ok || union.Len() != 1 {
		return nil
	}
	return union.Term(0).Type()
}

// shapeOf is the shape that natural made this type of.
func shapeOf(t types.Type) *Shape {
	switch t := t.(type) {
	case *types.Slice:
		return &Shape{Kinds: []string{"list"}, Item: shapeOf(t.Elem())}
	case *types.Map:
		return &Shape{Kinds: []string{"dict"}, Key: shapeOf(t.Key()), Value: shapeOf(t.Elem())}
	case *types.Basic:
		names := map[types.BasicKind]string{types.Bool: "bool", types.Int: "int", types.Float64: "float", types.String: "str"}
		return &Shape{Kinds: []string{names[t.Kind()]}}
	}
	return &Shape{Kinds: []string{"object"}}
}

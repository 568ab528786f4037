package main

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
)

const (
	aMap      = 64      // bytes of an empty map, and what an entry takes beyond key and value
	countless = 1 << 40 // more than any budget; also what a type takes that is too large to say
)

// brings is how many bytes a program's package-level variables take before main: their own, and those of the
// values that initialise them. It may be too many, as what nothing uses is not linked.
func (p *Program) brings() int64 {
	var total int64
	add := func(size int64) {
		if size < 0 || size > countless {
			size = countless
		}
		total = min(total+size, countless)
	}
	for _, decl := range p.file.Decls {
		variables, ok := decl.(*ast.GenDecl)
		if !ok || variables.Tok != token.VAR {
			continue
		}
		for _, spec := range variables.Specs {
			for _, name := range spec.(*ast.ValueSpec).Names {
				if object := p.info.Defs[name]; object != nil {
					add(sizes.Sizeof(object.Type()))
				}
			}
			for _, value := range spec.(*ast.ValueSpec).Values {
				ast.Inspect(value, func(node ast.Node) bool {
					switch node := node.(type) {
					case *ast.FuncLit:
						return false
					case *ast.CompositeLit:
						add(p.built(node))
					case *ast.CallExpr:
						add(aMap)
						if len(node.Args) == 1 && p.info.Types[node.Args[0]].IsType() { // new(T), make(T)
							add(sizes.Sizeof(p.info.Types[node.Args[0]].Type))
						}
					}
					return true
				})
			}
		}
	}
	return total
}

// built is how many bytes a literal takes, without what its elements point to.
func (p *Program) built(literal *ast.CompositeLit) int64 {
	switch t := p.info.Types[literal].Type.Underlying().(type) {
	case *types.Slice:
		return times(p.length(literal), sizes.Sizeof(t.Elem()))
	case *types.Map:
		return aMap + times(int64(len(literal.Elts)), 2*(aMap+sizes.Sizeof(t.Key())+sizes.Sizeof(t.Elem())))
	case *types.Pointer: // an element of a literal, written without its &T
		return sizes.Sizeof(t.Elem())
	default:
		return sizes.Sizeof(t)
	}
}

// length is how many elements a slice literal has: one more than the last index, which may be far off.
func (p *Program) length(literal *ast.CompositeLit) int64 {
	var next, longest int64
	for _, element := range literal.Elts {
		if pair, ok := element.(*ast.KeyValueExpr); ok {
			if index, exact := constant.Int64Val(constant.ToInt(p.info.Types[pair.Key].Value)); exact {
				next = index
			}
		}
		next++
		longest = max(longest, next)
	}
	return longest
}

func times(count, size int64) int64 {
	if size < 0 || size > 0 && count > countless/size {
		return countless
	}
	return count * size
}

"""The JavaScript declaration a translation should have, with types read off the values of the problem's cases.

Promises: what it names fits every case. Where the cases do not tell a type, it says nothing at all.
"""

from __future__ import annotations

from factory.languages.javascript.encode import Shape
from factory.languages.javascript.names import javascript_name
from factory.languages.process import calls, shapes
from factory.languages.source import parameters
from factory.records import Problem
from factory.records.values import decode

_PLAIN: dict[type, str] = {
    bool: "boolean",
    float: "number",
    str: "string",
    bytes: "Uint8Array",
    complex: "{re: number, im: number}",
}


def signature(problem: Problem, code: str) -> str:
    """`/** @param {number} a @returns {string} */ function name(a)`; "" where the cases do not tell it."""
    if problem.entry_point is None or not problem.cases or any(case.kwargs for case in problem.cases):
        return ""
    every = calls(problem)
    names = [javascript_name(name) for name in parameters(code, problem.entry_point)]
    if len({len(args) for args, _ in every}) != 1 or len(names) != len(every[0][0]):
        return ""
    types = [_type(shape) for shape in shapes(every, Shape)[0]]
    result = Shape()
    for case in problem.cases:
        result.add(decode(case.expected))
    tags = [f"@param {{{kind}}} {name}" for kind, name in zip(types, names, strict=True)]
    if any("?" in kind for kind in (*types, _type(result))):
        return ""
    tags.append(f"@returns {{{_type(result)}}}")
    return f"/** {' '.join(tags)} */ function {javascript_name(problem.entry_point)}({', '.join(names)})"


def _type(shape: Shape) -> str:
    """The JSDoc type of a parameter or member; it has `?` where the cases do not say."""
    return "|".join(dict.fromkeys(_one(shape, kind) for kind in sorted(shape.kinds, key=_order))) or "?"


def _order(kind: type) -> tuple[bool, str]:
    return kind is type(None), kind.__name__


def _one(shape: Shape, kind: type) -> str:
    if kind is type(None):
        return "null"
    if kind is int:
        return "number|bigint" if shape.large else "number"
    if kind is dict:
        key, value = _type(shape.key), _type(shape.item)
        return f"Map<{key}, {value}>" if shape.keyed else f"Object<string, {value}>"
    if kind in (set, frozenset):
        return f"Set<{_type(shape.item)}>"
    if kind in (list, tuple):
        item = _type(shape.item)
        return f"({item})[]" if "|" in item else f"{item}[]"
    return _PLAIN.get(kind, "?")

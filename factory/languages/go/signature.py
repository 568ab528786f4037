"""The Go declaration a translation should have, told from the values of the problem's cases.

Promises: what it names fits every case. Where values disagree, or tell nothing (always empty, always
None), it says nothing at all rather than guess: an empty text leaves the choice to the model.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from factory.languages.go.names import KEYWORDS, go_name
from factory.languages.source import parameters
from factory.records import Case, Problem
from factory.records.values import decode

_INT64 = range(-(2**63), 2**63)
_UNKNOWN = "?"


def signature(problem: Problem, code: str) -> str:
    """`func name(a int) []string` for the entry point that Python `code` defines; "" where the cases do not tell it."""
    if problem.entry_point is None or not problem.cases or any(case.kwargs for case in problem.cases):
        return ""
    calls = [[decode(value) for value in case.args or ()] for case in problem.cases]
    names = parameters(code, problem.entry_point)
    if len({len(call) for call in calls}) != 1 or len(names) != len(calls[0]):
        return ""
    types = [_merged(_type(value) for value in values) for values in zip(*calls, strict=True)]
    answers = [case.expected for case in problem.cases if case.expected is not None or not _open(problem, case)]
    result = _result([decode(answer) for answer in answers]) if answers else _UNKNOWN
    if any(_UNKNOWN in kind for kind in [*types, result]):
        return ""
    declared = ", ".join(f"{_name(name)} {kind}" for name, kind in zip(names, types, strict=True))
    return f"func {go_name(problem.entry_point)}({declared}) {result}".rstrip()


def _open(problem: Problem, case: Case) -> bool:
    """Whether null, as what is expected, may only mean that no right answer is known."""
    return problem.comparison_of(case).kind in ("predicate", "checker")


def _name(name: str) -> str:
    camel = go_name(name)
    return camel if camel.lower() not in KEYWORDS else f"{camel}_"


def _result(values: list[Any]) -> str:
    """The result's type; a tuple becomes several results."""
    if all(type(value) is tuple for value in values) and len({len(value) for value in values}) == 1:
        parts = [_merged(_type(item) for item in items) for items in zip(*values, strict=True)]
        return f"({', '.join(parts)})" if parts else ""
    return _merged(_type(value) for value in values)


def _type(value: Any) -> str:
    """The Go type of one plain value; `?` inside it where the value does not tell."""
    kind = type(value)
    if kind is int:
        return "int" if value in _INT64 else "*big.Int"
    plain = {bool: "bool", float: "float64", str: "string", bytes: "[]byte", type(None): "*?"}.get(kind)
    if plain is not None:
        return plain
    if kind is list:
        return f"[]{_merged(map(_type, value))}"
    if kind is dict:
        return f"map[{_merged(map(_type, value))}]{_merged(map(_type, value.values()))}"
    if kind in (set, frozenset):
        return f"map[{_merged(map(_type, value))}]struct{{}}"
    if kind is tuple and value:
        types = set(map(_type, value))
        return f"[{len(value)}]{types.pop()}" if len(types) == 1 else _UNKNOWN
    return _UNKNOWN


def _merged(kinds: Iterable[str]) -> str:
    """The one type that all of `kinds` fit, or `?`."""
    found = set(kinds)
    optional = "*?" in found
    found.discard("*?")
    vague = {kind for kind in found if _UNKNOWN in kind}
    known = found - vague
    if not known:
        return _UNKNOWN
    if known == {"int", "float64"}:
        known = {"float64"}
    if known == {"int", "*big.Int"}:
        known = {"*big.Int"}
    if len(known) > 1 or any(not _may_be(kind, next(iter(known))) for kind in vague):
        return _UNKNOWN
    (kind,) = known
    return f"*{kind}" if optional and not kind.startswith("*") else kind


def _may_be(vague: str, kind: str) -> bool:
    """Whether `vague`, a type with an unknown part (an empty list's `[]?`), may be `kind`."""
    return kind.startswith(vague.partition(_UNKNOWN)[0])

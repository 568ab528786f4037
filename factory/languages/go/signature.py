"""The Go declaration a translation should have, read off the values of the problem's cases.

Promises: what it names fits every case. Where values disagree, or tell nothing (always empty, always
None), it says nothing at all rather than guess: an empty text leaves the choice to the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from factory.languages.go.names import KEYWORDS, go_name
from factory.languages.source import parameters
from factory.records import Case, Problem
from factory.records.values import decode

_INT64 = range(-(2**63), 2**63)
_UNKNOWN = "?"
MOST_ODD = 16
"""Cases of types that no other case has, of which the odd one is looked for."""


def signature(problem: Problem, code: str) -> str:
    """`func name(a int) []string` for the entry point that Python `code` defines; "" where the cases do not tell it."""
    if problem.entry_point is None or not problem.cases or any(case.kwargs for case in problem.cases):
        return ""
    calls = [[decode(value) for value in case.args or ()] for case in problem.cases]
    names = parameters(code, problem.entry_point)
    if len({len(call) for call in calls}) != 1 or len(names) != len(calls[0]):
        return ""
    types = [_merged(_type(value) for value in values) for values in zip(*calls, strict=True)]
    result = _answer(problem, problem.cases) or _UNKNOWN
    if any(_UNKNOWN in kind for kind in [*types, result]):
        return ""
    declared = ", ".join(f"{_name(name)} {kind}" for name, kind in zip(names, types, strict=True))
    return f"func {go_name(problem.entry_point)}({declared}) {result}".rstrip()


def odd_case(problem: Problem) -> int | None:
    """The number of the one case whose values have other types than those of all others have; None without one."""
    cases = problem.cases
    if problem.entry_point is None or len(cases) < 3 or any(case.kwargs for case in cases):
        return None
    kinds = [(*(_type(decode(value)) for value in case.args or ()), _answer(problem, [case])) for case in cases]
    alone = [at for at, kind in enumerate(kinds) if kinds.count(kind) == 1 and _UNKNOWN not in kind]
    if len(alone) > MOST_ODD or _fit(problem, cases):
        return None
    odd = [at for at in alone if _fit(problem, cases[:at] + cases[at + 1 :])]
    return odd[0] if len(odd) == 1 else None


def _fit(problem: Problem, cases: Sequence[Case]) -> bool:
    """Whether one declaration fits `cases`."""
    columns = zip(*([decode(value) for value in case.args or ()] for case in cases), strict=False)
    kinds = [_merged(map(_type, column)) for column in columns]
    return len({len(case.args or ()) for case in cases}) == 1 and _UNKNOWN not in "".join(kinds) + _answer(
        problem, cases
    )


def _answer(problem: Problem, cases: Sequence[Case]) -> str:
    """The type of what is expected in `cases`; "" where no answer is known."""
    known = [decode(case.expected) for case in cases if not _open(problem, case)]
    return _result(known) if known else ""


def _open(problem: Problem, case: Case) -> bool:
    """Whether what is expected is null because no right answer is known."""
    return case.expected is None and problem.comparison_of(case).kind in ("predicate", "checker")


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

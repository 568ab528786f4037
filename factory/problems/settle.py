"""What the reference of a problem can settle about its tests: cases out of test code, and answers left open.

Promises: test code becomes cases only where these decide, for every possible program, as it did. That is so
when each of its calls is one whole side of `assert call == …`, nothing else depends on
an answer, no list that a call could change is looked at elsewhere, and nothing changes from run to run: the calls are
then the same for every program, and what passes is what answers as a passing reference does. Everything else stays
test code.
"""

from __future__ import annotations

import ast
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from factory.languages.python.calls import call_text
from factory.problems.oracle import Oracle
from factory.records import Case, Problem
from factory.records.values import encode, read

REPEATABLE = frozenset(
    "__future__ bisect cmath collections copy decimal fractions functools heapq itertools json math operator random re "
    "statistics string typing".split()
)
"""Modules that test code may import and still do the same on every run."""
_UNWATCHED = (ast.Try, ast.TryStar, ast.With, ast.AsyncFunctionDef, ast.ClassDef, ast.Global, ast.Nonlocal)
_HIDING = frozenset("eval exec locals globals vars id hash open input __import__ getattr setattr object".split())


def settled(problem: Problem, oracle: Oracle) -> Problem:
    """`problem` with test code turned into cases, and open answers filled in, as far as its reference tells them.

    Raises ValueError, InfrastructureError.
    """
    reference, entry_point = problem.reference, problem.entry_point
    if reference is None or entry_point is None:
        return problem
    problem = _traced(problem, oracle)
    unknown = [case for case in problem.cases if is_open(problem, case)]
    if not unknown:
        return problem
    answers = oracle.answers(reference, entry_point, [call_text(case) for case in unknown])
    known = {id(case): encode(answer) for case, answer in zip(unknown, answers, strict=True)}
    cases = tuple(
        case.model_copy(update={"expected": known[id(case)]}) if id(case) in known else case for case in problem.cases
    )
    return problem.model_copy(update={"cases": cases})


def is_open(problem: Problem, case: Case) -> bool:
    """Whether no right answer to the case is known: only a test of it."""
    return case.expected is None and problem.comparison_of(case).kind in ("predicate", "checker")


def _traced(problem: Problem, oracle: Oracle) -> Problem:
    if not problem.test_code or problem.comparison.kind != "equal":
        return problem
    tree = ast.parse(problem.test_code)
    if not repeatable(tree, problem.entry_point or ""):
        return problem
    try:
        answers = oracle.calls(problem)
    except ValueError:
        return problem  # whether its reference is at fault is seen when that is checked
    if looks_again(tree, problem.entry_point or "") and any(_has_mutable(json.loads(call)) for call, _ in answers):
        return problem
    cases = list(problem.cases)
    known = {call_text(case) for case in cases if case.comparison is None}
    for call, answer in answers:
        args, kwargs = json.loads(call)
        case = Case(args=args, kwargs=kwargs, expected=json.loads(answer))
        if call_text(case) not in known and read(answer) == read(answer):  # not so where a nan is in it
            known.add(call_text(case))
            cases.append(case)
    return problem.model_copy(update={"cases": tuple(cases), "test_code": ""})


def repeatable(tree: ast.Module, entry_point: str) -> bool:
    """Whether test code asks every program the same, and only whether the answers equal what it computes itself."""
    names = _names(tree, entry_point)
    lone = {id(call.func) for call in _lone_calls(tree, names)}
    return all(_is_repeatable(node, names, lone) for node in ast.walk(tree))


def looks_again(tree: ast.Module, entry_point: str) -> bool:
    """Whether repeatable test code reads a name that is among the arguments of a call in another place as well."""
    calls = _lone_calls(tree, _names(tree, entry_point))
    given = {
        node.id for call in calls for node in ast.walk(call) if isinstance(node, ast.Name) and node is not call.func
    }
    read = Counter(node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))
    return any(read[name] > 1 for name in given)


def _has_mutable(arguments: list[Any]) -> bool:
    """Whether the tagged JSON of [args, kwargs] holds a list, dict or set."""
    args, kwargs = arguments
    return any(map(_is_mutable, [*args, *kwargs.values()]))


def _is_mutable(data: Any) -> bool:
    if isinstance(data, dict) and data.get("$") == "tuple":
        return any(map(_is_mutable, data["v"]))
    immutable = isinstance(data, dict) and data.get("$") in ("int", "float", "complex", "bytes", "frozenset")
    return isinstance(data, list | dict) and not immutable


def _names(tree: ast.Module, entry_point: str) -> set[str]:
    """By what test code may call what it tests."""
    checks = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "check"]
    return {entry_point, "candidate", *(arg.arg for check in checks[:1] for arg in check.args.args)}


def _lone_calls(tree: ast.Module, names: set[str]) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert) and (call := lone_call(node.test, names)) is not None:
            yield call


def lone_call(test: ast.expr, names: set[str]) -> ast.Call | None:
    """The call in `call == value` or `value == call`."""
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq):
        for side in (test.left, test.comparators[0]):
            if isinstance(side, ast.Call) and isinstance(side.func, ast.Name) and side.func.id in names:
                return side
    return None


def _is_repeatable(node: ast.AST, names: set[str], lone: set[int]) -> bool:
    match node:
        case ast.Name(id=name):
            return (name not in names or id(node) in lone) and name not in _HIDING
        case ast.Import():
            return all(alias.name.partition(".")[0] in REPEATABLE for alias in node.names)
        case ast.ImportFrom():
            return (node.module or "").partition(".")[0] in REPEATABLE
        case ast.FunctionDef(name=name):
            return name not in names and not node.decorator_list
        case ast.Attribute(attr=name):
            return not name.startswith("_") and name != "SystemRandom"
    return not isinstance(node, _UNWATCHED)

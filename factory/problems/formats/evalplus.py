"""HumanEval+ and MBPP+, as EvalPlus releases them (`base_input`, `plus_input`) and as the hub has them (`test`).

The release brings no outputs: the right answers are what the canonical solution answers, behind the wall. The
asserts that the row shows are tests too, so that a canonical solution that contradicts them is found out. Its
arguments lost their types on the way to JSON; where the row's asserts show a tuple or a set, the inputs get it back.
Where the tests look at answers in one way (`set(f(x)) == set(…)`), so do the cases. Floats are compared as
EvalPlus does, within `atol` or 1e-6. License of both sets: Apache-2.0, by the cards of
evalplus/humanevalplus and evalplus/mbppplus on the hub.
"""

from __future__ import annotations

import ast
import copy
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from factory.languages.python.calls import call_text
from factory.problems.formats import humaneval, mbpp
from factory.problems.oracle import Oracle
from factory.problems.parsing import fields
from factory.problems.parsing.asserts import literal, split
from factory.problems.parsing.fields import Row
from factory.problems.parsing.idle import refuse_idle
from factory.records import Case, Comparison, Problem, ProblemMeta
from factory.records.predicate import ANSWER
from factory.records.values import decode, encode

RELATIVE, LEAST = 1e-7, 1e-6
"""EvalPlus's relative tolerance, and its absolute one where floats are expected and the row says 0."""
_CHECKERS = {
    "find_zero": """\
def check(input, output):
    return abs(sum(c * output**i for i, c in enumerate(input[0]))) <= 1e-4
"""
}
"""Problems of the sets with several right answers, which EvalPlus judges by code of its own: any zero will do."""


@dataclass(frozen=True, slots=True)
class _Tests:
    """`results` are None where the reference has to give them; `view` is how an answer is looked at, as `answer`."""

    inputs: Sequence[Sequence[Any]]
    results: Sequence[Any] | None
    atol: float
    view: str = ANSWER


def sniff(row: Row) -> bool:
    released = {"task_id", "entry_point", "base_input", "plus_input"} <= row.keys()
    return released or ({"task_id", "prompt", "test"} <= row.keys() and "assertion(" in str(row["test"]))


def read(row: Row, oracle: Oracle | None = None) -> Problem:
    """The problem in `row`. Raises KeyError or ValueError naming the field."""
    return _mbpp(row, oracle) if _is_mbpp(row) else _humaneval(row, oracle)


def id_of(row: Row) -> str:
    """The problem's id. Raises KeyError."""
    return f"{'MBPP+' if _is_mbpp(row) else 'HumanEval+'}/{str(row['task_id']).rpartition('/')[2]}"


def _is_mbpp(row: Row) -> bool:
    return "test_list" in row or str(row["task_id"]).startswith("Mbpp/")


def _humaneval(row: Row, oracle: Oracle | None) -> Problem:
    prompt, entry_point = fields.text(row, "prompt"), fields.text(row, "entry_point")
    reference = prompt + fields.text(row, "canonical_solution")
    tests = _released(row, []) if "base_input" in row else _listed(row)
    shown = humaneval.doctests(prompt, entry_point)
    checker = _CHECKERS.get(entry_point)
    cases = _cases(tests, reference, entry_point, oracle, plainly=checker is not None)
    return Problem(
        id=id_of(row),
        prompt=prompt,
        entry_point=entry_point,
        starter_code=prompt,
        reference=reference,
        cases=tuple(case.model_copy(update={"public": humaneval.key(case) in shown}) for case in cases),
        comparison=Comparison(kind="checker", checker=checker) if checker else Comparison(),
        meta=ProblemMeta(source="evalplus/humanevalplus", license="Apache-2.0"),
    )


def _mbpp(row: Row, oracle: Oracle | None) -> Problem:
    reference = fields.text(row, "code" if "code" in row else "canonical_solution").replace("\r\n", "\n")
    shown = _shown(row)
    asserts = [node for node in shown if isinstance(node, ast.Assert)]
    entry_point = fields.text(row, "entry_point") if "entry_point" in row else mbpp.function_called(reference, asserts)
    views = [(view, args) for test in asserts for view, args in _views(test, entry_point)]
    tests = _released(row, views) if "base_input" in row else _listed(row)
    cases = _cases(tests, reference, entry_point, oracle)
    refuse_idle(shown)
    parts = split(shown, entry_point)
    known = set(map(_asked, cases))
    cases += [case for case in _own(parts.cases, tests) if _asked(case) not in known]
    first = json.dumps([encode(arg) for arg in views[0][1]]) if views else None
    prompt = fields.text(row, "prompt")
    if asserts and f"{entry_point}(" not in prompt:
        prompt = f"{prompt.strip()}\nThe function is called `{entry_point}`. It has to satisfy, for example:\n"
        prompt += f"{ast.unparse(asserts[0])}\n"
    return Problem(
        id=id_of(row),
        prompt=prompt,
        entry_point=entry_point,
        reference=reference,
        cases=tuple(case.model_copy(update={"public": json.dumps(case.args) == first}) for case in cases),
        test_code="\n".join([*map(ast.unparse, parts.rest), ""]) if parts.rest else "",
        meta=ProblemMeta(source="evalplus/mbppplus", license="Apache-2.0"),
    )


# ---- cases ----


def _cases(tests: _Tests, reference: str, entry_point: str, oracle: Oracle | None, plainly: bool = False) -> list[Case]:
    asked = [Case(args=[encode(arg) for arg in args], expected=None) for args in tests.inputs]
    results = tests.results
    if results is None:
        if oracle is None:
            raise ValueError("its right answers have to be computed by running the canonical solution")
        results = oracle.answers(reference, entry_point, [call_text(case) for case in asked])
    if len(asked) != len(results):
        raise ValueError(f"test: {len(asked)} inputs and {len(results)} results")
    return [
        Case(args=case.args, expected=encode(result), comparison=None if plainly else _comparison(result, tests))
        for case, result in zip(asked, results, strict=True)
    ]


def _own(cases: Sequence[Case], tests: _Tests) -> list[Case]:
    """The cases of the row's own asserts, compared as the set compares."""
    plain = replace(tests, view=ANSWER)
    return [
        case if case.comparison else case.model_copy(update={"comparison": _comparison(decode(case.expected), plain)})
        for case in cases
    ]


def _asked(case: Case) -> str:
    """Equal for cases that ask and demand the same."""
    demanded = case.comparison.predicate if case.comparison and case.comparison.predicate else [case.expected]
    return json.dumps([case.args, case.kwargs, demanded], sort_keys=True)


def _comparison(result: Any, tests: _Tests) -> Comparison | None:
    if tests.view != ANSWER:
        wanted = ast.unparse(_put(ast.parse(tests.view, mode="eval").body, ast.parse(repr(result), mode="eval").body))
        return Comparison(kind="predicate", predicate=f"{tests.view} == {wanted}")
    if tests.atol or _is_floats(result):
        return Comparison(kind="float", rel=RELATIVE, abs=tests.atol or LEAST)
    return None


def _is_floats(value: Any) -> bool:
    items = value if isinstance(value, list | tuple) else [value]
    return bool(items) and all(isinstance(item, float) for item in items)


# ---- the release's form ----


def _released(row: Row, views: Sequence[tuple[str, list[Any]]]) -> _Tests:
    samples = [args for _, args in views]
    inputs = [typed(list(args), samples) for args in [*row["base_input"], *(row["plus_input"] or [])]]
    ways = {view for view, _ in views}
    if len(ways) > 1:
        raise ValueError(f"assertion: looks at answers in several ways ({', '.join(sorted(ways))})")
    view = ways.pop() if ways else ANSWER
    return _Tests(inputs, None, float(row.get("atol") or 0), view)


def typed(value: Any, samples: Sequence[Any]) -> Any:
    """`value`, read from JSON, with lists made the tuples or sets that stand at their place in `samples`.

    Raises ValueError where samples disagree, TypeError for a set of what cannot be in one.
    """
    if isinstance(value, str) and samples and all(isinstance(sample, complex) for sample in samples):
        return complex(value)
    if isinstance(value, dict):
        inner = [item for sample in samples if isinstance(sample, dict) for item in sample.values()]
        return {key: typed(item, inner) for key, item in value.items()}
    if not isinstance(value, list):
        return value
    alike = [sample for sample in samples if isinstance(sample, list | tuple | set | frozenset)]
    kinds = {type(sample) for sample in alike}
    if len(kinds) > 1:
        raise ValueError("assertion: shows lists and other collections at the same place of the arguments")
    if kinds <= {list, tuple} and {len(sample) for sample in alike} == {len(value)}:
        items = [typed(item, list(at)) for item, at in zip(value, zip(*alike, strict=True), strict=True)]
    else:
        items = [typed(item, [one for sample in alike for one in sample]) for item in value]
    return (kinds.pop() if kinds else list)(items)


def _shown(row: Row) -> list[ast.stmt]:
    """The statements of the tests that the row shows."""
    listed = [*row.get("test_imports", ()), *row["test_list"]] if "test_list" in row else [row.get("assertion") or ""]
    try:
        return ast.parse("\n".join(map(str, listed)).strip()).body
    except SyntaxError as error:
        raise ValueError(f"assertion: line {error.lineno}: {error.msg}") from None


def _views(test: ast.stmt, entry_point: str) -> list[tuple[str, list[Any]]]:
    """How `assert VIEW(call) == …` looks at the answer, and the call's arguments, where they are literals."""
    test = copy.deepcopy(test)
    if not isinstance(test, ast.Assert) or not isinstance(test.test, ast.Compare):
        return []
    for call in ast.walk(test.test.left):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == entry_point:
            try:
                args = [literal(arg) for arg in call.args]
            except ValueError:
                return []
            return [(ast.unparse(_put(test.test.left, ast.Name(ANSWER, ast.Load()), call)), args)]
    return []


class _Put(ast.NodeTransformer):
    def __init__(self, new: ast.expr, old: ast.expr | None) -> None:
        self._new, self._old = new, old

    def visit(self, node: ast.AST) -> Any:
        if node is self._old or (self._old is None and isinstance(node, ast.Name) and node.id == ANSWER):
            return self._new
        return self.generic_visit(node)


def _put(tree: ast.expr, new: ast.expr, old: ast.expr | None = None) -> ast.expr:
    """`tree` with `new` for the node `old`, or for every `answer`."""
    done: ast.expr = _Put(new, old).visit(tree)
    return ast.fix_missing_locations(done)


# ---- the hub's form ----


def _listed(row: Row) -> _Tests:
    """`inputs`, and the loop that gives each to `assertion(f(*inp), exp, atol)`, or `ref_func(*inp)` for exp.

    Raises ValueError.
    """
    try:
        body = ast.parse(fields.text(row, "test")).body
    except SyntaxError as error:
        raise ValueError(f"test: line {error.lineno}: {error.msg}") from None
    body = next((node.body for node in body if isinstance(node, ast.FunctionDef) and node.name == "check"), body)
    lists: dict[str, Any] = {}
    for node in body:
        match node:
            case ast.Assign(targets=[ast.Name(id="inputs" | "results" as name)], value=value):
                lists[name] = literal(value)
    match [node for node in body if isinstance(node, ast.For)]:
        case [ast.For(body=[ast.Expr(value=ast.Call(func=ast.Name(id="assertion"), args=[got, want, atol]))])]:
            pass
        case _:
            raise ValueError("test: is no loop over inputs that calls assertion(got, expected, atol)")
    if "inputs" not in lists:
        raise ValueError("test: inputs are not written out")
    called, computed = _starred(got), _starred(want)
    expected = computed or [node for node in ast.walk(want) if isinstance(node, ast.Name) and node.id == "exp"]
    if len(called) != 1 or len(expected) != 1 or not (computed or "results" in lists):
        raise ValueError("test: does not give each input to one call and each result to its comparison")
    view = ast.unparse(_put(got, ast.Name(ANSWER, ast.Load()), called[0]))
    if view != ast.unparse(_put(want, ast.Name(ANSWER, ast.Load()), expected[0])):
        raise ValueError(f"test: looks at an answer as {view}, and in another way at what is expected")
    return _Tests(lists["inputs"], None if computed else lists["results"], float(literal(atol)), view)


def _starred(tree: ast.expr) -> list[ast.expr]:
    """The calls of the form `f(*inp)`."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_starred(node)]


def _is_starred(call: ast.Call) -> bool:
    return len(call.args) == 1 and isinstance(call.args[0], ast.Starred)

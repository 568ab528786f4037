"""LeetCode-style rows: a method of `class Solution`, and a `check(candidate)` of asserts.

The columns are those of newfacade/LeetCodeDataset: `entry_point` as "Solution().name", `prompt` (imports and
helpers that the set's harness puts before every program), `starter_code`, `completion`, `test`. Arguments by name
become arguments in their order; linked lists and trees, which tests make with helpers of the prelude, are lists in
cases (`objects`). A double may be 1e-5 off, as on LeetCode.
License of newfacade/LeetCodeDataset: Apache-2.0, by its card on the hub.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from factory.problems.oracle import Oracle
from factory.problems.parsing import contest, fields, objects, statement, suite
from factory.problems.parsing.fields import Row
from factory.records import Calling, Case, Problem, ProblemMeta

_METHOD = re.compile(r"^Solution\(\)\.(\w+)$")


def sniff(row: Row) -> bool:
    has_keys = {"entry_point", "test"} <= row.keys() and bool(_METHOD.match(str(row["entry_point"])))
    return has_keys and "starter_code" in _current(row)


def _current(row: Row) -> Row:
    """`row` by the set's names since version 0.3: 0.1 and 0.2 have some columns under others, in `meta`."""
    meta = row.get("meta")
    if not isinstance(meta, dict) or "lang_code" not in meta:
        return row
    about = {"starter_code": meta["lang_code"], "problem_description": meta.get("question_title")}
    return about | {"difficulty": meta.get("difficulty"), "question_id": meta.get("question_id")} | row


def read(row: Row, oracle: Oracle | None = None) -> Problem:
    """The problem in `row`. Raises KeyError or ValueError naming the field."""
    row = _current(row)
    match = _METHOD.match(str(row["entry_point"]))
    if match is None:
        raise ValueError(f"entry_point: {row['entry_point']!r}: is not of the form Solution().name")
    starter, given = fields.text(row, "starter_code"), fields.optional(row, "prompt")
    test, of = objects.of_check(fields.text(row, "test"), objects.signature(starter, match[1]))
    text = fields.optional(row, "problem_description", "query")
    tests = suite.of_check(test, match[1], fields.statements("prompt", given))
    comparison = statement.of_calls(text, tests.cases, from_json=False)
    if tests.test_code and comparison.kind != "equal":
        raise ValueError(f"test: is code, which cannot be compared as its statement asks ({comparison.kind})")
    cases = [_in_order(case, of.names) for case in tests.cases]
    calling = objects.calling(of, cases)
    if calling.converts and tests.test_code:
        raise ValueError("test: is code, to which objects and changed arguments cannot be shown")
    solution = fields.optional(row, "completion")
    return Problem(
        id=id_of(row),
        prompt=text,
        entry_point=f"Solution.{match[1]}",
        starter_code=starter,
        prelude=given,
        reference=solution or None,
        cases=tuple(objects.canonical(cases, calling)),
        test_code=tests.test_code,
        comparison=contest.of_doubles(comparison, cases) if not tests.test_code else comparison,
        **({"calling": calling} if calling != Calling() else {}),
        meta=ProblemMeta(
            source="newfacade/LeetCodeDataset", license="Apache-2.0", difficulty=fields.optional(row, "difficulty")
        ),
    )


def id_of(row: Row) -> str:
    """The problem's id. Raises ValueError naming the field."""
    return f"leetcode/{fields.optional(_current(row), 'task_id', 'question_id')}"


def _in_order(case: Case, names: Sequence[str]) -> Case:
    """The case with arguments by position, where all have a name that is known."""
    rest = names[len(case.args or []) :]
    if set(case.kwargs) != set(rest):
        return case
    return case.model_copy(update={"args": [*(case.args or []), *(case.kwargs[name] for name in rest)], "kwargs": {}})

"""LiveCodeBench rows: both kinds of tests, and private tests that are read from a pickle without running it."""

from __future__ import annotations

import base64
import json
import os
import pickle
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from factory.problems.formats import livecodebench
from factory.problems.formats.livecodebench import pickled_text, unpacked
from factory.records import Status, Verdict

Grade = Callable[..., list[Verdict]]
STARTER = "class Solution:\n    def twice(self, xs: List[int], by: int) -> List[int]:\n        "


def stored_test(given: str, output: str, kind: str) -> dict[str, str]:
    return {"input": given, "output": output, "testtype": kind}


def packed(tests: list[dict[str, str]], protocol: int = 4) -> str:
    return base64.b64encode(zlib.compress(pickle.dumps(json.dumps(tests), protocol))).decode()


def row(kind: str, public: list[Any], private: list[Any], **changes: Any) -> dict[str, Any]:
    return {
        "question_title": "Twice",
        "question_content": "Read two numbers and print their sum.",
        "platform": "atcoder",
        "question_id": "abc300_a",
        "contest_id": "abc300",
        "contest_date": "2023-04-29T00:00:00",
        "starter_code": STARTER if kind == "functional" else "",
        "difficulty": "easy",
        "public_test_cases": json.dumps([stored_test(given, output, kind) for given, output in public]),
        "private_test_cases": packed([stored_test(given, output, kind) for given, output in private]),
        "metadata": json.dumps({"func_name": "twice"} if kind == "functional" else {}),
    } | changes


def test_a_functional_row_calls_a_method(grade: Grade) -> None:
    given = row("functional", [("[1, 2]\n2", "[2, 4]")], [("[]\n3", "[]"), ("[3]\n-1", "[-3]")])
    assert livecodebench.sniff(given)
    problem = livecodebench.read(given)
    assert (problem.id, problem.entry_point) == ("livecodebench/abc300_a", "Solution.twice")
    assert [(case.args, case.expected, case.public) for case in problem.cases] == [
        ([[1, 2], 2], [2, 4], True),
        ([[], 3], [], False),
        ([[3], -1], [-3], False),
    ]
    assert problem.meta.model_dump()["date"] == "2023-04-29T00:00:00"
    body = STARTER + "return [x * {} for x in xs]\n"
    (as_tuple,) = grade(problem, body.format("by").replace("[x", "tuple([x").replace("xs]", "xs])"))
    assert as_tuple.status is Status.PASSED, "JSON does not tell a tuple from a list"
    right, wrong, missing = grade(problem, body.format("by"), body.format("2"), "class Solution:\n    pass")
    assert (right.status, right.import_fixes) == (Status.PASSED, ("taken from the prelude: List",))
    assert wrong.status is Status.WRONG_ANSWER
    assert (missing.status, missing.detail) == (Status.MISSING_ENTRY_POINT, "defines no method Solution.twice")


def test_a_stdin_row(grade: Grade) -> None:
    problem = livecodebench.read(row("stdin", [("1 2\n", "3\n")], [("5 6\n", "11\n")]))
    assert problem.entry_point is None
    assert problem.comparison.kind == "tokens"
    right, wrong = grade(problem, "print(sum(map(int, input().split())))", "print(3)")
    assert (right.status, wrong.status, wrong.cases_passed) == (Status.PASSED, Status.WRONG_ANSWER, 1)


@pytest.mark.parametrize("protocol", range(6))
def test_private_tests_are_read_from_every_pickle_protocol(protocol: int) -> None:
    assert pickled_text(pickle.dumps("naïve 😀", protocol)) == "naïve 😀"


def test_private_tests_may_stand_as_they_are() -> None:
    given = row("stdin", [("1", "1")], [], private_test_cases=json.dumps([stored_test("2", "2", "stdin")]))
    assert [case.stdin for case in livecodebench.read(given).cases] == ["1", "2"]


class Evil:
    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (self.path,)


def test_a_pickle_that_would_run_something_is_refused_and_does_not_run(tmp_path: Any) -> None:
    place = tmp_path / "made"
    data = pickle.dumps(Evil(str(place)))
    text = base64.b64encode(zlib.compress(data)).decode()
    with pytest.raises(ValueError, match="private_test_cases: its pickle does more than hold a string"):
        livecodebench.read(row("stdin", [("1", "1")], [], private_test_cases=text))
    assert not place.exists()
    pickle.loads(data)
    assert place.exists(), "it would have"


@pytest.mark.parametrize("value", [["a"], ("a", "b"), 5, b"a", None, {"a": "b"}])
def test_a_pickle_of_anything_but_a_string_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="its pickle"):
        pickled_text(pickle.dumps(value))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("?", "is neither JSON nor base64 of zlib"),
        (base64.b64encode(b"no zlib").decode(), "is neither JSON nor base64 of zlib"),
        (base64.b64encode(zlib.compress(b"x" * 99)[:-5]).decode(), "is cut short"),
        (base64.b64encode(zlib.compress(b"no pickle")).decode(), "private_test_cases: "),
        (base64.b64encode(zlib.compress(pickle.dumps("a") + b"more")).decode(), "has more behind it"),
    ],
)
def test_private_tests_that_cannot_be_read(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        unpacked(text)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"starter_code": "class Solution:\n    def f(self, head: 'Node') -> int:"}, "Node objects"),
        ({"public_test_cases": "[]", "private_test_cases": "[]"}, "testtype: no test"),
        ({"public_test_cases": json.dumps([stored_test("1", "1", "stdin")])}, "testtype: functional, stdin"),
        ({"question_content": "If there are several solutions, return any of them."}, "any of several answers"),
        ({"public_test_cases": json.dumps([stored_test("[1", "1", "functional")])}, "input: is not JSON"),
    ],
)
def test_a_row_that_cannot_be_decided_is_refused(change: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        livecodebench.read(row("functional", [("[1]\n2", "[2]")], [("[]\n3", "[]")], **change))

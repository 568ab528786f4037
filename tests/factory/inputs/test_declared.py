"""What a signature declares of arguments: what it excludes, and which kinds it adds to those of the cases."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from factory.inputs.declared import Declared, admits
from factory.inputs.domain import Reach
from factory.records import Case
from factory.records.values import decode, encode
from factory.review.generated import generated_inputs


def made(problem, count: int = 32) -> dict[Reach, list[Any]]:
    return {reach: [decode(it.args) for it in cases] for reach, cases in generated_inputs(problem, (), count).items()}


@pytest.mark.parametrize(
    ("hint", "inside", "outside"),
    [
        ("int", 3, "3"),
        ("float", 3, "3"),
        ("List[int]", [1], [1.5]),
        ("list[int | None]", [1, None], ["a"]),
        ("Optional[str]", None, 1),
        ("Union[int, str]", "a", 1.5),
        ("typing.Literal['up', 'down']", "up", "sideways"),
        ("Tuple[int, str]", (1, "a"), (1, "a", 2)),
        ("tuple[int, ...]", (1, 2, 3), (1, "a")),
        ("Dict[str, List[int]]", {"a": [1]}, {"a": 1}),
        ("Annotated[int, 'positive']", 1, "1"),
        ("Sequence[str]", ["a"], [1]),
        ("set[int]", {1}, [1]),
    ],
)
def test_what_a_hint_admits(hint, inside, outside):
    tree = ast.parse(hint, mode="eval").body
    assert admits(tree, inside)
    assert not admits(tree, outside)


@pytest.mark.parametrize(
    "hint", ["Any", "Matrix", "np.ndarray[int]", "Callable[[int], int]", "T", "Literal[Color.RED]"]
)
def test_a_hint_that_is_not_known_admits_all(hint):
    assert all(admits(ast.parse(hint, mode="eval").body, value) for value in (1, "a", None, [1]))


@pytest.mark.parametrize(
    "starter",
    [
        "def f(way: Literal['up', 'down', 'left']):\n",
        "from typing import *\ndef f(way: \"Literal['up', 'down', 'left']\") -> int:\n    '''Go.'''\n",
        "class Solution:\n    def f(self, way: Literal['up', 'down', 'left']):\n",
    ],
)
def test_what_a_hint_excludes_is_not_asked(make_problem, starter):
    cases = [((way,), way) for way in ("up", "down")]
    anywhere = made(make_problem(*cases))
    assert any(args[0] not in ("up", "down") for given in anywhere.values() for args in given)
    found = made(make_problem(*cases, starter_code=starter))
    assert [args for given in found.values() for args in given] == [["left"]]


def test_a_hint_that_a_case_contradicts_says_nothing(make_problem):
    cases = [((word,), 1) for word in ("up", "down")]
    starter = "def f(way: Literal['up']):\n"
    assert not Declared(make_problem(cases[0], starter_code=starter)).admit(Case(args=["left"], expected=None))
    assert Declared(make_problem(*cases, starter_code=starter)).admit(Case(args=["left"], expected=None))


def test_declared_kinds_that_no_case_has_are_asked_farther_off(make_problem):
    cases = [((numbers, 7), 1) for numbers in ([5, 8], [13, 21, 34], [55])]
    plain = made(make_problem(*cases))
    found = made(make_problem(*cases, starter_code="def f(v: List[float], n: Optional[int] = None):\n"))
    fraction = [any(type(item) is float for item in v) for v, _ in found[Reach.WIDER]]
    missing = [n is None for _, n in found[Reach.WIDER]]
    assert any(fraction)
    assert any(missing)
    assert not any(
        n is None or any(type(item) is float for item in v) for v, n in (*found[Reach.INSIDE], *plain[Reach.WIDER])
    )


def test_arguments_by_name_are_declared_too(make_problem):
    cases = [{"args": [], "kwargs": {"n": number}, "expected": 1} for number in (5, 8, 13)]
    problem = make_problem(entry_point="f", cases=cases, starter_code="def f(*, n: float):\n")
    (first, *_) = Declared(problem).examples()
    assert first.kwargs == {"n": encode(5.5)}


def test_a_hint_that_is_too_long_is_not_read(make_problem):
    deep = "List[" * 80 + "Literal[5]" + "]" * 80
    wide = " | ".join(["Literal[5]"] * 2000)
    for hint in (deep, wide, f'"{wide}"', '"' + "(" * 5000 + '"'):
        problem = make_problem(((5,), 5), starter_code=f"def f(n: {hint}):\n")
        assert Declared(problem).admit(Case(args=["a"], expected=None))


def test_wrong_programs_fall_by_what_is_declared(make_problem, session, grade):
    from factory.config import RankConfig, ReviewConfig
    from factory.review.review import review_programs

    cases = [((number,), number / 2) for number in (5, 8, 13)]
    problem = make_problem(*cases, starter_code="def f(n: float) -> float:\n")
    right = ("n / 2", "n * 0.5", "0.5 * n", "n / 2.0", "n - n / 2", "n / (1 + 1)")
    verdicts = grade(problem, *(f"def f(n):\n    return {it}\n" for it in (*right, "int(n) / 2")))
    found = review_programs(session, problem, verdicts, ReviewConfig(mutants=0), RankConfig())
    assert set(found.rejected) == {verdicts[-1].code_sha256}

"""Inputs and preconditions that a model names, in a review: an input has to win, a precondition can only take away."""

from __future__ import annotations

import pytest

from factory.config import RankConfig, ReviewConfig
from factory.inputs.domain import InputDomain, Reach
from factory.records import Case, Rollout
from factory.review.generated import generated_inputs, named_inputs, together
from factory.review.majority import Result, majority_of
from factory.review.preconditions import without_invalid
from factory.review.review import review_programs
from factory.review.suggested import suggested

LARGEST = (
    *("max(v)", "sorted(v)[-1]", "-min(-n for n in v)", "sorted(v)[::-1][0]", "max([*v])", "max(v, key=int)"),
    *("sorted(v, reverse=True)[0]", "max(*v, v[0])", "[n for n in v if n >= max(v)][0]"),
)
TOP = [f"def f(v):\n    return {text}\n" for text in LARGEST]
NOT_ONE = "def f(v):\n    return max(v) if 1 not in v else 7\n"
EMPTY = "def f(v):\n    return max(v) if v else None\n"
BOTH = ReviewConfig(mutants=0, inputs=16, inputs_from=("generated", "model"))


@pytest.fixture
def lists(make_problem):
    return make_problem(*((([n, 2, n + 3],), n + 3) for n in (5, 8, 13)), starter_code="def f(v):\n")


@pytest.fixture
def reviewed(session, grade):
    """`reviewed(problem, answer, source, …, settings=BOTH)`: which of the sources are rejected, and the review."""

    def reviewed(problem, answer, *sources, settings=BOTH):
        verdicts = grade(problem, *sources)
        rollout = Rollout(problem_id=problem.id, index=0, text=answer, mode="chat") if answer else None
        found = review_programs(session, problem, verdicts, settings, RankConfig(), rollout)
        return [it.code_sha256 in found.rejected for it in verdicts], found

    return reviewed


# ---- inputs ----


def test_an_input_that_no_case_is_like_is_named(reviewed, lists):
    assert reviewed(lists, "", *TOP, NOT_ONE)[0] == [False] * 10
    rejected, found = reviewed(lists, "f([1, 6, 2])\nf([4, 2, 7])", *TOP, NOT_ONE)
    assert rejected == [False] * 9 + [True]
    assert found.named == 2
    alone = BOTH.model_copy(update={"inputs_from": ("model",)})
    rejected, found = reviewed(lists, "f([1, 6, 2])", *TOP, NOT_ONE, settings=alone)
    assert (rejected, found.inputs, found.named) == ([False] * 9 + [True], 1, 1)


def test_a_model_is_not_believed(reviewed, lists):
    """What it says an input answers is not read; an input that no majority, or the reference, answers is left out."""
    wrong = "assert f([1, 6, 2]) == 99\nassert f([4, 2, 7]) == -1"
    assert reviewed(lists, wrong, *TOP)[0] == [False] * 9
    assert reviewed(lists, "f([1, 6, 2])", TOP[0], TOP[1], NOT_ONE)[0] == [False] * 3
    refuses = "def f(v):\n    assert 1 not in v\n    return max(v)\n"
    with_reference = lists.model_copy(update={"reference": refuses})
    assert reviewed(with_reference, "f([1, 6, 2])", *TOP, NOT_ONE)[0] == [False] * 10


@pytest.mark.parametrize(
    "call", ["f('abc')", "f([1.5, 2.5])", "f([None])", "f([[1]])", "f()", "f([1], [2])", "f(w=[1])"]
)
def test_an_input_of_another_kind_is_none(reviewed, lists, call):
    assert reviewed(lists, call, *TOP, settings=BOTH.model_copy(update={"inputs_from": ("model",)}))[1].inputs == 0


def test_what_the_prompt_excludes_is_not_asked(make_problem):
    def named(prompt: str) -> int:
        problem = make_problem(*((([n, 2],), n) for n in (5, 8, 13)), starter_code="def f(v):\n", prompt=prompt)
        case = Case(args=[[1, -3]], expected=None)
        return len(named_inputs(problem, (), [case])[Reach.NAMED])

    assert named("The largest.") == 1
    assert named("The largest of positive numbers.") == 0
    assert named("The largest of at least three numbers.") == 1, "which a case contradicts"


def test_named_inputs_of_programs_that_read_keep_the_layout(make_problem):
    problem = make_problem(*((text, "1\n") for text in ("2\n4 7\n", "3\n5 6 6\n", "4\n9 9 4 5\n")))
    found = suggested(
        Rollout(problem_id="t/0", index=0, mode="chat", text="```\n2\n1 0\n```\n```\n9\n1 0\n```\n```\nabc\n```"),
        problem,
    )
    made = named_inputs(problem, (), found.inputs)
    assert [case.stdin for cases in made.values() for case in cases] == ["2\n1 0\n"]


def test_named_inputs_take_no_place_of_generated_ones(lists):
    made = generated_inputs(lists, (), 16)
    named = [Case(args=[[1, 0]], expected=None), *made[Reach.INSIDE][:4], lists.cases[0]]
    both = together(made, named_inputs(lists, (), named))
    assert both == made | {Reach.NAMED: tuple(named[:1])}


def test_no_generated_input_is_of_the_named_reach_alone(lists):
    domain, case = InputDomain(lists), Case(args=[[1, 6]], expected=None)
    assert not any(domain.holds(case, reach) for reach in generated_inputs(lists, (), 16))
    assert domain.holds(case, Reach.NAMED)


def test_what_only_a_model_has_named_needs_nine_of_ten():
    def same(a, b):
        return a == b

    answers = [1] * 8 + [2] * 2
    assert majority_of(answers, same, 0.6, reach=Reach.SIGNED).dissenters == (8, 9)
    assert majority_of(answers, same, 0.6, reach=Reach.NAMED).result is Result.DISPUTED
    assert majority_of([1] * 9 + [2], same, 0.6, reach=Reach.NAMED).dissenters == (9,)
    assert majority_of([1] * 9 + [2], same, 0.95, reach=Reach.NAMED).result is Result.DISPUTED


# ---- preconditions ----


def test_a_precondition_takes_inputs_away(reviewed, lists):
    """The empty list is an input farther off, which most programs here answer, and one by `None`."""
    answers = [
        f"def f(v):\n    return {text} if v else 0\n" for text in ("max(v)", "sorted(v)[-1]", "-min(-n for n in v)")
    ]
    rejected, found = reviewed(lists, "", *answers, answers[0].replace("max(v)", "max([*v])"), EMPTY)
    assert rejected == [False] * 4 + [True]
    assert "for []" in found.rejected[next(iter(found.rejected))].detail
    rejected, found = reviewed(lists, "assert len(v) > 0", *answers, answers[0].replace("max(v)", "max([*v])"), EMPTY)
    assert rejected == [False] * 5
    assert (found.preconditions, found.named) == (("len(v) > 0",), 0)
    assert found.excluded > 0


@pytest.mark.parametrize(
    "condition",
    [
        "v == [5, 2, 8]",
        "len(v) == 3 and v[0] in (5, 8)",
        "w > 0",
        "v.push(1)",
        "len(v) > 10",
        "(lambda: [0 for _ in iter(int, 1)])()",
        "v in ([5, 2, 8], [8, 2, 11], [13, 2, 16])",
        "1 / 0",
        "exit()",
    ],
)
def test_a_precondition_that_excludes_what_the_cases_ask_is_not_believed(session, lists, condition):
    made = generated_inputs(lists, (), 16)
    left, believed = without_invalid(session, lists, [condition], lists.cases, made[Reach.INSIDE], made)
    assert (left, believed) == (made, ())


def test_a_precondition_adds_nothing_and_saves_no_other(session, lists):
    made = generated_inputs(lists, (), 16)
    conditions = ["len(v) > 0", "v != v", "True"]
    left, believed = without_invalid(session, lists, conditions, lists.cases, made[Reach.INSIDE], made)
    assert believed == ("len(v) > 0", "True")
    assert all(set(map(str, left[reach])) <= set(map(str, made[reach])) for reach in made)
    assert sum(map(len, left.values())) < sum(map(len, made.values()))
    assert not any(case.args == [[]] for cases in left.values() for case in cases)


def test_a_precondition_is_run_as_a_method_where_programs_are_methods(session, make_problem):
    starter = "class Solution:\n    def f(self, v):\n"
    problem = make_problem(
        *((([n, 2, n + 3],), n + 3) for n in (5, 8, 13)), starter_code=starter, entry_point="Solution.f"
    )
    made = generated_inputs(problem, (), 16)
    left, believed = without_invalid(session, problem, ["v"], problem.cases, made[Reach.INSIDE], made)
    assert believed == ("v",)
    assert left != made


def test_a_precondition_reads_and_writes_nothing_of_ours(session, lists, tmp_path):
    planted = tmp_path / "planted"
    made = generated_inputs(lists, (), 16)
    texts = [f"open({str(planted)!r}, 'w') is not None", "__import__('os').listdir('/work') is not None"]
    left, believed = without_invalid(session, lists, texts, lists.cases, made[Reach.INSIDE], made)
    assert not planted.exists()
    assert (left, believed) == (made, ())

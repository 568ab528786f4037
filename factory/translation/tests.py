"""The tests that a translation has to pass."""

from __future__ import annotations

from factory.languages import language
from factory.records import Problem, Review


def tests_for_translation(problem: Problem, review: Review | None) -> Problem:
    """The problem as translations are put before it: with the calls of its test code as cases, where they are known."""
    if not problem.test_code or review is None or not (cases := review.traced):
        return problem
    return problem.model_copy(update={"cases": (*problem.cases, *cases), "test_code": ""})


def translatable(problem: Problem, target: str) -> bool:
    """Whether a program in `target` can be put before all of the problem's tests."""
    if not problem.cases or problem.calling.converts:
        return False
    return not problem.test_code or language(target).examinable

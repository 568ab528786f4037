"""Majorities, disputes and refusals."""

from __future__ import annotations

from operator import eq

import pytest

from factory.inputs.run_on_inputs import NO_ANSWER
from factory.records import Rejection, Status
from factory.review.majority import DECLINED, Result, majority_of

BROKE = Rejection(Status.RUNTIME_ERROR, "line 1: IndexError")


@pytest.mark.parametrize(
    ("answers", "result", "dissenters"),
    [
        ([1, 1, 1], Result.AGREED, ()),
        ([1, 1, 1, 1, 2], Result.AGREED, (4,)),
        ([2, 1, 1, 1, 1], Result.AGREED, (0,)),
        ([1, 1, 1, 1, BROKE], Result.AGREED, (4,)),
        ([1, 1, 1, 1, NO_ANSWER], Result.AGREED, ()),
        ([1, 1, 1, 2], Result.DISPUTED, ()),
        ([1, 1, 2, 2], Result.DISPUTED, ()),
        ([1, 2, 3, 4, 5], Result.DISPUTED, ()),
        ([1, 1], Result.REFUSED, ()),
        ([1], Result.REFUSED, ()),
        ([], Result.REFUSED, ()),
        ([1, 1, 1, NO_ANSWER, NO_ANSWER, NO_ANSWER], Result.AGREED, ()),
        ([1, 1, NO_ANSWER, NO_ANSWER, NO_ANSWER], Result.REFUSED, ()),
        ([1, 1, 1, BROKE, BROKE, BROKE], Result.REFUSED, ()),
        ([1, 1, 1, 1, BROKE, BROKE], Result.DISPUTED, ()),
        ([BROKE, BROKE, BROKE, BROKE], Result.REFUSED, ()),
        ([1, 1, 1, 1, 1, 1, 1, 2, DECLINED, DECLINED], Result.AGREED, (7,)),
        ([1, 1, 1, 1, 1, 1, 2, DECLINED, DECLINED], Result.REFUSED, ()),
        ([1, 1, 1, DECLINED], Result.REFUSED, ()),
    ],
)
def test_a_vote(answers, result, dissenters):
    found = majority_of(answers, eq, 0.8)
    assert (found.result, found.dissenters) == (result, dissenters)
    if result is Result.AGREED:
        assert found.answer == 1


def test_a_reference_has_to_be_with_the_majority():
    assert majority_of([1, 1, 1, 1, 2], eq, 0.8, 1).result is Result.AGREED
    assert majority_of([1, 1, 1, 1, 1, 1], eq, 0.8, 2).result is Result.DISPUTED
    assert majority_of([1, 1, 1, 1, 1, 1], eq, 0.8, BROKE).result is Result.DISPUTED
    assert majority_of([1, 1, 1, 1, 1, 2], eq, 0.8, DECLINED).result is Result.REFUSED


def test_a_reference_is_a_voter_and_no_dissenter():
    found = majority_of([1, 1, 3, 1], eq, 0.8, 1)
    assert (found.result, found.dissenters, found.voters) == (Result.AGREED, (2,), 5)


def test_unanimity_can_be_asked_for():
    assert majority_of([1] * 99 + [2], eq, 1.0).result is Result.DISPUTED
    assert majority_of([1] * 100, eq, 1.0).result is Result.AGREED


def test_what_is_the_same_is_for_the_caller_to_say():
    found = majority_of([1.0, 1.0 + 1e-12, 1.0, 2.0, 1.0], lambda a, b: abs(a - b) < 1e-9, 0.8)
    assert (found.result, found.dissenters) == (Result.AGREED, (3,))

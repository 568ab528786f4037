"""Majorities, disputes and refusals."""

from __future__ import annotations

from operator import eq

import pytest

from factory.inputs.domain import Reach
from factory.inputs.run_on_inputs import NO_ANSWER
from factory.records import Rejection, Status
from factory.review.majority import DECLINED, Result, agreement, certainly_wrong, majority_of

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
        ([1, 2], Result.DISPUTED, ()),
        ([1, BROKE], Result.REFUSED, ()),
    ],
)
def test_a_vote(answers, result, dissenters):
    found = majority_of(answers, eq, 0.8)
    assert (found.result, found.dissenters) == (result, dissenters)
    if result is Result.AGREED:
        assert found.answer == 1


def test_a_reference_decides_among_the_inputs_of_the_cases():
    found = majority_of([1, 2, 2, BROKE, DECLINED, NO_ANSWER], eq, 0.8, 1)
    assert (found.result, found.answer, found.dissenters) == (Result.AGREED, 1, (1, 2, 3))
    assert found.who == "the reference and 1 of 4 programs that passed"
    assert majority_of([2, 2, 2, 2], eq, 0.8, 1).dissenters == (0, 1, 2, 3)


def test_a_reference_that_gives_no_answer_decides_nothing():
    assert majority_of([1, 1, 1, 1, 1, 2], eq, 0.8, BROKE).result is Result.REFUSED
    assert majority_of([1, 1, 1, 1, 1, 2], eq, 0.8, DECLINED).result is Result.REFUSED


@pytest.mark.parametrize(
    ("reach", "answers", "reference", "result"),
    [
        (Reach.WIDER, [1, 1, 1, 1, 2], 1, Result.AGREED),
        (Reach.WIDER, [1, 1, 1, 1, 2], 2, Result.DISPUTED),
        (Reach.WIDER, [1, 1, 2, 2], 1, Result.DISPUTED),
        (Reach.WIDER, [1, 1, 1, 1, 1, 1, 2, 2, 2], 1, Result.AGREED),
        (Reach.SIGNED, [1, 1, 1, 1, 1, 1, 2, 2, 2], 1, Result.DISPUTED),
        (Reach.SIGNED, [1, 1, 1, 1, 1, 1, 1, 2], 1, Result.AGREED),
    ],
)
def test_farther_off_a_majority_decides_with_the_reference(reach, answers, reference, result):
    assert majority_of(answers, eq, 0.6, reference, reach).result is result


def test_a_majority_outnumbers_all_others_by_a_quorum():
    assert majority_of([1, 1, 1, 2], eq, 0.6).result is Result.DISPUTED
    assert majority_of([1, 1, 1, 2, 2], eq, 0.6).result is Result.DISPUTED
    assert majority_of([1] * 5 + [2, 3], eq, 0.6).dissenters == (5, 6)


def test_whether_most_answer_alike():
    assert majority_of([1, 1, DECLINED], eq, 0.8).alike
    assert majority_of([1, DECLINED], eq, 0.8, 1).alike
    assert not majority_of([1, DECLINED], eq, 0.8).alike
    assert not majority_of([1, 1, DECLINED, DECLINED], eq, 0.8).alike


def test_what_disputes_say_of_programs():
    split, settled = majority_of([1, 1, 2], eq, 0.6), majority_of([1, 1, 1], eq, 0.6)
    assert agreement([split, settled], 3) == [0.75, 0.75, 0.5]
    assert agreement([], 2) == [1.0, 1.0]
    assert (certainly_wrong([split, settled]), certainly_wrong([])) == (1, 0)


def test_a_reference_is_a_voter_and_no_dissenter():
    found = majority_of([1, 1, 3, 1], eq, 0.8, 1, Reach.WIDER)
    assert (found.result, found.dissenters, found.voters) == (Result.AGREED, (2,), 5)


def test_unanimity_can_be_asked_for():
    assert majority_of([1] * 99 + [2], eq, 1.0).result is Result.DISPUTED
    assert majority_of([1] * 100, eq, 1.0).result is Result.AGREED


def test_what_is_the_same_is_for_the_caller_to_say():
    found = majority_of([1.0, 1.0 + 1e-12, 1.0, 2.0, 1.0], lambda a, b: abs(a - b) < 1e-9, 0.8)
    assert (found.result, found.dissenters) == (Result.AGREED, (3,))

"""Curves over the number of rollouts, against counting every draw."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import pytest

from factory.report.curves import ks, pass_curve, yield_curve


def test_points_go_from_one_to_the_most() -> None:
    assert ks(0) == []
    assert ks(1) == [1]
    assert ks(12) == [1, 2, 3, 4, 6, 7, 10, 12]
    grid = ks(100_000)
    assert grid == sorted(set(grid))
    assert (grid[0], grid[-1]) == (1, 100_000)
    assert len(grid) < 50


def test_a_curve_is_the_mean_over_problems() -> None:
    curve = {point.k: point.value for point in pass_curve([(10, 10), (10, 0), (10, 5)])}
    assert math.isclose(curve[1], 0.5)
    assert math.isclose(curve[10], 2 / 3)
    assert list(curve.values()) == sorted(curve.values())


def test_a_curve_ends_where_a_problem_has_no_more_rollouts() -> None:
    assert pass_curve([(10, 1), (3, 1)])[-1].k == 3
    assert pass_curve([]) == []


def test_an_interval_holds_the_mean_and_narrows_with_problems() -> None:
    few, many = pass_curve([(4, 1), (4, 3)] * 5)[0], pass_curve([(4, 1), (4, 3)] * 500)[0]
    for point in (few, many):
        assert point.low is not None
        assert point.high is not None
        assert point.low < point.value < point.high
    assert few.high - few.low > 5 * (many.high - many.low)  # type: ignore[operator]


def test_an_interval_is_that_of_the_mean() -> None:
    """Of a coin with p = 0.5 over 400 problems of one rollout: 1.96 standard errors to each side."""
    point = pass_curve([(1, 0), (1, 1)] * 200)[0]
    assert point.low == pytest.approx(0.5 - 1.96 * 0.5 / 20, abs=0.006)
    assert point.high == pytest.approx(0.5 + 1.96 * 0.5 / 20, abs=0.006)


def test_equal_counts_give_equal_intervals_and_one_problem_none() -> None:
    assert pass_curve([(4, 1), (4, 3)]) == pass_curve([(4, 1), (4, 3)])
    (point,) = pass_curve([(1, 1)])
    assert (point.low, point.high) == (None, None)


def test_yield_is_the_mean_over_all_draws() -> None:
    """One problem, five rollouts: form a twice, form b once, two failures; every draw of k is counted."""
    rollouts = ["a", "a", "b", None, None]
    curve = yield_curve([(5, 3)], Counter({(5, 2): 1, (5, 1): 1}))
    for point in curve:
        draws = list(itertools.combinations(rollouts, point.k))
        distinct = [len({form for form in draw if form}) for draw in draws]
        assert math.isclose(point.programs, sum(distinct) / len(draws)), point
        assert math.isclose(point.problems, sum(count > 0 for count in distinct) / len(draws)), point
        assert point.rollouts == point.k
    assert curve[-1].programs == 2


def test_a_problem_with_fewer_rollouts_gives_all_it_has() -> None:
    last = yield_curve([(2, 1), (8, 0)], Counter({(2, 1): 1}))[-1]
    assert (last.k, last.rollouts, last.programs, last.problems) == (8, 10, 1.0, 1.0)


def test_nothing_graded_yields_nothing() -> None:
    assert yield_curve([], Counter()) == []

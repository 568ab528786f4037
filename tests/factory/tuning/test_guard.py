"""Whether a lower pass rate is seen, and chance is not taken for one."""

from __future__ import annotations

import numpy as np
import pytest

from factory.tuning.guard import change, pass_rate


def drawn(rates: np.ndarray, n: int, random: np.random.Generator) -> dict[str, tuple[int, int]]:
    return {str(at): (n, int(passed)) for at, passed in enumerate(random.binomial(n, rates))}


def test_the_rate_is_the_mean_over_problems() -> None:
    found = pass_rate({"a": (4, 4), "b": (8, 2), "c": (0, 0)})
    assert found.value == pytest.approx((1 + 0.25) / 2)
    assert found.low < found.value < found.high


def test_where_all_pass_there_is_still_doubt() -> None:
    found = pass_rate({"a": (2, 2)})
    assert found.low < 1


def test_only_problems_of_both_are_compared() -> None:
    before, after = {"a": (10, 10), "b": (10, 0)}, {"a": (10, 5), "c": (10, 10)}
    assert change(before, after).value == pytest.approx(-0.5)


@pytest.mark.parametrize("counts", [{}, {"a": (0, 0)}])
def test_without_a_graded_rollout_there_is_no_rate(counts: dict[str, tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="graded"):
        pass_rate(counts)
    with pytest.raises(ValueError, match="graded"):
        change({"a": (3, 1)}, counts)


def test_the_interval_holds_what_it_should() -> None:
    """Of 400 pairs without any difference, about 2.5 % look like a loss; of those that lose 15 points nearly all."""
    random = np.random.default_rng(1)
    rates = random.beta(0.4, 0.6, size=32)
    lost = [change(drawn(rates, 16, random), drawn(rates, 16, random)).high < 0 for _ in range(400)]
    assert sum(lost) <= 20
    worse = np.clip(rates - 0.15, 0, 1)
    seen = [change(drawn(rates, 16, random), drawn(worse, 16, random)).high < 0 for _ in range(400)]
    assert sum(seen) >= 360

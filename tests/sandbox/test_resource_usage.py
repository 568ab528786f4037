"""What processes used that are gone: claimed by whoever waited for them, or by nobody."""

from __future__ import annotations

import pytest

from sandbox.worker.resource_usage import CLOCK, unclaimed_s

SECOND = CLOCK


@pytest.mark.parametrize(
    ("before", "now", "lost_s"),
    [
        ({}, {"5": (SECOND, 0)}, 0),
        ({"5": (SECOND, 0)}, {"5": (2 * SECOND, 0)}, 0),
        ({"4": (0, 0), "5": (SECOND, 0)}, {"4": (0, SECOND)}, 0),
        ({"4": (0, 0), "5": (SECOND, 0)}, {"4": (0, 3 * SECOND)}, 0),
        ({"4": (0, 0), "5": (0, 0), "6": (SECOND, 0)}, {"4": (0, SECOND)}, 0),
        ({"4": (0, 0), "5": (SECOND, 0)}, {"4": (0, 0)}, 1),
        ({"4": (0, 0), "5": (SECOND, 0)}, {"4": (0, 0), "6": (SECOND, 0)}, 1),
        ({"4": (0, 0), "5": (SECOND, 2 * SECOND)}, {"4": (0, 0)}, 3),
    ],
    ids=(
        "new goes_on waited_for waited_for_more waited_for_twice unclaimed replaced_by_another with_its_own_children"
    ).split(),
)
def test_time_of_the_gone_is_claimed_or_lost(before, now, lost_s):
    assert unclaimed_s(before, now) == lost_s

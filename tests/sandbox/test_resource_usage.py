"""What processes used that are gone: claimed by whoever waited for them, or by nobody."""

from __future__ import annotations

import os
import time
from types import SimpleNamespace
from typing import Any

import pytest

from sandbox.worker import child, resource_usage
from sandbox.worker.child import Child
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


def test_filters_of_system_calls_are_counted() -> None:
    with open("/proc/self/status", "rb") as file:
        counted = [int(line.split()[1]) for line in file if line.startswith(b"Seccomp_filters:")]
    assert resource_usage.filters("self") == resource_usage.filters(str(os.getpid())) == (counted or [-1])[0]


@pytest.mark.parametrize(
    ("filters", "breach"),
    [({"7": 1, "self": 1}, None), ({"7": 2, "self": 1}, "memory"), ({"7": -1, "self": -1}, "memory"), ({}, "memory")],
    ids=["not_begun", "begun", "kernel_does_not_say", "ended"],
)
def test_a_candidate_that_has_not_begun_does_not_fill_its_memory(
    monkeypatch: pytest.MonkeyPatch, filters: dict[str, int], breach: str | None
) -> None:
    """Until then its files in /proc are closed, and its work directory would count as full."""

    def counted(name: str) -> int:
        if name not in filters:
            raise ProcessLookupError
        return filters[name]

    monkeypatch.setattr(resource_usage, "usage", lambda: ({}, 100.0))
    monkeypatch.setattr(resource_usage, "memory_mb", lambda: 100.0)
    monkeypatch.setattr(resource_usage, "filters", counted)
    monkeypatch.setattr(child, "kill_all", lambda: None)
    watched: Any = SimpleNamespace(pid=7, limits={"memory_mb": 64, "cpu_s": 9, "wall_s": 9}, resting=False, breach=None)
    watched.started, watched._spent, watched._cpu_lost = time.monotonic(), {}, 0.0
    watched._written_mb = lambda: 64.0
    for name in ("_memory_mb", "_has_begun", "end"):
        setattr(watched, name, getattr(Child, name).__get__(watched))
    Child.look(watched)
    assert watched.breach == breach

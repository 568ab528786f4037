"""What a run shows where there is no terminal."""

from __future__ import annotations

import io
import time

import pytest

from factory.console import Console
from factory.records import Rollout, Status, Verdict
from factory.report import progress
from factory.report.progress import RunProgress


def lines(totals: dict[str, int | None], sampled: int, verified: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is printed at the end, 60 s after the start."""
    clock = iter([0.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock, 60.0))
    monkeypatch.setattr(progress, "PLAIN_EVERY_S", 1000.0)
    console = Console(file=io.StringIO(), width=20)
    with RunProgress(console, totals) as shown:
        for index in range(sampled):
            shown.sampled(Rollout(problem_id="a", index=index, text="", mode="chat", completion_tokens=10))
        shown.verified([Verdict("a", index, "python", Status.PASSED) for index in range(verified)])
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined,no-any-return]


def test_a_plain_line_has_the_total_the_share_and_the_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    assert lines({"python": 100}, 60, 40, monkeypatch) == [
        "    60 s  50%, about 0:01:00 left: 60 of 100 sampled (600 tokens); python 40 verified, 40 pass; 0 kept"
    ]


def test_a_run_of_unknown_size_says_what_it_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    assert lines({"python": None}, 2, 1, monkeypatch) == [
        "    60 s  2 sampled (20 tokens); python 1 verified, 1 pass; 0 kept"
    ]


def test_nothing_yet_is_no_share(monkeypatch: pytest.MonkeyPatch) -> None:
    assert lines({"python": 100}, 0, 0, monkeypatch) == [
        "    60 s  0 of 100 sampled (0 tokens); python 0 verified, 0 pass; 0 kept"
    ]

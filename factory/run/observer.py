"""Who follows a run: a progress display, or a test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from factory.records import Rollout, Survivor, Verdict
from factory.report.counts import Counts


class Observer(Protocol):
    """Its methods are called as things happen, also for what a resumed run finds already there."""

    def sampled(self, rollout: Rollout) -> None: ...

    def verified(self, verdicts: Sequence[Verdict]) -> None: ...

    def kept(self, survivors: Sequence[Survivor]) -> None: ...

    def done_before(self, counts: Counts) -> None:
        """A slice was sealed by an earlier process, or has just been done by another one."""

    def note(self, line: str) -> None:
        """A line for the user."""

"""Who follows a run: a progress display, or a test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from factory.records import Rollout, Survivor, Verdict


class Observer(Protocol):
    """Its methods are called as things happen, also for what a resumed run finds already there."""

    def sampled(self, rollout: Rollout) -> None: ...

    def verified(self, verdicts: Sequence[Verdict]) -> None: ...

    def kept(self, survivors: Sequence[Survivor]) -> None: ...

    def note(self, line: str) -> None:
        """A line for the user."""

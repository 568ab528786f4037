"""Who is told what happens in a run, as it happens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from factory.records import Rollout, Survivor, Verdict
from factory.run.units import Task


class Observer(Protocol):
    """Is told what happens, as it happens; a progress display or a test."""

    def sampled(self, rollout: Rollout) -> None: ...

    def verified(self, task: Task, verdicts: Sequence[Verdict]) -> None: ...

    def kept(self, survivors: Sequence[Survivor]) -> None: ...

    def note(self, line: str) -> None: ...

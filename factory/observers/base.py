"""What an observer of a run is."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from factory.records.summary import Summary
from factory.report.figures import Figures


@dataclass(frozen=True, slots=True)
class RunName:
    """Which run is followed."""

    name: str
    directory: str
    model: str


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run has ended."""

    status: Literal["finished", "stopped", "failed"]
    """Stopped is by Ctrl-C or SIGTERM."""
    error: str
    """Why it failed, one line; else ""."""
    figures: Figures
    summary: Summary | None
    """What the run has come to, where it has finished and was to write shards."""

    def as_json(self, run: RunName) -> dict[str, Any]:
        """What hooks are given."""
        languages = self.summary.languages if self.summary else {}
        return {
            "run": run.name,
            "directory": run.directory,
            "model": run.model,
            "status": self.status,
            "error": self.error,
            "figures": self.figures.as_dict(),
            "shipped": {name: part.shipped for name, part in languages.items()},
        }


class Observer(Protocol):
    """Made when a run begins, which raises ConfigError where it can't be; whatever is raised later leaves it out."""

    def show(self, figures: Figures) -> None:
        """The figures have changed; called for every rollout."""

    def note(self, line: str) -> None:
        """A line for the user."""

    def end(self, ending: Ending) -> None:
        """The run has ended. The last that is called."""


@dataclass(slots=True)
class Every:
    """Whether `seconds` have passed since it last said so; the first time it says so at once."""

    seconds: float
    _last: float = field(default=float("-inf"), init=False)

    def due(self) -> bool:
        now = time.monotonic()
        if now - self._last < self.seconds:
            return False
        self._last = now
        return True

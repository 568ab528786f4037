"""The counts of a run that goes on, as they stand now: what its display and its observers show."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from factory.records import Rollout, Status, Survivor, Verdict
from factory.report.counts import Counts


class Figures:
    """Counts what is reported of a run, also what a resumed run finds already there."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.sampled = 0
        self.tokens = 0
        """Completion tokens."""
        self.verified: Counter[str] = Counter()
        """By language, as the other two."""
        self.passed: Counter[str] = Counter()
        self.kept: Counter[str] = Counter()

    def add_rollout(self, rollout: Rollout) -> None:
        self.sampled += 1
        self.tokens += rollout.completion_tokens or 0

    def add_verdicts(self, verdicts: Sequence[Verdict]) -> None:
        for verdict in verdicts:
            self.verified[verdict.language] += 1
            self.passed[verdict.language] += verdict.status is Status.PASSED

    def add_survivors(self, survivors: Sequence[Survivor]) -> None:
        self.kept.update(survivor.language for survivor in survivors)

    def add_slice(self, counts: Counts) -> None:
        """Count a slice that was done by another process."""
        self.tokens += counts.account.cost().completion_tokens
        for name, found in counts.languages.items():
            self.sampled += found.total.rollouts
            self.verified[name] += found.total.rollouts
            self.passed[name] += found.total.passed
            self.kept[name] += found.total.kept

    def elapsed_s(self) -> float:
        return time.monotonic() - self.started

    def as_dict(self) -> dict[str, float]:
        """Numbers by name: counts, and what they come to a second since the start and a rollout."""
        elapsed_s = self.elapsed_s()
        found = {
            "elapsed_s": round(elapsed_s, 3),
            "rollouts": self.sampled,
            "completion_tokens": self.tokens,
            "rollouts_per_s": round(self.sampled / elapsed_s, 3) if elapsed_s else 0.0,
            "tokens_per_s": round(self.tokens / elapsed_s, 3) if elapsed_s else 0.0,
        }
        for name, verified in self.verified.items():
            found[f"{name}/verified"] = verified
            found[f"{name}/passed"] = self.passed[name]
            found[f"{name}/kept"] = self.kept[name]
            found[f"{name}/pass_rate"] = round(self.passed[name] / verified, 6) if verified else 0.0
        return found


class Follower(Protocol):
    """Who is shown the figures of a run beside its display."""

    def show(self, figures: Figures) -> None:
        """The figures have changed."""

    def note(self, line: str) -> None:
        """A line for the user."""

"""What a run shows while it works, and to those who watch it: moving on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Self

from rich.console import Group
from rich.live import Live
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from factory.console import Console
from factory.records import Rollout, Survivor, Verdict
from factory.records.summary import Summary
from factory.report.counts import Counts
from factory.report.figures import Figures, Follower
from factory.report.terminal import funnel, spent

PLAIN_EVERY_S = 10.0


class RunProgress:
    """Counts rollouts and verdicts of a run; a context manager. Totals are what is asked for, None where unknown.

    `followers` see the figures, and the notes, as they come.
    """

    def __init__(
        self, console: Console, totals: dict[str, int | None], figures: Figures | None = None, *followers: Follower
    ) -> None:
        self._console, self._totals, self._followers = console, totals, followers
        self._figures = figures or Figures()
        self._shown = self._figures.started
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
            )
            self._bars = Progress(*columns, TextColumn("{task.fields[note]}"), console=self._console)
            self._bars.start()
            self._tasks["sampled"] = self._bars.add_task("sampled", total=self._total(), note="")
            for language, total in self._totals.items():
                self._tasks[language] = self._bars.add_task(f"verified {language}", total=total, note="")
        return self

    def __exit__(self, *_: object) -> None:
        if self._bars is not None:
            self._bars.stop()
        else:
            self._print()

    def _total(self) -> int | None:
        known = [total for total in self._totals.values() if total is not None]
        return sum(known) if len(known) == len(self._totals) else None

    def sampled(self, rollout: Rollout) -> None:
        self._figures.add_rollout(rollout)
        self._show("sampled")

    def verified(self, verdicts: Sequence[Verdict]) -> None:
        self._figures.add_verdicts(verdicts)
        self._show(*{verdict.language for verdict in verdicts})

    def kept(self, survivors: Sequence[Survivor]) -> None:
        self._figures.add_survivors(survivors)
        self._show()

    def done_before(self, counts: Counts) -> None:
        """Count a slice that was done by another process."""
        self._figures.add_slice(counts)
        self._show("sampled", *counts.languages)

    def note(self, line: str) -> None:
        self._console.print(line, highlight=False, soft_wrap=True)
        for follower in self._followers:
            follower.note(line)

    def _show(self, *changed: str) -> None:
        """Show the figures, on the bars those that have `changed`."""
        found = self._figures
        if self._bars is not None:
            for name in changed:
                done, note = found.verified[name], f"{found.passed[name]:,} pass"
                if name == "sampled":
                    done, note = found.sampled, f"{found.tokens:,} tokens"
                self._bars.update(self._tasks[name], completed=done, note=note)
        elif time.monotonic() - self._shown >= PLAIN_EVERY_S:
            self._print()
        for follower in self._followers:
            follower.show(found)

    def _print(self) -> None:
        self._shown = time.monotonic()
        found, total = self._figures, self._total()
        languages = (f"{name} {found.verified[name]:,} verified, {found.passed[name]:,} pass" for name in self._totals)
        sampled = f"{found.sampled:,}{'' if total is None else f' of {total:,}'} sampled ({found.tokens:,} tokens)"
        head = f"{self._shown - found.started:6.0f} s  {self._left()}"
        line = f"{head}{'; '.join((sampled, *languages))}; {found.kept.total():,} kept"
        self._console.print(line, highlight=False, soft_wrap=True)

    def _left(self) -> str:
        """How much is done, and for how long it would go on at the speed until now; "" where the total is not known.

        A rollout is half done when it is sampled, and done when it is verified.
        """
        total, done = self._total(), self._figures.sampled + self._figures.verified.total()
        if not total or not done:
            return ""
        share = min(done / (2 * total), 1.0)
        left = (self._shown - self._figures.started) * (1 - share) / share
        return f"{share:.0%}, about {timedelta(seconds=round(left))} left: "


class Watch:
    """Shows the summaries of a run that goes on elsewhere; a context manager."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown = ""
        self._live = Live(console=console, auto_refresh=False, transient=True, vertical_overflow="crop")

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, summary: Summary, unfinished: int, last: float | None) -> None:
        """`last` is the time (seconds since the epoch) of the ledger's last line, None where it has none."""
        said = "nothing sampled yet" if last is None else f"last news {max(time.time() - last, 0):.0f} s ago"
        head = f"{summary.problems - unfinished:,} of {summary.problems:,} problems done, {said}"
        if self._console.is_terminal:
            self._live.update(Group(head, spent(summary.cost), "", *funnel(summary)), refresh=True)
            return
        shown = "; ".join(
            f"{name} {part.funnel.rollouts:,} verified, {part.funnel.passed:,} pass, {part.funnel.kept:,} kept"
            for name, part in summary.languages.items()
        )
        if shown != self._shown:
            self._console.print(f"{head}; {shown}", highlight=False, soft_wrap=True)
            self._shown = shown

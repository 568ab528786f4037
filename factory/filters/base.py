"""What a filter is: it keeps a program, or drops it with a reason.

There are two protocols, since there are two things to filter. A `Filter` works on the verdicts of one problem in one
language: what it drops has another status than `passed` from then on, and the reason as its detail. A
`SurvivorFilter` works on what the whole run is about to ship, problem after problem: the verdicts are written by
then and stay as they are. One protocol for both would have to carry a session, a run and a problem that most filters
have no use for.

The first three steps (compile, duplicates, run) are functions of `factory.grading.chain` and neither: before a
program has run there is no verdict, and nothing may look like one.

A filter that a user adds is an `OptionalFilter`, which only has to give reasons; `Chosen` makes a `Filter` of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from factory.errors import ConfigError
from factory.records import Problem, Status, Survivor, Verdict


@dataclass(frozen=True, slots=True)
class Drop:
    """Why a program goes no further: the filter that dropped it, the status it has from then on, one human line."""

    filter: str
    status: Status
    reason: str


class Filter(Protocol):
    """Works on the verdicts of one problem in one language."""

    @property
    def name(self) -> str: ...

    def apply(self, problem: Problem, verdicts: Sequence[Verdict]) -> list[Verdict]:
        """`verdicts`, in order; of those that passed, the ones it drops with another status and the reason as detail.

        Verdicts that did not pass are given back as they are.
        """
        ...


class SurvivorFilter(Protocol):
    """Works on the survivors of a run, which it is given problem by problem, in the run's order."""

    @property
    def name(self) -> str: ...

    def reasons(self, survivors: Sequence[Survivor]) -> list[str | None]:
        """Why each of one problem's survivors is not shipped; None for those that are."""
        ...


class OptionalFilter(Protocol):
    """A filter that runs only where `verify.filters` names it.

    Its reasons must depend on the problem and on each program alone (`code`, `lint`, `import_fixes`, …; not
    `cpu_ms`, `wall_ms` and `peak_mb`, which vary): only then does the same run give the same records. It runs where
    programs are graded, so it must not be slow, and it never runs on canaries, mutants, references or rewards.
    """

    @property
    def name(self) -> str: ...

    def reasons(self, problem: Problem, passed: Sequence[Verdict]) -> Sequence[str | None]:
        """Why each of `passed`, programs that passed every test, is dropped, in one line; None for those kept.

        Duplicates, which have the text of an earlier one, are among them; they are never kept: they did not run.
        """
        ...


@dataclass(frozen=True, slots=True)
class Chosen:
    """An optional filter at work: what it rejects is `filtered`, with `filter NAME: reason` as detail."""

    filter: OptionalFilter

    @property
    def name(self) -> str:
        return self.filter.name

    def apply(self, problem: Problem, verdicts: Sequence[Verdict]) -> list[Verdict]:
        """As `Filter.apply`. Raises ConfigError naming a filter that fails."""
        passed = [at for at, verdict in enumerate(verdicts) if verdict.status is Status.PASSED]
        reasons = self._reasons(problem, [verdicts[at] for at in passed])
        drops = {
            at: Drop(self.name, Status.FILTERED, reason)
            for at, reason in zip(passed, reasons, strict=True)
            if reason is not None
        }
        return [dropped(it, drops[at]) if at in drops else it for at, it in enumerate(verdicts)]

    def _reasons(self, problem: Problem, passed: Sequence[Verdict]) -> Sequence[str | None]:
        if not passed:
            return []
        try:
            reasons = self.filter.reasons(problem, passed)
        except Exception as error:
            detail = f"verify.filters: {self.name}: failed on problem {problem.id!r}: {type(error).__name__}: {error}"
            raise ConfigError(detail) from error
        if len(reasons) != len(passed):
            raise ConfigError(
                f"verify.filters: {self.name}: gave {len(reasons)} reasons for {len(passed)} programs of problem "
                f"{problem.id!r}; it must give one each, None for those kept"
            )
        return reasons


def dropped(verdict: Verdict, drop: Drop) -> Verdict:
    """`verdict` on a program that `drop` is about."""
    return replace(verdict, status=drop.status, detail=f"filter {drop.filter}: {drop.reason}", filtered_by=drop.filter)

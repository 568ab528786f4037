"""What the report shows beyond the summary, gathered one problem at a time.

Promises: memory grows with the number of problems, not of rollouts; texts are kept of at most `SAMPLES`
problems, spread evenly over the run, each cut at `LONGEST` characters. What is gathered of consecutive problems can be
merged: it is then what the same problems, given one by one, would come to.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from factory.records import Problem, Status, Verdict
from factory.records.summary import ReviewCounts
from factory.report import strength
from factory.report.graded import Graded
from factory.report.samples import Sample, cut, sample_of

SAMPLES = 300
"""Problems whose programs are kept to be shown."""
IN_DISPUTE = 20
"""Programs of a problem in dispute that are listed, those that are kept before others."""
REASONS = 10_000
"""Different reasons of failure that are counted apart in one language."""
SPEED_UPS = 20_000
"""Pairs of programs whose times are compared."""


@dataclass(slots=True)
class LanguageStatistics:
    """What is gathered of one language over all problems."""

    statuses: Counter[Status] = field(default_factory=Counter)
    """Rollouts by verdict."""
    reasons: Counter[tuple[Status, str]] = field(default_factory=Counter)
    """Failed rollouts by verdict and detail, in which names and numbers of the program are left out."""
    counts: list[tuple[int, int]] = field(default_factory=list)
    """(rollouts graded, rollouts passed) of every problem that has any."""
    normal_forms: Counter[tuple[int, int]] = field(default_factory=Counter)
    """How many distinct passing programs m of the n rollouts of a problem come to, by (n, m)."""
    parents: int = 0
    """Programs that were translated."""
    parents_kept: int = 0
    """Programs of which a translation is kept."""
    speed_ups: list[float] = field(default_factory=list)
    """CPU time of a Python program over that of its kept translation, on the problem's tests."""

    def merge(self, other: LanguageStatistics) -> None:
        """Take in what was gathered of later problems."""
        self.statuses.update(other.statuses)
        for reason, count in other.reasons.items():
            self._count(reason, count)
        self.counts += other.counts
        self.normal_forms.update(other.normal_forms)
        self.parents += other.parents
        self.parents_kept += other.parents_kept
        self.speed_ups += other.speed_ups[: SPEED_UPS - len(self.speed_ups)]

    def as_json(self) -> dict[str, Any]:
        return {
            "statuses": dict(self.statuses),
            "reasons": [[*reason, count] for reason, count in self.reasons.items()],
            "counts": self.counts,
            "normal_forms": [[*sizes, times] for sizes, times in self.normal_forms.items()],
            "parents": self.parents,
            "parents_kept": self.parents_kept,
            "speed_ups": self.speed_ups,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        made = {
            "statuses": Counter({Status(name): count for name, count in data["statuses"].items()}),
            "reasons": Counter({(Status(name), detail): count for name, detail, count in data["reasons"]}),
            "counts": [(n, c) for n, c in data["counts"]],
            "normal_forms": Counter({(n, m): times for n, m, times in data["normal_forms"]}),
        }
        return cls(**dict(data) | made)

    def _count(self, reason: tuple[Status, str], times: int) -> None:
        known = reason in self.reasons or len(self.reasons) < REASONS
        self.reasons[reason if known else (reason[0], "others")] += times

    def add(self, several: Sequence[Graded]) -> None:
        """Take in one problem's verdicts."""
        graded = passed = 0
        for one in several:
            fine = [verdict for verdict in one.verdicts if verdict.status is Status.PASSED]
            n = sum(verdict.status is not Status.INFRASTRUCTURE_ERROR for verdict in one.verdicts)
            self.statuses.update(verdict.status for verdict in one.verdicts)
            for verdict in one.verdicts:
                if verdict.status is not Status.PASSED:
                    self._count((verdict.status, _outline(verdict.detail)), 1)
            self.normal_forms.update((n, m) for m in Counter(verdict.normal_form for verdict in fine).values())
            graded, passed = graded + n, passed + len(fine)
            if one.parent is not None:
                self.parents += 1
                self.parents_kept += bool(one.kept)
                self._compare(one.parent, one.kept)
        if graded:
            self.counts.append((graded, passed))

    def _compare(self, parent: Verdict, kept: tuple[Verdict, ...]) -> None:
        if kept and kept[0].cpu_ms and parent.cpu_ms and len(self.speed_ups) < SPEED_UPS:
            self.speed_ups.append(parent.cpu_ms / kept[0].cpu_ms)


@dataclass(frozen=True, slots=True)
class Counts:
    """Rollouts of one problem in one language."""

    rollouts: int
    passed: int
    kept: int


@dataclass(frozen=True, slots=True)
class Disputed:
    """A program that passed and differs from others that passed, on inputs for which nothing decides who is right."""

    index: int
    """Of its rollout."""
    sha256: str
    """The first 12 digits of the code's."""
    kept: bool
    agreement: float
    """The mean share of the other programs that answer as it does."""


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """One problem that has verdicts."""

    id: str
    difficulty: str
    counts: dict[str, Counts]
    """By language."""
    reasons: tuple[str, ...]
    """The statuses of its verdicts."""
    sample: Sample | None = None
    disputed: int = 0
    """Generated inputs on which programs that passed differ."""
    in_dispute: tuple[Disputed, ...] = ()
    """These programs, at most `IN_DISPUTE`."""
    review: ReviewCounts | None = None
    """What the review has shown of its tests, where it was reviewed."""


@dataclass(frozen=True, slots=True)
class GatheredProblems:
    """What was gathered of consecutive problems, without their samples, which are read where they are wanted."""

    problems: Sequence[str]
    """The ids of all of them, in order, those without verdicts among them."""
    languages: Mapping[str, LanguageStatistics]
    rows: Sequence[ProblemRow]
    samples: Callable[[Collection[str]], Mapping[str, Sample]]
    """Gives the samples of problems by their ids; problems without verdicts are left out."""


class RunStatistics:
    """Give every problem of a run, or what was gathered of several, in order; then read what was gathered."""

    def __init__(self, problems: int, samples: int | None = None) -> None:
        """`problems` is how many will be given; programs are kept of at most `samples` of them, or `SAMPLES`."""
        self.languages: dict[str, LanguageStatistics] = {}
        self.rows: list[ProblemRow] = []
        self.samples = 0
        self._of, self._most, self._seen = max(problems, 1), SAMPLES if samples is None else samples, 0

    def merge(self, several: GatheredProblems) -> None:
        """Take in what was gathered of the problems that come next."""
        for name, found in several.languages.items():
            self.languages.setdefault(name, LanguageStatistics()).merge(found)
        chosen = [name for name in several.problems if self._is_chosen()]
        samples = several.samples(chosen)
        self.samples += len(samples)
        self.rows += [replace(row, sample=samples.get(row.id)) for row in several.rows]

    def _is_chosen(self) -> bool:
        """Whether programs are kept of the next problem, which counts as seen then."""
        at, self._seen = self._seen, self._seen + 1
        return self._of <= self._most or at * self._most // self._of != (at - 1) * self._most // self._of

    def add(self, problem: Problem, found: Mapping[str, Sequence[Graded]]) -> None:
        """Take in a problem's verdicts by language; nothing when there are none."""
        chosen = self._is_chosen()
        if not found:
            return
        for name, several in found.items():
            self.languages.setdefault(name, LanguageStatistics()).add(several)
        counts = {name: _counts(several) for name, several in found.items()}
        reasons = sorted({str(v.status) for several in found.values() for one in several for v in one.verdicts})
        sample = None
        if chosen:
            sample = sample_of(problem, found)
            self.samples += 1
        python = found.get("python", ())
        disputed = sum(one.review.disputed for one in python if one.review)
        programs = tuple(it for one in python for it in _in_dispute(one))
        shown = next((strength.of(one.review) for one in python if one.review), None)
        self.rows.append(
            ProblemRow(problem.id, problem.meta.difficulty, counts, tuple(reasons), sample, disputed, programs, shown)
        )


def _counts(several: Sequence[Graded]) -> Counts:
    return Counts(
        rollouts=sum(len(one.verdicts) for one in several),
        passed=sum(verdict.status is Status.PASSED for one in several for verdict in one.verdicts),
        kept=sum(len(one.kept) for one in several),
    )


def _in_dispute(one: Graded) -> tuple[Disputed, ...]:
    """The first `IN_DISPUTE` of the programs that the review finds in dispute, each text once, those kept first."""
    if one.review is None or not one.review.under_specified:
        return ()
    shares, kept = one.review.agreement, {verdict.code_sha256 for verdict in one.kept}
    texts: dict[str, Verdict] = {}
    for verdict in one.verdicts:
        if verdict.status is Status.PASSED and verdict.code_sha256 in shares:
            texts.setdefault(verdict.code_sha256, verdict)
    ordered = sorted(texts.values(), key=lambda it: (it.code_sha256 not in kept, it.index))
    return tuple(
        Disputed(it.index, it.code_sha256[:12], it.code_sha256 in kept, shares[it.code_sha256])
        for it in ordered[:IN_DISPUTE]
    )


_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`[^`]*`""")
_PLACE = re.compile(r"^(?:case \d+: )?(?:line \d+: )?")


def _outline(detail: str) -> str:
    """`detail` without what differs from program to program: places, quoted texts, numbers."""
    text = _QUOTED.sub("…", _PLACE.sub("", detail))
    text = re.sub(r"^answered .*, expected .*$", "another answer than expected", text, flags=re.DOTALL)
    text = re.sub(r"^derived: .*$", "another answer than most others to a generated input", text, flags=re.DOTALL)
    text = re.sub(r"^(undefined|NameError): .*$", r"\1: a name", text)
    return cut(re.sub(r"(?<!\w)\d+", "…", text).strip(), 120)

"""The funnel: how many rollouts went into and came out of every tier, and why the rest did not.

Promises: counts are exact and add up; pass@k is the unbiased estimator. `infrastructure_error` is
our failure: such rollouts count in the funnel's drops and in no rate.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from factory.records import BenchmarkMatch, Status, Verdict
from factory.records.summary import Funnel, ReviewCounts

PASS_AT = (1, 10, 100)
TIERS = ("rollouts", "extracted", "compiled", "executed", "passed", "passed_without_repair", "distinct", "kept")
_NOT_EXTRACTED = {Status.NO_CODE}
_NOT_COMPILED = {Status.SYNTAX_ERROR, Status.COMPILE_ERROR}


@dataclass(slots=True)
class Tally:
    """Counts of one problem, or of one language over all problems; `add` sums them.

    Tiers: rollouts ⊇ extracted (a program was found) ⊇ compiled ⊇ passed ⊇ distinct (by normal form,
    within their problem) ⊇ kept. `executed` counts programs run: compiled ones, each text of a chunk once.
    """

    rollouts: int = 0
    extracted: int = 0
    compiled: int = 0
    executed: int = 0
    passed: int = 0
    passed_without_repair: int = 0
    distinct: int = 0
    kept: int = 0
    drops: Counter[str] = field(default_factory=Counter)
    """Rollouts that are no survivor, by status, "differential", or by why a passed one was not kept."""
    import_fixes: Counter[str] = field(default_factory=Counter)
    contaminated_by: Counter[BenchmarkMatch] = field(default_factory=Counter)
    """Contaminated rollouts by `Verdict.contaminated_by`."""
    with_lint: int = 0
    """Passed rollouts in whose programs a static check found something."""
    inputs_left_out: int = 0
    """Generated inputs on which translations were not compared: what they declare to take excludes them."""
    cpu_s: float = 0.0
    strength: ReviewCounts | None = None
    """Of one problem in Python: how strong its tests are (`strength.of`), where that is known."""
    speedups: list[tuple[str, float]] = field(default_factory=list)
    """Names of kept rows with their source's CPU time over their own, where both are long enough to compare."""

    made: dict[int, Counter[str]] = field(default_factory=dict)
    """What generators gave, by their place (`factory.report.generators`)."""

    def add(self, other: Tally) -> None:
        for name in (*TIERS, "with_lint", "inputs_left_out"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.drops.update(other.drops)
        self.import_fixes.update(other.import_fixes)
        self.contaminated_by.update(other.contaminated_by)
        self.cpu_s += other.cpu_s
        self.speedups += other.speedups
        for place, counts in other.made.items():
            self.made.setdefault(place, Counter()).update(counts)

    def funnel(self) -> Funnel:
        """The counts as a record."""
        return Funnel(
            **{name: getattr(self, name) for name in TIERS},
            drops={reason: count for reason, count in sorted(self.drops.items()) if count},
            import_fixes=dict(sorted(self.import_fixes.items())),
            with_lint=self.with_lint,
            inputs_left_out=self.inputs_left_out or None,
            review=self.strength,
        )

    @property
    def graded(self) -> int:
        """Rollouts with a verdict of the candidate's own making."""
        return self.rollouts - self.drops[Status.INFRASTRUCTURE_ERROR]


def tally(verdicts: Iterable[Verdict], kept: int, dropped: dict[str, int]) -> Tally:
    """The counts of one problem's verdicts, of which `kept` survive; `dropped` as in `filters.select`."""
    counts = Tally(kept=kept)
    forms = set()
    for verdict in verdicts:
        counts.rollouts += 1
        counts.extracted += verdict.status not in _NOT_EXTRACTED
        counts.compiled += verdict.status not in _NOT_EXTRACTED | _NOT_COMPILED
        counts.executed += bool(verdict.normal_form) and verdict.duplicate_of is None
        if verdict.duplicate_of is None:
            counts.cpu_s += verdict.cpu_ms / 1000
            counts.inputs_left_out += verdict.differential.left_out if verdict.differential else 0
        if verdict.status is Status.PASSED:
            counts.passed += 1
            counts.passed_without_repair += not verdict.repaired
            counts.with_lint += bool(verdict.lint)
            forms.add(verdict.normal_form)
            counts.import_fixes.update({line.partition(":")[0] for line in verdict.import_fixes})
        else:
            counts.drops[reason(verdict)] += 1
            if verdict.contaminated_by is not None:
                counts.contaminated_by[verdict.contaminated_by] += 1
    counts.distinct = len(forms)
    counts.drops.update(dropped)
    return counts


def reason(verdict: Verdict) -> str:
    """Why a rollout was dropped: its status, with what showed it where it had passed every case of its problem."""
    if verdict.differential is not None and verdict.status is not Status.CONTAMINATED:
        return "differential"
    by = "" if verdict.status is Status.INFRASTRUCTURE_ERROR else verdict.review  # ours, wherever it happened
    by = verdict.filtered_by or by
    return f"{verdict.status} ({by})" if by else str(verdict.status)


def pass_at_k(n: int, c: int, k: int) -> float:
    """Unbiased pass@k from n samples of which c passed: 1 - C(n-c, k) / C(n, k). Needs n >= k.

    Chen et al., "Evaluating Large Language Models Trained on Code", 2021, equation 1.
    """
    if n - c < k:
        return 1.0
    return 1.0 - math.prod((n - c - i) / (n - i) for i in range(k))

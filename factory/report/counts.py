"""What problems come to, in numbers that add up: of one slice of a run, and of all of them.

Promises: counts of several slices give what the same problems in one slice would give, in whichever order they were
worked off; they are added up in the order of the problems. They go to JSON and back (`slice.json`) without loss.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from math import fsum
from typing import Any, Self

from factory.records import BenchmarkMatch
from factory.records.summary import LanguageSummary, ReviewCounts, ReviewSummary
from factory.report.cost import Account
from factory.report.funnel import PASS_AT, TIERS, Tally, pass_at_k

_REVIEW = (
    "mutants_killed mutants_alive mutants_alike rollouts_killed rollouts_alive inputs disputed named excluded".split()
)
_CASES = ("derived_cases", "traced_cases")


@dataclass(slots=True)
class LanguageCounts:
    """One language over several problems."""

    total: Tally = field(default_factory=Tally)
    problems: int = 0
    with_survivors: int = 0
    yields: Counter[tuple[int, int, int]] = field(default_factory=Counter)
    """Problems by their rollouts that were graded, those of them that passed, and passed without repair."""
    by_problem: dict[str, Tally] = field(default_factory=dict)
    """Of each problem, as long as they are few enough to be listed."""

    def add(self, problem: str, counts: Tally, listed: bool = True) -> None:
        self.total.add(counts)
        self.problems += 1
        self.with_survivors += counts.kept > 0
        if counts.graded:
            self.yields[counts.graded, counts.passed, counts.passed_without_repair] += 1
        if listed:
            self.by_problem[problem] = counts

    def merge(self, other: LanguageCounts) -> None:
        self.total.add(other.total)
        self.problems += other.problems
        self.with_survivors += other.with_survivors
        self.yields.update(other.yields)
        self.by_problem |= other.by_problem

    def pass_rates(self, repaired: bool = True) -> dict[str, float]:
        """{"pass@1": mean over problems, …} for every k that all problems have rollouts for."""
        if not self.yields:
            return {}
        fewest = min(n for n, _, _ in self.yields)
        problems = self.yields.total()
        return {
            f"pass@{k}": round(
                fsum(
                    times * pass_at_k(n, with_repair if repaired else without, k)
                    for (n, with_repair, without), times in self.yields.items()
                )
                / problems,
                6,
            )
            for k in PASS_AT
            if k <= fewest
        }

    def summary(self, unshipped: Counter[str] | None = None) -> LanguageSummary:
        """Totals and rates. `unshipped` counts kept programs that no shard has, by reason."""
        left_out = unshipped or Counter()
        return LanguageSummary(
            funnel=self.total.funnel(),
            shipped=self.total.kept - left_out.total(),
            left_out=dict(sorted(left_out.items())),
            problems=self.problems,
            problems_with_survivors=self.with_survivors,
            pass_rates=self.pass_rates(),
            pass_rates_without_repair=self.pass_rates(repaired=False),
            by_problem={name: counts.funnel() for name, counts in self.by_problem.items()},
        )

    def as_json(self) -> dict[str, Any]:
        """Without `by_problem`."""
        it = self.total
        return {
            "tiers": {name: getattr(it, name) for name in (*TIERS, "with_lint", "inputs_left_out")},
            "drops": dict(it.drops),
            "import_fixes": dict(it.import_fixes),
            "contaminated_by": {match.as_text(): count for match, count in it.contaminated_by.items()},
            "cpu_s": it.cpu_s,
            "speedups": it.speedups,
            "made": {str(place): dict(counts) for place, counts in it.made.items()},
            "problems": self.problems,
            "with_survivors": self.with_survivors,
            "yields": [[*key, times] for key, times in self.yields.items()],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        total = Tally(
            **data["tiers"],
            drops=Counter(data["drops"]),
            import_fixes=Counter(data["import_fixes"]),
            contaminated_by=Counter(
                {BenchmarkMatch.from_text(text): count for text, count in data["contaminated_by"].items()}
            ),
            cpu_s=data["cpu_s"],
            speedups=[(name, ratio) for name, ratio in data["speedups"]],
            made={int(place): Counter(counts) for place, counts in data.get("made", {}).items()},
        )
        yields = Counter({(n, c, without): times for n, c, without, times in data["yields"]})
        return cls(total, data["problems"], data["with_survivors"], yields)


@dataclass(slots=True)
class ReviewTotals:
    """What reviews have shown of problems' tests, added up."""

    problems: int = 0
    rates: list[float] = field(default_factory=list)
    """Kill rates of the problems that have one."""
    sums: Counter[str] = field(default_factory=Counter)
    under_specified: list[str] = field(default_factory=list)
    weak: list[str] = field(default_factory=list)

    def add(self, problem: str, counts: ReviewCounts) -> None:
        self.problems += 1
        if counts.kill_rate is not None:
            self.rates.append(counts.kill_rate)
        self.sums.update({name: getattr(counts, name) for name in (*_REVIEW, *_CASES)})
        self.under_specified += [problem] if counts.disputed else []
        self.weak += [problem] if counts.weak else []

    def merge(self, other: ReviewTotals) -> None:
        self.problems += other.problems
        self.rates += other.rates
        self.sums.update(other.sums)
        self.under_specified += other.under_specified
        self.weak += other.weak

    def summary(self) -> ReviewSummary:
        return ReviewSummary(
            problems=self.problems,
            rated=len(self.rates),
            kill_rate=round(fsum(self.rates) / len(self.rates), 6) if self.rates else None,
            **{name: self.sums[name] for name in (*_REVIEW, *_CASES)},
            under_specified=tuple(self.under_specified),
            weak=tuple(self.weak),
        )


@dataclass(slots=True)
class Counts:
    """What the problems of a slice, or of a whole run, come to."""

    problems: int = 0
    languages: dict[str, LanguageCounts] = field(default_factory=dict)
    review: ReviewTotals = field(default_factory=ReviewTotals)
    graded: set[str] = field(default_factory=set)
    """Problems that have verdicts in Python; those of sealed slices are not among them."""
    untranslatable: dict[str, list[str]] = field(default_factory=dict)
    odd_cases: dict[str, dict[str, int]] = field(default_factory=dict)
    account: Account = field(default_factory=Account)

    def merge(self, other: Counts) -> None:
        self.problems += other.problems
        for name, counts in other.languages.items():
            self.languages.setdefault(name, LanguageCounts()).merge(counts)
        self.review.merge(other.review)
        self.graded |= other.graded
        for target, names in other.untranslatable.items():
            self.untranslatable.setdefault(target, []).extend(names)
        for target, cases in other.odd_cases.items():
            self.odd_cases.setdefault(target, {}).update(cases)
        self.account.merge(other.account)

    def skipped(self) -> dict[str, str]:
        """Problems of which nothing was sampled, with the reason."""
        return {name: why for name, why in self.account.skipped.items() if name not in self.graded}

    def as_json(self) -> dict[str, Any]:
        """Without what each problem by itself comes to."""
        account = self.account.as_json()
        account["skipped"] = self.skipped()
        return {
            "problems": self.problems,
            "languages": {name: counts.as_json() for name, counts in self.languages.items()},
            "review": {it.name: getattr(self.review, it.name) for it in fields(self.review)},
            "untranslatable": self.untranslatable,
            "odd_cases": self.odd_cases,
            "account": account,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        languages = {name: LanguageCounts.from_json(counts) for name, counts in data["languages"].items()}
        review = ReviewTotals(**data["review"] | {"sums": Counter(data["review"]["sums"])})
        made = {"languages": languages, "review": review, "account": Account.from_json(data["account"])}
        return cls(**dict(data) | made)


def language_summary(by_problem: Mapping[str, Tally], unshipped: Counter[str] | None = None) -> LanguageSummary:
    """Totals and rates of one language, and the counts of every problem. `unshipped` as in `LanguageCounts.summary`."""
    counts = LanguageCounts()
    for problem, tally in by_problem.items():
        counts.add(problem, tally)
    return counts.summary(unshipped)

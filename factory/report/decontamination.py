"""What a run repeated of its benchmarks: problems set aside before anything was sampled, and programs dropped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from factory import escape
from factory.records import BenchmarkMatch
from factory.records.summary import BenchmarkCounts, BenchmarkHit, DecontaminationSummary


class Hit(Protocol):
    @property
    def contaminated_by(self) -> BenchmarkMatch: ...


@dataclass(frozen=True, slots=True)
class Compared:
    """With what a run was compared when it was started: problems by benchmark, and what problems set aside repeat."""

    benchmarks: Mapping[str, int] = field(default_factory=dict)
    set_aside: Mapping[str, BenchmarkMatch] = field(default_factory=dict)

    @classmethod
    def of(cls, sizes: Mapping[str, int], repeated: Mapping[str, Hit]) -> Self:
        return cls(sizes, {problem: hit.contaminated_by for problem, hit in repeated.items()})

    def as_facts(self) -> dict[str, Any]:
        """For the ledger."""
        set_aside = {problem: match.as_text() for problem, match in self.set_aside.items()}
        return {"benchmarks": dict(self.benchmarks), "set_aside": set_aside}

    @classmethod
    def from_facts(cls, line: Mapping[str, Any]) -> Self:
        """Reads `as_facts` from a line of the ledger."""
        set_aside = {problem: BenchmarkMatch.from_text(text) for problem, text in line["set_aside"].items()}
        return cls(line["benchmarks"], set_aside)


def decontamination(found: Compared, programs: Counter[BenchmarkMatch]) -> DecontaminationSummary:
    """What was repeated; `programs` counts dropped rollouts by `Verdict.contaminated_by`."""
    dropped = dict(sorted(programs.items(), key=lambda item: item[0].as_text()))
    hits: dict[str, BenchmarkMatch] = {}
    ours: dict[str, list[str]] = {}
    problems_of: Counter[str] = Counter()
    programs_of: Counter[str] = Counter()
    for problem, match in found.set_aside.items():
        hits.setdefault(match.problem, match)
        ours.setdefault(match.problem, []).append(problem)
        problems_of[match.benchmark] += 1
    by_hit: Counter[str] = Counter()
    for match, count in dropped.items():
        hits.setdefault(match.problem, match)
        by_hit[match.problem] += count
        programs_of[match.benchmark] += count
    return DecontaminationSummary(
        {name: BenchmarkCounts(size, problems_of[name], programs_of[name]) for name, size in found.benchmarks.items()},
        {hit: BenchmarkHit(match.benchmark, tuple(ours.get(hit, ())), by_hit[hit]) for hit, match in hits.items()},
    )


def lines(found: DecontaminationSummary) -> list[str]:
    """What was repeated, a line a benchmark and one on what was hit, for people."""
    return [
        *(
            f"{escape.line(name)}: {counts.problems:,} problems, {counts.set_aside:,} of ours set aside, "
            f"{counts.programs:,} programs dropped"
            for name, counts in found.benchmarks.items()
        ),
        *([f"repeated: {_some(list(found.hits))}"] if found.hits else []),
    ]


def _some(names: list[str], most: int = 20) -> str:
    more = f", and {len(names) - most} more, in summary.json" if len(names) > most else ""
    return ", ".join(map(escape.line, names[:most])) + more

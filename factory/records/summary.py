"""What a run comes to: the counts, rates and cost that `summary.json` has.

Promises: `Summary.as_json` and `Summary.read` are the only writer and the only reader of the file. Counts are exact;
what was measured is in `Cost` and nowhere else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from pydantic import TypeAdapter, ValidationError

from factory.errors import PartError
from factory.records.base import plain


@dataclass(frozen=True, slots=True)
class ReviewCounts:
    """What the review of one problem has shown of its tests; the fields are those of `Review`."""

    kill_rate: float | None
    weak: bool
    mutants_killed: int
    mutants_alive: int
    mutants_alike: int
    rollouts_killed: int
    rollouts_alive: int
    inputs: int
    disputed: int
    derived_cases: int
    traced_cases: int
    named: int = 0
    excluded: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewSummary:
    """The same over all problems: sums, the mean kill rate, and the ids of problems that need a look."""

    problems: int = 0
    rated: int = 0
    """Problems that have a kill rate."""
    kill_rate: float | None
    mutants_killed: int = 0
    mutants_alive: int = 0
    mutants_alike: int = 0
    rollouts_killed: int = 0
    rollouts_alive: int = 0
    inputs: int = 0
    disputed: int = 0
    derived_cases: int = 0
    traced_cases: int = 0
    named: int = 0
    excluded: int = 0
    under_specified: tuple[str, ...] = ()
    """Problems with inputs on which programs that pass differ."""
    weak: tuple[str, ...] = ()
    """Problems of which nothing is kept, since their tests are too weak."""


@dataclass(frozen=True, slots=True)
class Funnel:
    """Rollouts that reached each tier, of one problem or of all; the tiers are explained at `report.funnel.Tally`."""

    rollouts: int
    extracted: int
    compiled: int
    executed: int
    passed: int
    passed_without_repair: int
    distinct: int
    kept: int
    drops: Mapping[str, int]
    """Rollouts that are no survivor, by reason."""
    import_fixes: Mapping[str, int]
    with_lint: int
    inputs_left_out: int | None = None
    """Times that a translation was not compared with its source on an input, which its declaration excludes."""
    review: ReviewCounts | None = None
    """Of one problem in Python, where it was reviewed."""


@dataclass(frozen=True, slots=True)
class LanguageSummary:
    """One language: totals, rates, and the funnel of every problem by its id."""

    funnel: Funnel
    shipped: int
    left_out: Mapping[str, int]
    """Kept programs that no shard has, by reason."""
    problems: int
    problems_with_survivors: int
    pass_rates: Mapping[str, float]
    """Mean over problems, by "pass@1" and so on; unbiased where the number of rollouts does not depend on them."""
    pass_rates_without_repair: Mapping[str, float]
    by_problem: Mapping[str, Funnel]


@dataclass(frozen=True, slots=True)
class BenchmarkCounts:
    """Problems of a benchmark, our problems that were set aside for repeating one, and programs that were dropped."""

    problems: int
    set_aside: int = 0
    programs: int = 0


@dataclass(frozen=True, slots=True)
class BenchmarkHit:
    """One problem of a benchmark that was repeated: by which of our problems, and by how many programs."""

    benchmark: str
    set_aside: tuple[str, ...] = ()
    programs: int = 0


@dataclass(frozen=True, slots=True)
class DecontaminationSummary:
    """What was repeated of the benchmarks; empty where nothing was compared."""

    benchmarks: Mapping[str, BenchmarkCounts] = field(default_factory=dict)
    hits: Mapping[str, BenchmarkHit] = field(default_factory=dict)
    """By the id of the benchmark's problem."""


@dataclass(frozen=True, slots=True)
class Speedup:
    """Kept translations against their sources in CPU time: how many were measured, their median ratio, and the rows
    that take longer than their source.
    """

    measured: int
    median: float
    slower: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run used over all its sessions: tokens, seconds, and dollars where the config has prices."""

    rollouts: int = 0
    completion_tokens: int = 0
    lost_tokens: int = 0
    """Tokens of answers that could not be used, as far as engines tell of them."""
    program_cpu_s: float = 0.0
    engine_s: float = 0.0
    """From an engine's first request to its end, added up over the starts of engines."""
    load_s: float = 0.0
    gpu_s: float = 0.0
    """`engine_s` times the GPUs held."""
    gpu_held_s: float = 0.0
    """As `gpu_s`, with the time to load the weights."""
    engine_cpu_s: float = 0.0
    """Seconds, loading included, times the CPUs of an engine that computes on CPUs."""
    tokens_per_s: float | None = None
    dollars: float | None = None
    dollars_per_record: float | None = None
    speedup: Mapping[str, Speedup] = field(default_factory=dict)
    """By target language."""


@dataclass(frozen=True, slots=True)
class GeneratorYield:
    """What one of a run's generators gave in one language, and what that took."""

    tier: int
    when: str
    problems: int
    """That it was asked for; of translations, the programs."""
    rollouts: int
    passed: int
    pass_rate: float | None
    """Of its rollouts over all problems, those apart that a failure of ours decided."""
    distinct: int
    """Programs that pass and that no generator before it gave."""
    kept: int
    prompt_tokens: int = 0
    completion_tokens: int = 0
    tokens_per_distinct: float | None = None
    """Tokens of answers for each of `distinct`."""
    dollars: float | None = None
    """For sampling alone; None where neither `price` nor `cost` says it."""
    dollars_per_distinct: float | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run comes to, finished or not."""

    name: str
    problems: int
    languages: Mapping[str, LanguageSummary]
    decontamination: DecontaminationSummary = DecontaminationSummary()
    skipped: Mapping[str, str] = field(default_factory=dict)
    """Problems of which nothing was sampled, with the reason."""
    unanswered: Mapping[str, int] = field(default_factory=dict)
    """Rollouts that were asked for and have not come: how many were "refused", and how many "failed"."""
    planned: Mapping[str, int] = field(default_factory=dict)
    """Problems by why they get no more rollouts (`sampling.plans.Why`); empty where each gets a fixed number."""
    generators: Mapping[str, Mapping[str, GeneratorYield]] = field(default_factory=dict)
    """By generator and language; empty where the config has one engine."""
    ungraded: int = 0
    """Rollouts that have come and have no verdict yet: a run was stopped, or works on them now."""
    untranslatable: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Problems whose tests cannot be asked of a target, by target."""
    odd_cases: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """By target and problem, the number of the one case whose values have types that no declaration has room for."""
    review: ReviewSummary = ReviewSummary(kill_rate=None)
    cost: Cost = Cost()

    def as_json(self) -> bytes:
        """`summary.json`. Equal summaries give equal bytes."""
        return as_json(self)

    @classmethod
    def read(cls, path: Path) -> Self:
        """The summary in the file at `path`. Raises PartError where it is no summary."""
        try:
            return TypeAdapter(cls).validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise PartError(f"{path}: cannot be read: {error}") from None


@dataclass(frozen=True, slots=True)
class VerifySummary:
    """What `factory verify` found in the rollouts of one language."""

    languages: Mapping[str, LanguageSummary]
    decontamination: DecontaminationSummary
    left_out: Mapping[str, int]
    """Rollouts that were not graded, by reason."""
    odd_cases: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """As in `Summary`."""

    def as_json(self) -> bytes:
        """`summary.json`. Equal summaries give equal bytes."""
        return as_json(self)


def as_json(record: Summary | VerifySummary) -> bytes:
    return (json.dumps(plain(record), indent=2, ensure_ascii=False) + "\n").encode("utf-8")

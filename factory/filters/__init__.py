"""Every filter of the factory, in the order in which a program meets them.

Cheap before dear: each sees only what those before it let through. `ORDER` is that order; `grade` is the part of it
that works on one chunk of rollouts, in one process. A filter of one's own is a file in this folder with an
`OptionalFilter` (see `base`; `debug_output` is an example), a line in `OPTIONAL` here, and its name in the config:

    verify: {filters: [debug_output]}

What is dropped is still a verdict, with a status and a reason: in the parts of a run, in the verdicts that
`factory verify` writes, and in the funnel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from factory.decontamination.matcher import Contamination
from factory.errors import ConfigError
from factory.filters.base import Chosen, Drop, Filter, OptionalFilter, SurvivorFilter
from factory.filters.debug_output import DebugOutput
from factory.grading import chain
from factory.grading.session import GradingSession
from factory.records import Problem, Program, Status, Survivor, Verdict
from factory.review.filter import ReviewFilter
from factory.selection.near_duplicates import ITS_SOURCE, NEAR, NearDuplicates
from factory.translation.differential import DifferentialFilter

__all__ = [
    "OPTIONAL",
    "ORDER",
    "Chosen",
    "Drop",
    "Filter",
    "OptionalFilter",
    "Step",
    "SurvivorFilter",
    "grade",
    "named",
]

OPTIONAL: dict[str, OptionalFilter] = {it.name: it for it in (DebugOutput(),)}
"""The filters that `verify.filters` may name."""


@dataclass(frozen=True, slots=True)
class Step:
    """One filter: what it works on, what it drops, and the reasons by which that is counted."""

    name: str
    filter: type[Filter] | type[SurvivorFilter] | Callable[..., Any]
    works_on: str
    drops: str
    reasons: tuple[str, ...]
    """Statuses of verdicts; of near duplicates the reasons of survivors that are not shipped."""


CHUNK, PROBLEM, RUN = "a chunk of rollouts", "a problem", "the run"
ORDER: tuple[Step, ...] = (
    Step(
        "compile",
        chain.compile_programs,
        CHUNK,
        "rollouts without a program, programs that do not compile or lack the entry point",
        (Status.NO_CODE, Status.SYNTAX_ERROR, Status.COMPILE_ERROR, Status.MISSING_ENTRY_POINT),
    ),
    Step(
        "duplicates",
        chain.find_duplicates,
        CHUNK,
        "nothing: programs of the same text as an earlier one get its verdict and do not run",
        (),
    ),
    Step(
        "run",
        chain.run_and_judge,
        CHUNK,
        "programs that fail a test, raise, or break a limit",
        (
            Status.WRONG_ANSWER,
            Status.RUNTIME_ERROR,
            Status.MISSING_ENTRY_POINT,
            Status.TIMEOUT,
            Status.MEMORY_LIMIT,
            Status.OUTPUT_LIMIT,
            Status.INFRASTRUCTURE_ERROR,
        ),
    ),
    Step("optional", Chosen, CHUNK, "what a filter named in `verify.filters` rejects", (Status.FILTERED,)),
    Step(
        "differential",
        DifferentialFilter,
        CHUNK,
        "translations that answer otherwise than their source on a generated input",
        (Status.WRONG_ANSWER,),
    ),
    Step(
        "decontamination",
        Contamination,
        CHUNK,
        "programs that repeat a benchmark of `decontamination.benchmarks`",
        (Status.CONTAMINATED,),
    ),
    Step(
        "review",
        ReviewFilter,
        PROBLEM,
        "Python programs that fail when run again, answer generated inputs otherwise than a majority, or hold a table "
        "of the cases",
        (Status.FLAKY, Status.WRONG_ANSWER, Status.INFRASTRUCTURE_ERROR),
    ),
    Step(
        "near_duplicates",
        NearDuplicates,
        RUN,
        "survivors nearly the same as one of an earlier problem, with their translations",
        (NEAR, ITS_SOURCE),
    ),
)


def named(names: Iterable[str]) -> tuple[Filter, ...]:
    """The optional filters called so, in that order. Raises ConfigError naming those there are."""
    found = []
    for name in names:
        if name not in OPTIONAL:
            raise ConfigError(f"verify.filters: {name!r} is unknown; there are: {', '.join(sorted(OPTIONAL))}")
        found.append(Chosen(OPTIONAL[name]))
    return tuple(found)


def grade(
    session: GradingSession,
    problem: Problem,
    programs: Sequence[Program],
    language_name: str,
    optional: Sequence[Filter] = (),
    source: Survivor | None = None,
    inputs: int = 0,
) -> list[Verdict]:
    """One verdict a program, in order, after the filters of a chunk that need a sandbox or come before one that does.

    `source` and `inputs` are those of `DifferentialFilter`, for translations. Raises InfrastructureError, ConfigError.
    """
    verdicts = chain.verify(session, problem, programs, language_name)
    for each in (*optional, DifferentialFilter(session, source, inputs)):
        verdicts = each.apply(problem, verdicts)
    return verdicts

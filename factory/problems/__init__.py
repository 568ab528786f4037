"""Problem sets: rows from files and the hub, each read by its format and settled by its reference.

Promises: every row ends as a problem or as a refusal with its place and reason. `factory.problems.formats` has the
formats.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from pydantic import ValidationError

from factory import escape
from factory.config import LimitsConfig, MaxLimitsConfig, ProblemsConfig
from factory.errors import ProblemError
from factory.problems import out_of_reach
from factory.problems.formats import FORMATS, Format, WithSolutions, native
from factory.problems.formats.mapping import Mapping
from factory.problems.oracle import Oracle
from factory.problems.parsing import statement
from factory.problems.rows import Row, rows
from factory.problems.settle import settled
from factory.records import Problem

__all__ = ["FORMATS", "Format", "Loaded", "Oracle", "Refusal", "read"]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A problem as it was read. `traced`: cases that come from watching its reference under its test code."""

    place: str
    problem: Problem
    traced: int = 0
    answered: bool = False
    """Its reference's answers became expected ones, so that it decides what is right."""
    solutions: tuple[str, ...] = ()
    """Other programs that may be its reference, where that fails the tests."""
    doubt: str = ""
    """Why another answer than the recorded one may be right, unless its solutions agree."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that is no problem, or none that can be decided, and why.

    `id` is that of the problem that it would be; empty where it tells none.
    """

    place: str
    id: str
    reason: str

    def __str__(self) -> str:
        return escape.line(f"{self.place}: {self.reason}")


def read(
    config: ProblemsConfig,
    oracle: Oracle | None = None,
    most: MaxLimitsConfig | None = None,
    limits: LimitsConfig | None = None,
) -> Iterator[Loaded | Refusal]:
    """Every row that a config names, in order, as a problem or a refusal; `limit` and `ids` are the caller's.

    A problem that asks for more than `most` (None: the defaults) of anything is refused, and so is one that expects
    more output than `limits` let a program give.

    Without an oracle no reference is run, and what needs one is refused. Raises ProblemError where nothing can be
    read, InfrastructureError.
    """
    seen: dict[str, str] = {}
    found = rows(config)
    chosen, ahead = _chosen(config, found)
    for row in chain(ahead, found):
        if row.fault:
            yield Refusal(row.place, "", row.fault)
            continue
        done = _read(chosen, row, oracle, set(config.ids), most or MaxLimitsConfig())
        if isinstance(done, Loaded) and (fault := out_of_reach.fault(done.problem, limits or LimitsConfig())):
            done = Refusal(row.place, done.problem.id, fault)
        if isinstance(done, Loaded):
            if done.problem.id in seen:
                reason = f"id: {done.problem.id!r} is in {seen[done.problem.id]} too; ids are unique"
                done = Refusal(row.place, done.problem.id, reason)
            else:
                seen[done.problem.id] = row.place
        yield done


_SNIFFED = 20
"""Rows of which one has to tell the format."""
_SHAPE_ERRORS = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError, MemoryError)
"""What a format raises, and what a field of another shape than its own leads to."""


def _read(chosen: Format, row: Row, oracle: Oracle | None, wanted: set[str], most: MaxLimitsConfig) -> Loaded | Refusal:
    asked = oracle.asked if oracle else 0
    try:
        problem = chosen.read(row.data, oracle)
        if not problem.prompt.strip():
            raise ValueError("prompt: is empty, so that a model is asked nothing")
        out_of_reach.refuse_length(problem)
        out_of_reach.refuse_nesting(problem)
        most.refuse_more(problem.limits)
        if oracle is None or (wanted and problem.id not in wanted):
            return Loaded(row.place, problem)
        done = settled(problem, oracle)
        others = chosen.solutions(row.data) if isinstance(chosen, WithSolutions) else ()
    except ValidationError as error:
        return Refusal(row.place, _id_of(chosen, row), _fault(error))
    except _SHAPE_ERRORS as error:
        return Refusal(row.place, _id_of(chosen, row), _reason(error))
    solutions = tuple(one for one in dict.fromkeys(others) if one != done.reference)
    doubt = statement.doubt(done.prompt) if isinstance(chosen, WithSolutions) else ""
    return Loaded(row.place, done, len(done.cases) - len(problem.cases), oracle.asked > asked, solutions, doubt)


def _id_of(chosen: Format, row: Row) -> str:
    try:
        return chosen.id_of(row.data)
    except _SHAPE_ERRORS:
        return ""


def _named(config: ProblemsConfig) -> Format | None:
    """The format that a config names, or None to tell it by the first row. Raises ProblemError."""
    if config.format == "mapping" or (config.mapping and config.format == "auto"):
        return Mapping(config.mapping)
    if config.mapping:
        raise ProblemError(f'problems.mapping: goes with the format "mapping", not with {config.format!r}')
    if config.format == "auto":
        return None
    try:
        return FORMATS[config.format]
    except KeyError:
        names = ", ".join(["auto", *FORMATS, "mapping"])
        raise ProblemError(f"problem format {config.format!r} is unknown; there are: {names}") from None


def _chosen(config: ProblemsConfig, found: Iterator[Row]) -> tuple[Format, list[Row]]:
    """The format of the rows `found`, and the rows that were read to tell it. Raises ProblemError."""
    named = _named(config)
    if named is not None:
        return named, []
    ahead: list[Row] = []
    for row in found:
        ahead.append(row)
        if row.fault:
            continue
        for candidate in FORMATS.values():
            if candidate.sniff(row.data):
                return candidate, ahead
        if sum(not one.fault for one in ahead) == _SNIFFED:
            break
    first_row = next((row for row in ahead if not row.fault), None)
    if first_row is None or native.misspelt(first_row.data):
        return native, ahead
    raise ProblemError(
        f"{first_row.place}: is of no known format (keys {', '.join(sorted(first_row.data)[:8])}); "
        f"name one with problems.format: {', '.join(FORMATS)}, or the columns with problems.mapping"
    )


def _fault(error: ValidationError) -> str:
    """The first fault as "field: value: what is wrong"; one of the problem as a whole names its field itself."""
    fault = error.errors()[0]
    field = ".".join(str(part) for part in fault["loc"])
    message = fault["msg"].removeprefix("Value error, ")
    return f"{field}: {_shown(fault['input'])}: {message}" if field else message


def _reason(error: Exception) -> str:
    """What a format said; of what a field of another shape led to, the kind of error too."""
    if isinstance(error, KeyError):
        return f"{error.args[0]}: is missing"
    return str(error) if isinstance(error, ValueError) else f"is of another shape: {type(error).__name__}: {error}"


def _shown(value: object) -> str:
    try:
        text = json.dumps(value, default=str, ensure_ascii=False)
    except (ValueError, RecursionError):
        return f"a {type(value).__name__}"
    return text if len(text) <= 80 else f"{text[:79]}…"

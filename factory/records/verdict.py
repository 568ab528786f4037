"""What becomes of a rollout: the program in it, its runs, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from factory.records.base import LanguageName


class Status(StrEnum):
    """Every way a candidate can end (DESIGN.md §4). A closed set."""

    PASSED = "passed"
    NO_CODE = "no_code"
    SYNTAX_ERROR = "syntax_error"
    COMPILE_ERROR = "compile_error"
    MISSING_ENTRY_POINT = "missing_entry_point"
    WRONG_ANSWER = "wrong_answer"
    RUNTIME_ERROR = "runtime_error"
    TIMEOUT = "timeout"
    MEMORY_LIMIT = "memory_limit"
    OUTPUT_LIMIT = "output_limit"
    FLAKY = "flaky"
    DUPLICATE = "duplicate"
    CONTAMINATED = "contaminated"
    FILTERED = "filtered"
    INFRASTRUCTURE_ERROR = "infrastructure_error"


@dataclass(frozen=True, slots=True)
class Program:
    """What extraction found in a rollout: a program, or None and why not."""

    index: int
    code: str | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a program goes no further: a status other than passed, in one human line."""

    status: Status
    detail: str


@dataclass(frozen=True, slots=True)
class Canary:
    """A program whose verdict is known: `good` ones pass. `kind` names the tests it is for: calls, streams or tests."""

    name: str
    kind: Literal["calls", "streams", "tests"]
    good: bool
    code: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A program that compiles. `normal_form` is equal for programs that cannot behave differently."""

    code: str
    normal_form: str
    import_fixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """What a program did on a problem's inputs.

    `outputs` has one entry per case, in order, as far as it came: the answer (a decoded plain
    value for calls, text for streams), or the Rejection that case earned. `failure` is what
    befell the whole program (it never loaded, a limit broke); it outranks everything.
    """

    outputs: tuple[Any, ...] = ()
    failure: Rejection | None = None
    cpu_ms: float = 0.0
    wall_ms: float = 0.0
    peak_mb: float = 0.0
    slowest_ms: float = 0.0
    """CPU milliseconds of what one limit was for: all calls together, or the slowest input of a stdin program."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What reality said of one rollout.

    A duplicate (`duplicate_of` is the index of the first of its kind in the chunk) carries the
    status of what it duplicates. cpu_ms, wall_ms (milliseconds), peak_mb (mebibytes), speedup and
    compared_ms are measured and so vary from run to run; nothing else does.
    """

    problem_id: str
    index: int
    language: LanguageName
    status: Status
    detail: str = ""
    import_fixes: tuple[str, ...] = ()
    cases_passed: int = 0
    """Cases answered right; none of a timeout, since how many it reached depends on the machine."""
    cases_total: int = 0
    first_failure: str | None = None
    cpu_ms: float = 0.0
    wall_ms: float = 0.0
    peak_mb: float = 0.0
    code: str = ""
    code_sha256: str = ""
    normal_form: str = ""
    """Key of the normal form: equal for programs that cannot behave differently."""
    duplicate_of: int | None = None
    differential: str | None = None
    """A translation and its source on generated inputs (JSON, see `factory.translation.differential`); else None."""
    speedup: float | None = None
    """Measured: CPU time of a translation's source over its own, on the same inputs; None where too short to tell."""
    compared_ms: float = 0.0
    """Measured: CPU milliseconds of all runs on generated inputs, the source's too; with one of those compared."""
    lint: tuple[str, ...] = ()
    """What a static check of the language holds suspicious in a program that passed, "line N: message"."""
    review: str | None = None
    """By what a program that had passed fell at the second look, see `Review`; None in a part of verdicts."""
    contaminated_by: str | None = None
    """`contaminated`: the benchmark and its problem, as a JSON list of both; else None."""
    filtered_by: str | None = None
    """`filtered`: the name of the filter in `verify.filters` that dropped it; else None."""

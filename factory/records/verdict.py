"""What becomes of a rollout: the program in it, its runs, and the verdict."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Literal, Self

from factory.records.base import LanguageName

FROM_PRELUDE = "taken from the prelude"
"""What begins a line of `import_fixes` on what a program uses of its problem's `prelude`."""
Misfit = Literal["", "range", "type"]


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
    costly: bool = False
    """To find out took so much that nothing else of the same program is looked at."""
    misfit: Misfit = field(default="", compare=False)
    """Of a case whose input does not fit what the program declares to take: "range" for a number too large for any type
    there is, else "type". Never by the word of the program's own process."""


@dataclass(frozen=True, slots=True)
class Canary:
    """A program whose verdict is known: `good` ones pass. `kind` names the tests it is for: calls, streams or tests."""

    name: str
    kind: Literal["calls", "streams", "tests"]
    good: bool
    code: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A program that compiles: the text that runs, and the key of its normal form (see `Verdict.normal_form`)."""

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
class Failure:
    """An input that a program failed on; `got` and `expected` are values as Python writes them, cut where long.

    `case` is the number of the problem's case, None for a generated input. Only what is `public` may be shown to a
    model.
    """

    case: int | None
    public: bool
    input: str
    got: str
    expected: str

    def as_text(self) -> str:
        """The failure as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Difference:
    """An input on which a translation and its source differ: `label` is range, rounding or wrong.

    `case` is JSON in the form of a problem file, with the source's answer; `got` is the translation's, as Python
    writes it.
    """

    label: str
    case: str
    got: str


@dataclass(frozen=True, slots=True)
class Differential:
    """A translation and its source on generated inputs.

    Of the inputs that were `compared`, those in `range` and `rounding` differ by that alone, and are no fault.
    """

    compared: int
    range: int = 0
    rounding: int = 0
    decided: tuple[Difference, ...] = ()
    """The first differences, and the one that is wrong."""
    inputs: tuple[str, ...] = ()
    """All that were compared, as JSON of cases, with the source's answers; of a translation that is not wrong."""
    left_out: int = 0
    """Inputs on which it was not compared: all given cases fit what it declares to take, and they do not."""

    def counts_text(self) -> str:
        """{"compared", "range", "rounding", "left_out"} as JSON."""
        return json.dumps({name: getattr(self, name) for name in ("compared", "range", "rounding", "left_out")})


@dataclass(frozen=True, slots=True)
class BenchmarkMatch:
    """The problem of a benchmark that is repeated."""

    benchmark: str
    problem: str

    def as_text(self) -> str:
        """[benchmark, problem] as JSON."""
        return json.dumps([self.benchmark, self.problem], ensure_ascii=False)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Reads `as_text`. Raises ValueError, TypeError."""
        return cls(*json.loads(text))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What reality said of one rollout.

    A duplicate (`duplicate_of` is the index of the first program of the same text in the chunk) carries the status of
    what it duplicates; nothing but equal text takes a verdict over. cpu_ms, wall_ms (milliseconds), peak_mb
    (mebibytes), speedup and compared_ms are measured and so vary from run to run; nothing else does.
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
    first_failure: Failure | None = None
    cpu_ms: float = 0.0
    wall_ms: float = 0.0
    peak_mb: float = 0.0
    code: str = ""
    code_sha256: str = ""
    normal_form: str = ""
    """Key of the normal form: equal for programs that differ in layout, comments and inner names only. It tells
    programs apart when some are chosen; no verdict follows from it.
    """
    duplicate_of: int | None = None
    differential: Differential | None = None
    """A translation and its source on generated inputs; else None."""
    speedup: float | None = None
    """Measured: CPU time of a translation's source over its own, on the same inputs; None where too short to tell."""
    compared_ms: float = 0.0
    """Measured: CPU milliseconds of all runs on generated inputs, the source's too; with one of those compared."""
    lint: tuple[str, ...] = ()
    """What a static check of the language holds suspicious in a program that passed, "line N: message"."""
    review: str | None = None
    """Which check of the review rejected a program that had passed; None in a part of verdicts."""
    contaminated_by: BenchmarkMatch | None = None
    """`contaminated`: what it repeats; else None."""
    filtered_by: str | None = None
    """`filtered`: the name of the filter in `verify.filters` that dropped it; else None."""

    @property
    def repaired(self) -> bool:
        """Whether it forgot anything; what its set's own harness gives to every program was not forgotten."""
        return not all(fix.startswith(FROM_PRELUDE) for fix in self.import_fixes)

    @property
    def dropped_by(self) -> str | None:
        """Which check dropped a program that had passed its problem's tests; None of one that was not dropped so."""
        if self.differential is not None and self.status is Status.WRONG_ANSWER:
            return "differential"
        return self.filtered_by or self.review

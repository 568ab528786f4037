"""The nouns of the field, as frozen records. Stages pass these and nothing else.

Problem -> Rollout -> Program -> Verdict -> Survivor -> (Rollout -> Verdict) -> Translation -> shard rows.
`Problem` and `Rollout` come from outside and are validated (pydantic); the others are ours.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from factory.predicate import predicate

LanguageName = str


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Comparison(Record):
    """How an answer is compared with what is expected (DESIGN.md §4)."""

    kind: Literal["equal", "exact", "float", "unordered", "tokens", "checker", "predicate"] = "equal"
    rel: float = Field(1e-6, ge=0)
    """Relative tolerance of `float` and `tokens`."""
    abs: float = Field(1e-9, ge=0)
    """Absolute tolerance of `float` and `tokens`."""
    tuples_as_lists: bool = False
    """What is expected went through JSON, which has no tuples: an answer's are taken for lists."""
    numbers: bool = False
    """`tokens`: the problem grants a tolerance, so that 2.0 is a 2; else an integer is matched to the letter."""
    any_case: bool = False
    """`tokens`: the problem says that letters may be of either case."""
    checker: str = ""
    """`checker`: trusted Python defining `check(input, output) -> bool`."""
    predicate: str = ""
    """`predicate`: an expression in `answer`, such as `sorted(answer) == [1, 2]`; see `factory.predicate`."""

    @field_validator("predicate")
    @classmethod
    def _known(cls, text: str) -> str:
        if text:
            predicate(text)
        return text

    @model_validator(mode="after")
    def _says_how(self) -> Comparison:
        if (self.kind == "predicate") != bool(self.predicate):
            raise ValueError("predicate: stands beside kind 'predicate', and only there")
        return self


class Case(Record):
    """One input with what is expected: a call (args, kwargs, expected) or a stream (stdin, stdout).

    `args`, `kwargs` and `expected` are tagged JSON, as in the file. Where a `predicate` or `checker` decides,
    `expected` is one right answer, or null where none is known.
    """

    args: list[Any] | None = None
    kwargs: dict[str, Any] = Field(default_factory=dict)
    expected: Any = None
    stdin: str | None = None
    stdout: str | None = None
    public: bool = False
    comparison: Comparison | None = None
    """Where this case is compared in another way than its problem's others."""

    @model_validator(mode="after")
    def _one_kind(self) -> Case:
        stream = self.stdin is not None or self.stdout is not None
        call = self.args is not None or bool(self.kwargs)
        if not stream:  # None may well be expected; beside a stream it is what a written record has there
            call = call or "expected" in self.model_fields_set
        elif self.expected is not None:
            call = True
        if call == stream:
            raise ValueError("a case has args and expected, or stdin and stdout, not both or neither")
        if call and (self.args is None or "expected" not in self.model_fields_set):
            raise ValueError("a call case needs args and expected")
        if stream and (self.stdin is None or self.stdout is None):
            raise ValueError("a stdin case needs stdin and stdout")
        return self

    def as_json(self) -> dict[str, Any]:
        """The case as it stands in a problem file, without what is not there; the same however it was read."""
        if self.stdin is not None:
            data: dict[str, Any] = {"stdin": self.stdin, "stdout": self.stdout}
        else:
            data = {"args": self.args, **({"kwargs": self.kwargs} if self.kwargs else {}), "expected": self.expected}
        if self.comparison is not None:
            data["comparison"] = self.comparison.model_dump(exclude_unset=True)
        return data | ({"public": True} if self.public else {})


class ProblemMeta(BaseModel):
    """Where a problem comes from. Further keys are kept."""

    model_config = ConfigDict(frozen=True, extra="allow")

    source: str = ""
    license: str = ""
    difficulty: str = ""


class LimitOverrides(Record):
    """A problem's own limits, by the config's names and units; None leaves the config's."""

    cpu_s: float | None = Field(None, gt=0)
    wall_s: float | None = Field(None, gt=0)
    memory_mb: int | None = Field(None, ge=32)
    processes: int | None = Field(None, ge=1)
    output_kb: int | None = Field(None, ge=1)
    open_files: int | None = Field(None, ge=16)


class Problem(Record):
    """A task with the tests that decide it. `entry_point` None is a program that reads stdin."""

    id: str = Field(min_length=1)
    prompt: str
    entry_point: str | None = Field(None, pattern=r"^[^\W\d]\w*(\.[^\W\d]\w*)?$")
    """Name of a function, or `Class.method`: a method called on a fresh object of a class made without arguments."""
    starter_code: str = ""
    reference: str | None = None
    cases: tuple[Case, ...] = ()
    test_code: str = ""
    comparison: Comparison = Comparison()
    limits: LimitOverrides = LimitOverrides()
    meta: ProblemMeta = ProblemMeta()

    @model_validator(mode="after")
    def _decidable(self) -> Problem:
        if not self.cases and not self.test_code:
            raise ValueError("cases: a problem without cases or test_code decides nothing")
        if self.test_code and self.entry_point is None:
            raise ValueError("entry_point: test_code calls a function; null is for stdin programs")
        for place, comparison in [
            ("", self.comparison),
            *((f"cases.{n}.", case.comparison) for n, case in enumerate(self.cases)),
        ]:
            if self.entry_point is None and comparison and comparison.kind in ("float", "unordered"):
                raise ValueError(
                    f"{place}comparison.kind: {comparison.kind!r} compares values; stdin takes equal, exact or tokens"
                )
        for number, case in enumerate(self.cases):
            if (case.stdin is not None) != (self.entry_point is None):
                kind = "stdin and stdout" if self.entry_point is None else "args and expected"
                raise ValueError(f"cases.{number}: entry_point {self.entry_point!r} wants {kind}")
        return self

    def comparison_of(self, case: Case) -> Comparison:
        """How an answer to `case` is compared."""
        return case.comparison or self.comparison

    @property
    def public_cases(self) -> tuple[Case, ...]:
        return tuple(case for case in self.cases if case.public)


@dataclass(frozen=True, slots=True)
class BenchmarkProblem:
    """What a benchmark publishes of one problem; its tests do not matter here."""

    benchmark: str
    id: str
    prompt: str
    solutions: tuple[str, ...] = ()


class Rollout(BaseModel):
    """One raw model output, never edited. Unknown fields of outside files are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    problem_id: str = Field(min_length=1)
    index: int = Field(ge=0)
    text: str
    mode: Literal["chat", "completion", "code"]
    language: LanguageName = "python"
    parent: str | None = None
    """sha256 of the program that this one translates."""
    mends: str | None = None
    """sha256 of the failed candidate that was shown to the model, of which this one is the repair."""
    model: str | None = None
    sampling: dict[str, Any] | None = None
    template: str | None = None
    """sha256 of the prompt template that asked for it."""
    seed: int | None = None
    finish_reason: str | None = None
    prompt_tokens: int | None = Field(None, ge=0)
    completion_tokens: int | None = Field(None, ge=0)
    reasoning: str | None = None
    logprobs: list[float] | None = None

    @field_validator("text", "reasoning")
    @classmethod
    def _is_text(cls, value: str | None) -> str | None:
        """Halves of surrogate pairs, which no file can hold, become U+FFFD, so that a resumed run reads the same."""
        if value is None or value.isascii():
            return value
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class Message(Record):
    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Request:
    """What an engine is asked for: the rollouts `indices` of one prompt.

    `messages` are rendered by the model's chat template when `mode` is chat;
    for completion `prompt` is continued as it stands.
    """

    problem_id: str
    language: LanguageName
    indices: range
    mode: Literal["chat", "completion"]
    messages: tuple[Message, ...] = ()
    prompt: str = ""
    template: str = ""
    parent: str | None = None


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
    """A program that compiles. `key` is equal for programs that cannot behave differently."""

    code: str
    key: str
    repairs: tuple[str, ...] = ()


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
    repairs: tuple[str, ...] = ()
    cases_passed: int = 0
    cases_total: int = 0
    first_failure: str | None = None
    cpu_ms: float = 0.0
    wall_ms: float = 0.0
    peak_mb: float = 0.0
    code: str = ""
    code_sha256: str = ""
    form: str = ""
    """Key of the normal form: equal for programs that cannot behave differently."""
    duplicate_of: int | None = None
    differential: str | None = None
    """A translation and its source on generated inputs (JSON, see `factory.filters.differential`); else None."""
    speedup: float | None = None
    """Measured: CPU time of a translation's source over its own, on the same inputs; None where too short to tell."""
    compared_ms: float = 0.0
    """Measured: CPU milliseconds of all runs on generated inputs, the source's too; with one of those compared."""
    findings: tuple[str, ...] = ()
    """What a static check of the language holds suspicious in a program that passed, "line N: message"."""
    scrutiny: str | None = None
    """By what a program that had passed fell at the second look, see `Scrutiny`; None in a part of verdicts."""
    repeats: str | None = None
    """`contaminated`: the benchmark and its problem, as a JSON list of both; else None."""


@dataclass(frozen=True, slots=True)
class Scrutiny:
    """What the second look at a problem's programs that had passed has shown. One a problem.

    All but `cpu_ms` is a function of the verdicts. Cases are JSON lists in the form of a problem file.
    """

    problem_id: str
    fingerprint: str
    """Of the verdicts it is about."""
    fallen: dict[str, dict[str, str | None]]
    """By normal form: {by, status, detail, first_failure} of programs that did not stand."""
    standing: dict[str, str]
    """By normal form: the behaviour of programs that did, on inputs where right ones may differ; equal texts are alike.
    """
    harvested: str = "[]"
    """Calls that test code made of a program that passes it, with the answer on which all that stand agree."""
    derived: str = "[]"
    """Generated inputs with the answer of a clear majority."""
    disputed: int = 0
    """Generated inputs on which those that stand answer, but without a clear majority."""
    inputs: int = 0
    """Generated inputs there were."""
    mutants_killed: int = 0
    mutants_alive: int = 0
    """Mutants that passed the tests, though they differ on a derived or harvested case, or where there is none."""
    mutants_alike: int = 0
    """Mutants that differ nowhere: taken for equivalent, and in no rate."""
    rollouts_killed: int = 0
    """Distinct near misses: rollouts that the tests caught though they are right in at least one case."""
    rollouts_alive: int = 0
    """Programs that the tests had passed and that were caught by a derived case, or with a table of the cases."""
    kill_rate: float | None = None
    """Test strength: the share of these wrong programs that the tests caught, near misses counted at most as often as
    mutants; None where there was none.
    """
    weak: bool = False
    """It is below `scrutiny.min_test_strength`: nothing of the problem is kept."""
    cpu_ms: float = 0.0

    @property
    def under_specified(self) -> bool:
        """Whether programs that pass every test, and stand, still answer differently."""
        return self.disputed > 0


@dataclass(frozen=True, slots=True)
class Survivor:
    """A kept program that passed. `rank` counts from 0, as they were chosen, within problem, language and parent.

    `form` is the key of its normal form: survivors of one problem differ in it. cpu_ms, peak_mb and speedup
    are measured, and reach a shard only where the config asks for evidence.
    """

    problem_id: str
    index: int
    language: LanguageName
    rank: int
    code: str
    code_sha256: str
    form: str
    cases_passed: int
    cases_total: int
    cpu_ms: float
    peak_mb: float
    repairs: tuple[str, ...] = ()
    parent: str | None = None
    model: str | None = None
    sampling: str = "{}"
    template: str | None = None
    differential: str | None = None
    """As in its verdict."""
    speedup: float | None = None
    """As in its verdict."""
    findings: tuple[str, ...] = ()
    """As in its verdict."""
    mends: str | None = None
    """As in its rollout."""


@dataclass(frozen=True, slots=True)
class Harvest:
    """All that one problem came to: survivors, each program followed by its translations, and graded rollouts."""

    problem: Problem
    survivors: tuple[Survivor, ...]
    graded: tuple[tuple[Rollout, Verdict], ...] = ()
    """Every rollout, of every language, with its verdict; left empty where nobody needs them."""
    left_out: tuple[tuple[Survivor, str], ...] = ()
    """Survivors that are not shipped, and why."""
    scrutiny: Scrutiny | None = None
    translated: Problem | None = None
    """The problem as translations were put before it; None is the same one."""

    def put_before(self, language: LanguageName) -> Problem:
        """The problem with the tests that programs in `language` had to pass."""
        return self.problem if language == "python" or self.translated is None else self.translated

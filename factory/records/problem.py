"""The nouns of the field, as frozen records. Stages pass these and nothing else.

Problem -> Rollout -> Program -> Verdict -> Survivor -> (Rollout -> Verdict) -> Translation -> shard rows.
`Problem` and `Rollout` come from outside and are validated (pydantic); the others are ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator, model_validator

from factory.records.base import Record
from factory.records.calling import Calling
from factory.records.limits import LimitOverrides
from factory.records.predicate import predicate


class Comparison(Record):
    """How an answer is compared with what is expected (DESIGN.md §4)."""

    kind: Literal["equal", "exact", "float", "unordered", "tokens", "checker", "predicate"] = "equal"
    rel: float = Field(1e-6, ge=0, lt=1, allow_inf_nan=False)
    """Relative tolerance of `float` and `tokens`."""
    abs: float = Field(1e-9, ge=0, allow_inf_nan=False)
    """Absolute tolerance of `float` and `tokens`."""
    tuples_as_lists: bool = False
    """What is expected went through JSON, which has no tuples: an answer's are taken for lists."""
    numbers: bool = False
    """`tokens`: the problem grants a tolerance, so that 2.0 is a 2; else an integer is matched to the letter."""
    any_case: bool = False
    """`tokens`: the problem says that letters may be of either case."""
    free_levels: tuple[int, ...] = (0,)
    """`unordered`: nesting levels of lists whose order does not matter; 0 is the outermost."""
    checker: str = ""
    """`checker`: trusted Python defining `check(input, output) -> bool`."""
    predicate: str = ""
    """`predicate`: an expression in `answer`, such as `sorted(answer) == [1, 2]`; see `factory.records.predicate`."""

    @field_validator("predicate")
    @classmethod
    def _known(cls, text: str) -> str:
        if text:
            predicate(text)
        return text

    @model_validator(mode="after")
    def _says_how(self) -> Comparison:
        if (self.kind == "predicate") != bool(self.predicate):
            raise ValueError("predicate: is for kind 'predicate', which needs one, and for no other kind")
        return self


class Case(Record):
    """One input with what is expected: a call (args, kwargs, expected) or a stream (stdin, stdout).

    `args`, `kwargs` and `expected` are tagged JSON, as in the file. Where a `predicate` or `checker` decides,
    `expected` is one right answer, or null where no right answer is known.
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

    def as_json(self) -> dict[str, JsonValue]:
        """The case as a problem file has it, without fields that are not set; the same however it was read."""
        if self.stdin is not None:
            data: dict[str, JsonValue] = {"stdin": self.stdin, "stdout": self.stdout}
        else:
            data = {"args": self.args, **({"kwargs": self.kwargs} if self.kwargs else {}), "expected": self.expected}
        if self.comparison is not None:
            data["comparison"] = self.comparison.model_dump(exclude_unset=True)
        return data | ({"public": True} if self.public else {})


def cases_text(cases: Iterable[Case]) -> str:
    """`cases` as a JSON list in the form of a problem file; equal cases give equal text."""
    return json.dumps([case.as_json() for case in cases], ensure_ascii=False)


class ProblemMeta(BaseModel):
    """Where a problem comes from. Further keys are kept."""

    model_config = ConfigDict(frozen=True, extra="allow")

    source: str = ""
    license: str = ""
    difficulty: str = ""


class Problem(Record):
    """A task with the tests that decide it. `entry_point` None is a program that reads stdin."""

    id: str = Field(min_length=1)
    prompt: str
    entry_point: str | None = Field(None, pattern=r"^[^\W\d]\w*(\.[^\W\d]\w*)?$")
    """Name of a function, or `Class.method`: a method called on a fresh object of a class made without arguments."""
    starter_code: str = ""
    prelude: str = ""
    """Python that the set's own harness runs before every program; a program gets what it uses of it."""
    calling: Calling = Calling()
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
        if self.calling.converts and (self.test_code or any(case.kwargs for case in self.cases)):
            raise ValueError("calling: converts arguments by position; test_code and arguments by name have none")
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
    def entry_points(self) -> tuple[str | None, ...]:
        """The names under which a program may define what is called, the entry point first; see `Calling.either`."""
        owner, _, name = (self.entry_point or "").rpartition(".")
        if not self.calling.either:
            return (self.entry_point,)
        return (self.entry_point, name if owner else f"Solution.{name}")

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

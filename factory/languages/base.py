"""What a target language has to be able to do: Language = Syntax + Runner + Values + Wording.

A language is a folder in `languages/` with a file for each of the four, `syntax.py`, `runner.py`, `values.py` and
`wording.py`, and a class in its `__init__.py` that inherits them. They are joined by inheritance, not by attributes:
the four never share state, and a caller need not know which of them answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from factory.records import Canary, Prepared, Problem, Rejection, Run, Status
from sandbox import Limits, Mount, Sandbox

Call = tuple[list[Any], dict[str, Any]]
"""The arguments of a call, positional and by keyword, as plain values."""


class Syntax(Protocol):
    """How the language looks: where a program is in a model's answer, and what it defines."""

    fences: frozenset[str]
    """Info strings of Markdown fences that hold it, lower case."""
    opening: re.Pattern[str]
    """What a line begins with at which a program in unfenced text may start."""
    comment: str
    """What begins a comment that ends with its line."""

    def defines(self, code: str, entry_point: str | None) -> bool:
        """Whether `code`, judged by its text alone, defines the entry point (None: is a whole program)."""
        ...

    def solves(self, code: str, entry_point: str | None) -> bool:
        """Whether `code` is whole and does what is asked, as far as its text tells.

        It defines the entry point, and with more than a stub; or, for None, it is a program that reads standard input.
        """
        ...

    def joined(self, code: str, others: Sequence[str]) -> str:
        """`code` with what it needs and lacks of `others`: the other blocks of its answer, nearest first."""
        ...

    def completed(self, starter: str, text: str, entry_point: str | None) -> str:
        """The program that `text` makes of `starter`, without what follows the function."""
        ...

    def looks_like(self, text: str) -> bool:
        """Whether unfenced `text` is a program of this language rather than prose."""
        ...


class Runner(Protocol):
    """How its programs are compiled and run. Stateless: the sandbox holds what is warm."""

    compile_failure: Status
    """The status of what does not compile."""
    examinable: bool
    """Whether `examine` can put its programs before Python test code."""
    canaries: tuple[Canary, ...]
    """Programs whose verdict is known, good and bad; see `factory.run.canaries`."""

    def describe(self) -> str:
        """What programs of it are run with, for people. Raises WallUnavailable naming the remedy."""
        ...

    def mounts(self) -> tuple[Mount, ...]:
        """Host files its programs need inside the wall. Raises WallUnavailable naming the remedy."""
        ...

    def prepare(self, sources: Sequence[str], problem: Problem, sandbox: Sandbox) -> list[Prepared | Rejection]:
        """Repair what is missing or unused, check that it compiles, normalise; one result a source, in order."""
        ...

    def run(self, programs: Sequence[Prepared], problem: Problem, limits: Limits, sandbox: Sandbox) -> Iterator[Run]:
        """Run every program on the problem's inputs; one Run each, in order.

        Only inputs are passed on. Raises sandbox.WorkerLost when the machinery failed.
        """
        ...

    def lint(self, programs: Sequence[Prepared], problem: Problem, sandbox: Sandbox) -> list[tuple[str, ...]]:
        """What the language's own tool holds suspicious in programs that passed, "line N: message"; one tuple each.

        The same for the same program. It decides nothing: a program that keeps the tool from its work has that
        for a finding. Raises sandbox.WorkerLost when the machinery failed.
        """
        ...

    def examine(
        self, program: Prepared, problem: Problem, limits: Limits, sandbox: Sandbox, examiner: Sandbox
    ) -> Rejection | None:
        """Put `program` before the problem's test code, which runs in `examiner`, a wall of its own; None is a pass.

        Raises NotImplementedError where `examinable` is False.
        """
        ...


class Values(Protocol):
    """What its answers mean as plain Python values. Called outside the sandbox."""

    integers: range | None
    """Whole numbers that its usual type of them holds exactly; None: all."""

    def fit(self, answer: Any, expected: Any) -> Any:
        """`answer`, one output of `run`, as the plain Python value to compare with `expected`.

        Called outside the wall. Where the language has another form for what Python means (a slice for
        a tuple, a nil for None) the form of `expected` decides. Raises Unfit naming the type that cannot be it.
        """
        ...

    def narrower(self, code: str, output: Any, wide: bool) -> bool:
        """Whether `output`, which is not what Python answered, may be so for the range of numbers alone.

        `output` is one of a `run` of `code`; `wide` tells that Python met ints outside `integers` on that input.
        A program that works with numbers of any size is held to them.
        """
        ...

    def undeclared(self, given: Sequence[Call], call: Call, output: Any) -> bool:
        """Whether `call`, to which `output` is no right answer, is outside of what the program declares to take.

        Where the language declares nothing, that is what it was asked to: values as in the calls `given`.
        """
        ...


class Wording(Protocol):
    """What people and models call it, and what a translator minds."""

    name: str
    """As in `--language` and in records."""
    title: str
    """As people write it."""

    def entry_name(self, python_name: str) -> str:
        """What the translator asks the entry point to be called."""
        ...

    def signature(self, problem: Problem, code: str) -> str:
        """The declaration a translation of Python `code` should have, where the cases tell its types; else ""."""
        ...

    def beginning(self, signature: str) -> str:
        """How a file begins whose entry point is declared as `signature`, up to its body; "" where that is unknown."""
        ...

    def packages(self, code: str) -> tuple[str, ...]:
        """Packages of its standard library that a translation of Python `code` may need, by their paths, sorted."""
        ...

    def odd_case(self, problem: Problem) -> int | None:
        """The number of the one case whose values have types such that no declaration fits it and the others, too."""
        ...

    def rules(self, entry_point: bool, signature: bool) -> tuple[str, ...]:
        """What to mind in a translation from Python, a line each, for the prompt.

        Of a function (`entry_point`), perhaps one whose declaration the prompt gives, or of a whole program.
        """
        ...


class Language(Syntax, Runner, Values, Wording, Protocol):
    """All four. One object does all, so that whoever grades, samples or translates asks one thing by one name."""


class Unfit(ValueError):
    """An answer of a type that cannot mean the expected one; the message names the type."""

"""What a target language has to be able to do. One folder or file in `languages/` each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from factory.records import Canary, Prepared, Problem, Rejection, Run, Status
from sandbox import Limits, Mount, Sandbox


class Language(Protocol):
    """Compile, normalise and run programs of one language. Stateless: the sandbox holds the warmth."""

    name: str
    """As in `--language` and in records."""
    title: str
    """As people write it."""
    fences: frozenset[str]
    """Info strings of Markdown fences that hold it, lower case."""
    opening: re.Pattern[str]
    """What a line begins with at which a program in unfenced text may start."""
    comment: str
    """What begins a comment that ends with its line."""
    compile_failure: Status
    """The status of what does not compile."""

    examinable: bool
    """Whether `examine` can put its programs before Python test code."""

    canaries: tuple[Canary, ...]
    """Programs whose verdict is known, good and bad; see `factory.run.canaries`."""
    integers: range | None
    """Whole numbers that its usual type of them holds exactly; None: all."""

    def describe(self) -> str:
        """What programs of it are run with, for people. Raises WallUnavailable naming the remedy."""
        ...

    def entry_name(self, python_name: str) -> str:
        """What the translator asks the entry point to be called."""
        ...

    def signature(self, problem: Problem, code: str) -> str:
        """The declaration a translation of Python `code` should have, where the cases tell its types; else ""."""
        ...

    def rules(self, entry_point: bool, signature: bool) -> tuple[str, ...]:
        """What to mind in a translation from Python, a line each, for the prompt.

        Of a function (`entry_point`), perhaps one whose declaration the prompt gives, or of a whole program.
        """
        ...

    def mounts(self) -> tuple[Mount, ...]:
        """Host files its programs need inside the wall. Raises WallUnavailable naming the remedy."""
        ...

    def defines(self, code: str, entry_point: str | None) -> bool:
        """Whether `code`, judged by its text alone, defines the entry point (None: is a whole program)."""
        ...

    def looks_like(self, text: str) -> bool:
        """Whether unfenced `text` is a program of this language rather than prose."""
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


class Unfit(ValueError):
    """An answer of a type that cannot mean the expected one; the message names the type."""

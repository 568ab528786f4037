"""One sandbox a language, and the way a candidate takes: prepared, run, fitted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from factory.languages import LANGUAGES
from factory.languages.base import Language, Unfit
from factory.records import Prepared, Problem, Rejection, Run
from factory.records.values import encode
from sandbox import Limits, Sandbox, SandboxSpec, WallUnavailable


@dataclass(frozen=True)
class Tried:
    """What became of one candidate. `values` are the fitted answers, an Unfit or Rejection where that came instead."""

    prepared: Prepared | Rejection
    run: Run | None = None
    values: tuple[Any, ...] = ()

    def passes(self, *expected: Any) -> bool:
        """What the factory would say: every output there, nothing failed, each equal."""
        if self.run is None or self.run.failure is not None or len(self.values) != len(expected):
            return False
        return all(not isinstance(v, Unfit | Rejection) and v == e for v, e in zip(self.values, expected, strict=True))


LIMITS = Limits(cpu_s=2, wall_s=10)
Try = Callable[..., Tried]


@pytest.fixture(scope="session")
def sandbox_of() -> Iterator[Callable[[str], Sandbox]]:
    """The warm sandbox of a language, by its name. Skips where the machine lacks what the language needs."""
    with ExitStack() as opened:

        @cache
        def started(name: str) -> Sandbox:
            return opened.enter_context(Sandbox("bubblewrap", SandboxSpec(LANGUAGES[name].mounts())))

        def of(name: str) -> Sandbox:
            try:
                return started(name)
            except WallUnavailable as unavailable:
                pytest.skip(str(unavailable))

        yield of


@pytest.fixture(scope="session")
def go_sandbox(sandbox_of: Callable[[str], Sandbox]) -> Sandbox:
    return sandbox_of("go")


@pytest.fixture(scope="session")
def try_go(go_sandbox: Sandbox) -> Try:
    """`try_go(source, entry_point, (args, expected), ...)`; args is a tuple, or (tuple, dict of keywords)."""
    return trying(LANGUAGES["go"], go_sandbox)


@pytest.fixture(scope="session")
def js_sandbox(sandbox_of: Callable[[str], Sandbox]) -> Sandbox:
    return sandbox_of("javascript")


@pytest.fixture(scope="session")
def try_js(js_sandbox: Sandbox) -> Try:
    """As `try_go`."""
    return trying(LANGUAGES["javascript"], js_sandbox)


@pytest.fixture(scope="session")
def try_go_together(go_sandbox: Sandbox) -> Callable[..., list[Tried]]:
    """`try_go_together(entry_point, args, (source, expected), ...)`: one Tried a source, built in one batch."""
    return trying_together(LANGUAGES["go"], go_sandbox)


@pytest.fixture(params=sorted(LANGUAGES))
def language(request: pytest.FixtureRequest) -> Language:
    """Every language there is, one after the other."""
    return LANGUAGES[request.param]


@pytest.fixture
def sandbox(language: Language, sandbox_of: Callable[[str], Sandbox]) -> Sandbox:
    return sandbox_of(language.name)


@pytest.fixture
def attempt(language: Language, sandbox: Sandbox) -> Try:
    """As `try_go`, in the language of the test."""
    return trying(language, sandbox)


def trying(language: Language, sandbox: Sandbox) -> Try:
    def attempt(source: str, entry_point: str, *cases: tuple[Any, Any], limits: Limits = LIMITS) -> Tried:
        problem = Problem(
            id="t/0",
            prompt="",
            entry_point=entry_point,
            cases=tuple(case(*given) for given in cases),
        )
        (prepared,) = language.prepare([source], problem, sandbox)
        if isinstance(prepared, Rejection):
            return Tried(prepared)
        (run,) = language.run([prepared], problem, limits, sandbox)
        values = tuple(fitted(language, out, want) for out, (_, want) in zip(run.outputs, cases, strict=False))
        return Tried(prepared, run, values)

    return attempt


def trying_together(language: Language, sandbox: Sandbox) -> Callable[..., list[Tried]]:
    def attempt(entry_point: str, args: Any, *programs: tuple[str, Any], limits: Limits = LIMITS) -> list[Tried]:
        problem = Problem(id="t/0", prompt="", entry_point=entry_point, cases=(case(args, None),))
        prepared = language.prepare([source for source, _ in programs], problem, sandbox)
        fit = [one for one in prepared if not isinstance(one, Rejection)]
        runs = language.run(fit, problem, limits, sandbox)
        tried = []
        for one, (_, expected) in zip(prepared, programs, strict=True):
            if isinstance(one, Rejection):
                tried.append(Tried(one))
            else:
                run = next(runs)
                tried.append(Tried(one, run, tuple(fitted(language, output, expected) for output in run.outputs)))
        return tried

    return attempt


def case(args: Any, expected: Any) -> dict[str, Any]:
    positional, named = args if len(args) == 2 and type(args[0]) is tuple and type(args[1]) is dict else (args, {})
    return {
        "args": [encode(value) for value in positional],
        "kwargs": {name: encode(value) for name, value in named.items()},
        "expected": encode(expected),
    }


def fitted(language: Language, output: Any, expected: Any) -> Any:
    if isinstance(output, Rejection):
        return output
    try:
        return language.fit(output, expected)
    except Unfit as unfit:
        return unfit

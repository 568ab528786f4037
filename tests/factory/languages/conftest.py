"""One sandbox a language, and the way a candidate takes: prepared, run, fitted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from factory.languages.base import Language, Unfit
from factory.languages.go import Go
from factory.languages.javascript import JavaScript
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
def go_sandbox() -> Iterator[Sandbox]:
    with Sandbox("bubblewrap", SandboxSpec(Go().mounts())) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def try_go(go_sandbox: Sandbox) -> Try:
    """`try_go(source, entry_point, (args, expected), ...)`; args is a tuple, or (tuple, dict of keywords)."""
    return trying(Go(), go_sandbox)


@pytest.fixture(scope="session")
def js_sandbox() -> Iterator[Sandbox]:
    try:
        mounts = JavaScript().mounts()
    except WallUnavailable as unavailable:
        pytest.skip(str(unavailable))
    with Sandbox("bubblewrap", SandboxSpec(mounts)) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def try_js(js_sandbox: Sandbox) -> Try:
    """As `try_go`."""
    return trying(JavaScript(), js_sandbox)


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

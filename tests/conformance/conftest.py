"""Every wall that can be built here, one after the other."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sandbox import CommandJob, ExecutionResult, Limits, PythonCalls, PythonStreams, Sandbox, Step, WallUnavailable
from sandbox.boundary import WALLS
from sandbox.contract import read_answers
from sandbox.worker import codec

PYTHON = "/opt/python/bin/python3"
"""Where the interpreter lies inside."""
INTERPRETER = (("LD_LIBRARY_PATH", "/opt/python/lib"), ("PYTHONHOME", "/opt/python"))


@pytest.fixture(scope="session", params=sorted(WALLS))
def backend(request: pytest.FixtureRequest) -> str:
    try:
        Sandbox(request.param).__enter__().close()
    except WallUnavailable as error:
        pytest.skip(f"{request.param}: {error}")
    return str(request.param)


@pytest.fixture(scope="session")
def sandbox(backend: str) -> Iterator[Sandbox]:
    with Sandbox(backend) as sandbox:
        yield sandbox


@pytest.fixture
def fresh(backend: str) -> Iterator[Sandbox]:
    """A sandbox that a test may break."""
    with Sandbox(backend) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def calls() -> Callable[..., tuple[ExecutionResult, list[Any]]]:
    """`calls(sandbox, code, *arguments, **limits)`: run `f` on each tuple of arguments; report and answers."""

    def calls(
        sandbox: Sandbox, code: str, *arguments: tuple[Any, ...], **limits: Any
    ) -> tuple[ExecutionResult, list[Any]]:
        inputs = tuple(codec.dumps([list(each), {}]) for each in arguments or ((),))
        report = sandbox.run_calls(PythonCalls(textwrap.dedent(code), "f", inputs, Limits(**limits)))
        answers = read_answers(report.output, len(inputs)).answers
        return report, [codec.loads(a.payload) if a.kind == "V" else json.dumps([a.kind, a.payload]) for a in answers]

    return calls


@pytest.fixture(scope="session")
def streams() -> Callable[..., tuple[ExecutionResult, ...]]:
    """`streams(sandbox, code, *stdin, **limits)`: run `code` as a program on each text."""

    def streams(sandbox: Sandbox, code: str, *stdin: str, **limits: Any) -> tuple[ExecutionResult, ...]:
        return sandbox.run_streams(PythonStreams(textwrap.dedent(code), stdin or ("",), Limits(**limits)))

    return streams


@pytest.fixture(scope="session")
def command() -> Callable[..., ExecutionResult]:
    """`command(sandbox, code, **limits)`: run `code` by an interpreter of its own, as a command."""

    def command(sandbox: Sandbox, code: str, **limits: Any) -> ExecutionResult:
        argv = (PYTHON, "-S", "/tmp/job/main.py")
        files = {"main.py": textwrap.dedent(code).encode()}
        (report,) = sandbox.run_commands(CommandJob(files, (Step(argv, limits=Limits(**limits), env=INTERPRETER),)))
        return report

    return command

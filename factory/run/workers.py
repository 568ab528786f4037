"""The workers of a run: their sandbox decided once, and canaries among what they are given.

Promises: `auto` is decided, and what the languages need inside the sandbox is there, before anything is sampled.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from functools import partial
from itertools import zip_longest
from typing import TypeVar

from factory import filters
from factory.config import GradingConfig
from factory.errors import ConfigError
from factory.executors import open_executor
from factory.executors.base import Executor
from factory.grading.session import GradingSession
from factory.languages import language
from factory.records import LimitOverrides
from factory.run.canaries import Canaries
from factory.storage.packages import modules, wall
from sandbox import PythonCalls, Sandbox
from sandbox.contract import read_answers

S = TypeVar("S", bound=GradingConfig)
IMPORTER = """
import importlib
def fault(names):
    faults = []
    for name in names:
        try:
            importlib.import_module(name)
            return ""
        except BaseException as error:
            faults.append(f"{name}: {type(error).__name__}: {error}"[:200])
    return "; ".join(faults)
"""
"""Says why none of a package's modules can be imported; "" where one can, or it has none."""


def with_sandbox(settings: S, names: Iterable[str], note: Callable[[str], None]) -> S:
    """`settings` with `sandbox.backend: auto` decided by building the sandbox once.

    What the languages `names` need inside is made ready, or missed, here: a backend that cannot show it to programs
    is not taken. Raises WallUnavailable, and ConfigError where `verify.filters` has a name that no filter has,
    or where a package cannot be had or imported.
    """
    filters.named(settings.verify.filters)
    asked = settings.sandbox
    mounts = tuple(mount for name in names for mount in language(name).mounts())
    with Sandbox(asked.backend, wall(asked, mounts)) as sandbox:
        note(f"sandbox: {sandbox.backend}")
        if asked.packages:
            _try_packages(asked.packages, settings, sandbox)
            note(f"packages: {' '.join(asked.packages)}")
        decided = asked.model_copy(update={"backend": sandbox.backend})
    return settings.model_copy(update={"sandbox": decided})


def _try_packages(packages: Sequence[str], settings: GradingConfig, sandbox: Sandbox) -> None:
    """See that a program can import each of them: else it is no program's fault. Raises ConfigError."""
    there = modules(packages)
    inputs = tuple(json.dumps([[names], {}]) for names in there.values())
    job = PythonCalls(IMPORTER, "fault", inputs, settings.limits.for_problem(LimitOverrides()))
    report = sandbox.run_calls(job)
    answers = [json.loads(answer.payload) for answer in read_answers(report.output, len(inputs)).answers]
    ended = f"that breaks the limit on {report.breach}" if report.breach else "the process ends there"
    for pin, fault in zip_longest(there, answers, fillvalue=ended):
        if fault:
            raise ConfigError(
                f"sandbox.packages: {pin}: no program can import it: {fault}; remedy: another version, or leave it out"
            )


@contextlib.asynccontextmanager
async def workers(settings: GradingConfig, log: Callable[..., None] = lambda *_, **__: None) -> AsyncIterator[Executor]:
    """An executor whose workers grade, with canaries among their units unless the config has none."""
    async with open_executor(settings.executor, partial(GradingSession, settings)) as executor:
        if not settings.verify.canaries:
            yield executor
            return
        async with Canaries(executor, log) as watched:
            yield watched

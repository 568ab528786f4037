"""Programs whose verdict is known, seeded among those whose is not.

Promises: before the first unit of a language is graded, after every `EVERY` units, and at the end, that language's
canaries go the way of all rollouts: text, extraction, compiler, wall, judge. A bad one that passes, or a good one that
does not, is raised as CanaryError. They have problems and ids of their own and come into no part and no shard.

Does not promise to notice what goes wrong between two rounds and is right again at the next.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any, Self

from factory.errors import CanaryError
from factory.executors.base import Executor, R, T
from factory.languages import language
from factory.records import Canary, Case, LimitOverrides, Problem, Rollout, Status, Verdict
from factory.run.units import GradeUnit, Unit, grade

EVERY = 64
"""Units of work between two rounds; a unit has up to `verify.chunk` rollouts."""
LIMITS = LimitOverrides(cpu_s=0.5)
"""The good ones need a hundredth of it; one of the bad ones uses it up."""
NUMBERS: tuple[list[int], ...] = ([123, 9], [0], [], [-45, 1000, 7, 45], [9876543210])
SUMS: tuple[list[int], ...] = ([6, 9], [0], [], [9, 1, 7, 9], [45])
PROBLEMS = {
    "calls": Problem(
        id="canary/calls",
        prompt="The sums of the digits of each number.",
        entry_point="digit_sums",
        cases=tuple(Case(args=[given], expected=due) for given, due in zip(NUMBERS, SUMS, strict=True)),
        limits=LIMITS,
    ),
    "streams": Problem(
        id="canary/streams",
        prompt="Read numbers, print them in order.",
        cases=(Case(stdin="3\n1\n2\n", stdout="1 2 3\n"), Case(stdin="20\n-5\n", stdout="-5 20\n")),
        limits=LIMITS,
    ),
    "tests": Problem(
        id="canary/tests",
        prompt="The sums of the digits of each number.",
        entry_point="digit_sums",
        test_code="def check(candidate):\n    assert all(candidate([n]) == [n] for n in range(10))\n",
        limits=LIMITS,
    ),
}


class Canaries:
    """An executor that sings in between: runs units by `executor`, and the canaries of their languages among them.

    A context manager; leaving it without an error ends with a last round. `note` gets a line on each round.
    """

    def __init__(self, executor: Executor, note: Callable[..., None] = lambda *_, **__: None) -> None:
        self._executor, self._note = executor, note
        self._units: Counter[str] = Counter()
        self._first: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @property
    def workers(self) -> int:
        return self._executor.workers

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            for name in self._units:
                await self._round(name)

    async def run(self, work: Callable[[Any, T], R], unit: T) -> R:
        """`work` on `unit` by the executor; a `Unit` among canaries. Raises what that raises, and CanaryError."""
        if not isinstance(unit, Unit):
            return await self._executor.run(work, unit)
        name = unit.language
        async with self._first[name]:
            if name not in self._units:
                await self._round(name)
            counted = not isinstance(unit, GradeUnit) or unit.counted
            self._units[name] += counted
            due = counted and self._units[name] % EVERY == 0
        result = await self._executor.run(work, unit)
        if due:
            await self._round(name)
        return result

    async def _round(self, name: str) -> None:
        count = 0
        for kind, canaries in by_kind(name):
            rollouts = tuple(as_rollout(canary, kind, at, name) for at, canary in enumerate(canaries))
            verdicts = await self._executor.run(grade, GradeUnit(PROBLEMS[kind], rollouts, name, filtered=False))
            for canary, verdict in zip(canaries, verdicts, strict=True):
                check(canary, verdict)
            count += len(canaries)
        self._note("canaries", language=name, as_expected=count)


def by_kind(name: str) -> Iterator[tuple[str, list[Canary]]]:
    """The canaries of a language by kind, as far as it can be put before their tests."""
    for kind in PROBLEMS:
        found = [canary for canary in language(name).canaries if canary.kind == kind]
        if found:
            yield kind, found


def as_rollout(canary: Canary, kind: str, index: int, name: str) -> Rollout:
    """The canary as a model would have answered."""
    text = f"Here it is.\n\n```{name}\n{canary.code}```\n"
    return Rollout(problem_id=PROBLEMS[kind].id, index=index, text=text, mode="chat")


def check(canary: Canary, verdict: Verdict) -> None:
    """Raises CanaryError when the verdict is not what it has to be."""
    if (verdict.status is Status.PASSED) is canary.good:
        return
    due = "a right program has failed" if canary.good else "a wrong program has passed"
    raise CanaryError(
        f"canary of {verdict.language}, {canary.kind}, {canary.name!r}: {due}: {verdict.status}, "
        f"{verdict.detail or 'no detail'}. Sandbox or judge cannot be trusted on this machine: delete the verdicts "
        "written since the last good round (`canaries` in ledger.jsonl). `factory doctor` checks the machine; "
        "verify.canaries: false goes on without canaries"
    )

"""Step two: verdicts on rollouts, by the executor's workers.

Promises: one verdict a rollout, in order; programs that repeat a benchmark are `contaminated`; a part that holds a
failure of ours (`infrastructure_error`), or a verdict that another text has earned, is graded again by the next run.
"""

from __future__ import annotations

from pathlib import Path

from factory.decontamination.matcher import Contamination
from factory.executors.base import Executor
from factory.records import Status, Verdict
from factory.run.observer import Observer
from factory.run.store import Made, Part, PartStore
from factory.run.units import GradeUnit, graded


class Grader:
    """Grades units, and shows the verdicts to the observer."""

    def __init__(self, executor: Executor, benchmarks: Contamination, observer: Observer) -> None:
        self._executor, self._benchmarks, self._observer = executor, benchmarks, observer

    async def __call__(self, unit: GradeUnit) -> tuple[list[Verdict], bool]:
        """The verdicts on the rollouts of `unit`, in order, and whether workers were lost on the way."""
        verdicts, lost = await graded(self._executor, unit, self._observer.note)
        verdicts = self._benchmarks.apply(unit.problem, verdicts)
        self._observer.verified(verdicts)
        return verdicts, lost


class GradeStep:
    """Gives the verdicts of a part, which `grader` makes where they are not there."""

    def __init__(self, store: PartStore, grader: Grader, observer: Observer) -> None:
        self._store, self._grader, self._observer = store, grader, observer

    async def __call__(self, path: Path, unit: GradeUnit) -> list[Verdict]:
        """The verdicts of the part at `path`, which are those on `unit`."""
        new = False

        async def make() -> Made[Verdict]:
            nonlocal new
            new = True
            verdicts, lost = await self._grader(unit)
            ran_ms = sum(it.cpu_ms + it.compared_ms for it in verdicts if it.duplicate_of is None)
            facts = {"rollouts": len(verdicts), "retries": int(lost), "cpu_s": round(ran_ms / 1000, 3)}
            return Made(verdicts, facts)

        part = Part(path, Verdict, "verified", unit.problem.id, "graded again")
        verdicts = await self._store.get_or_make(part, make, _still_valid)
        if not new:
            self._observer.verified(verdicts)
        return verdicts


def _still_valid(verdicts: list[Verdict]) -> bool:
    """Whether a part holds no failure of ours and no verdict lent by another text, as parts of version 0.1.0 may."""
    texts = {verdict.index: verdict.code_sha256 for verdict in verdicts}
    return all(
        verdict.status is not Status.INFRASTRUCTURE_ERROR
        and (verdict.duplicate_of is None or texts.get(verdict.duplicate_of) == verdict.code_sha256)
        for verdict in verdicts
    )

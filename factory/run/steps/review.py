"""Step three: the review of a problem's programs that passed its tests.

Promises: a review is of exactly the verdicts that its fingerprint names, and of the answer that it names, where the
model was asked for inputs; one that our own failure cut short is made again by the next run, and keeps nothing
meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from factory import escape
from factory.config import Config
from factory.errors import InfrastructureError
from factory.executors.base import Executor
from factory.records import Problem, Review, Rollout, Status, Verdict
from factory.review.review import answer_sha256, fingerprint, is_incomplete, needed_for_review, not_reviewed
from factory.run.directory import RunDir
from factory.run.observer import Observer
from factory.run.steps.ask import AskStep
from factory.run.store import Made, Part, PartStore
from factory.run.units import ReviewUnit, review
from factory.sampling.plans import plan_name


class ReviewStep:
    """Gives the review of a problem."""

    def __init__(
        self, config: Config, run_dir: RunDir, store: PartStore, ask: AskStep, executor: Executor, observer: Observer
    ) -> None:
        self._config, self._run_dir, self._store, self._ask = config, run_dir, store, ask
        self._executor, self._observer = executor, observer

    async def __call__(self, problem: Problem, verdicts: Sequence[Verdict]) -> Review | None:
        """The review of the programs that passed; None where none has."""
        if all(verdict.status is not Status.PASSED for verdict in verdicts):
            return None
        known, answer = fingerprint(verdicts), await self._ask(problem)

        async def make() -> Made[Review]:
            made = await self._review(problem, verdicts, answer)
            return Made([made], {"rejected": len(made.rejected), "cpu_s": round(made.cpu_ms / 1000, 3)})

        def still_valid(there: list[Review]) -> bool:
            same = there[0].fingerprint == known and there[0].answer_sha256 == answer_sha256(answer)
            return same and not is_incomplete(there[0])

        path = self._run_dir.review(problem, plan_name(self._config))
        part = Part(path, Review, "reviewed", problem.id, "reviewed again")
        (found,) = await self._store.get_or_make(part, make, still_valid)
        return found

    async def _review(self, problem: Problem, verdicts: Sequence[Verdict], answer: Rollout | None) -> Review:
        settings, rank = self._config.review, self._config.rank
        unit = ReviewUnit(problem, needed_for_review(verdicts, settings, rank), settings, rank, answer)
        try:
            return replace(await self._executor.run(review, unit), fingerprint=fingerprint(verdicts))
        except InfrastructureError as error:
            self._observer.note(f"{escape.line(problem.id)}: could not be reviewed, nothing of it is kept: {error}")
            return not_reviewed(problem, verdicts, str(error))

"""The whole way of a slice of a run: problems → sample → grade → review → select → translate.

Promises: everything after sampling is a function of the rollouts. Every step's result is a part on disk before the
next step uses it (`factory.run.store`), so a run that was killed anywhere goes on where it stopped, and its shards
are, byte for byte, those of a run that was not. Sampling streams: chunks are graded while others are sampled.

Does not write shards: `factory.run.export` gives what a run ships, finished or not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from factory import escape
from factory.config import Config
from factory.decontamination.matcher import Contamination
from factory.errors import PartError
from factory.executors.base import Executor
from factory.records import Problem, Review, Rollout, Survivor, Verdict
from factory.review.filter import ReviewFilter
from factory.run.budget import SliceBudget
from factory.run.directory import RunDir
from factory.run.misplaced import sort_journals
from factory.run.names import makers, slug
from factory.run.observer import Observer
from factory.run.sampler import Hold, Samplers
from factory.run.steps.ask import AskStep
from factory.run.steps.grade import Grader, GradeStep
from factory.run.steps.plan import PlanStep
from factory.run.steps.review import ReviewStep
from factory.run.steps.rounds import RoundsStep
from factory.run.steps.select import SelectStep
from factory.run.steps.translate import TranslateStep
from factory.run.store import PartStore
from factory.run.together import leaves, together
from factory.sampling.plans import plan_name
from factory.selection.select import select


class Pipeline:
    """One slice of a run, or a run of one slice, on its directory, which the caller has claimed and locked."""

    def __init__(
        self,
        config: Config,
        problems: Sequence[Problem],
        run_dir: RunDir,
        executor: Executor,
        observer: Observer,
        benchmarks: Contamination,
        samplers: Samplers,
        at_once: asyncio.Semaphore,
        budget: SliceBudget | None = None,
    ) -> None:
        """`at_once` bounds how many problems are in flight, of this slice and of those beside it.

        `budget` is what the slice may spend, where the run has a budget.
        """
        self.config, self.problems, self.run_dir, self._observer = config, problems, run_dir, observer
        self.damage: list[PartError] = []
        """Parts that cannot be read, nor be made again; their problems are skipped."""
        self._at_once, self._samplers = at_once, samplers
        self._sampled = asyncio.Event()
        store = PartStore(run_dir, observer.note)
        self._grade = GradeStep(store, Grader(executor, benchmarks, observer), observer)
        ask = AskStep(config, run_dir, store, samplers.rollouts[0])
        self._review = ReviewStep(config, run_dir, store, ask, executor, observer)
        self._keep = SelectStep(store, observer)
        self._translate = TranslateStep(config, run_dir, store, samplers, self._grade, self._keep, observer)
        plan = PlanStep(config, run_dir, budget, at_once)
        self._rounds = RoundsStep(config, run_dir, store, samplers, plan, self._grade, observer)

    async def run(self, room: Callable[[], None]) -> None:
        """Work off every problem. Raises FactoryError, alone or in an ExceptionGroup.

        One whose part cannot be read is skipped, and the part added to `damage`. `room` is called when the first
        rollouts have come, all problems have begun, and one more could be in flight.
        """
        for line in sort_journals(self.run_dir, [problem.id for problem in self.problems]):
            self._observer.note(line)
        there = self.run_dir.all_chunks(
            *makers(self.config)
        )  # stays true: a problem's chunks are planned before any is written

        async def work(problem: Problem, hold: Hold) -> None:
            async with self._at_once:
                try:
                    await self._work(problem, there.get(slug(problem.id), []), hold)
                finally:
                    hold()
                self._sampled.set()  # perhaps without a rollout

        async with asyncio.TaskGroup() as group:
            for problem, hold in [(problem, self._samplers.hold()) for problem in self.problems]:
                group.create_task(work(problem, hold))
            await self._sampled.wait()
            async with self._at_once:
                room()

    async def _work(self, problem: Problem, there: Sequence[range], hold: Hold) -> None:
        """The whole way of one problem, of which the chunks `there` are sampled already; `hold` has its engines."""
        try:
            await self._all_steps(problem, there, hold)
        except* PartError as found:
            damage = list(leaves(found, PartError))
            self.damage += damage
            self._skip(problem, str(damage[0]))

    async def _all_steps(self, problem: Problem, there: Sequence[range], hold: Hold) -> None:
        settings = self.config.translate
        rollouts, verdicts = await self._rounds(problem, there, self._sampled.set, hold)
        if rollouts is None:  # the problem may be to blame, unless an engine has died
            if reason := self._rounds.refusal(problem.id):
                self._skip(problem, reason)
            return
        review = await self._review(problem, verdicts)
        survivors = await self._survivors(problem, rollouts, verdicts, review)
        wanted = [
            (source, target, self._samplers.hold_translators())
            for target in settings.targets
            for source in survivors[: settings.survivors]
        ]
        hold()

        async def translate(source: Survivor, target: str, hold: Hold) -> None:
            try:
                sources = (source, *(it for it in survivors if it is not source))
                await self._translate(problem, review, sources, target, hold)
            finally:
                hold()

        await together(translate(*one) for one in wanted)

    def _skip(self, problem: Problem, reason: str) -> None:
        self.run_dir.log("skipped", problem=problem.id, reason=reason)
        self._observer.note(f"skipped {escape.line(problem.id)}: {escape.line(reason)}")

    async def _survivors(
        self, problem: Problem, rollouts: list[Rollout], verdicts: list[Verdict], review: Review | None
    ) -> tuple[Survivor, ...]:
        reviewed = ReviewFilter(review).apply(problem, verdicts)
        selection = select(reviewed, self.config.rank, review=review)
        path = self.run_dir.survivors(problem, plan_name(self.config))
        return await self._keep(path, problem.id, selection, rollouts)

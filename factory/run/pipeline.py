"""The flow, written once: problems → sample → verify → select → translate → verify → shards.

Promises: everything after sampling is a function of the rollouts. Every step's result is a part on
disk before the next step uses it, so a run that was killed anywhere goes on where it stopped, and
its shards are, byte for byte, those of a run that was not. Sampling streams: chunks are verified
while others are sampled.

Does not promise the same rollouts twice: an engine's chunk that was not complete is sampled anew, and so
is one whose part was damaged, which is then kept beside the new one and noted.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from factory.config import Config, SamplingConfig
from factory.decontamination.matcher import Contamination
from factory.errors import DamagedPart, InfrastructureError, PartError
from factory.executors.base import Executor
from factory.languages import language
from factory.records import Problem, Request, Review, Rollout, Status, Survivor, Verdict
from factory.review.filter import ReviewFilter
from factory.review.review import fingerprint, is_incomplete, needed_for_review, not_reviewed
from factory.run.directory import RunDir, slug
from factory.run.observer import Observer
from factory.run.reader import comparison_key
from factory.run.steps.sample import Sampler
from factory.run.steps.select import _holds
from factory.run.steps.translate import _NOT_REPAIRED, translation_sampling
from factory.run.units import Inspection, Task, graded, inspect
from factory.sampling import prompts
from factory.sampling.engines import RequestRefused
from factory.selection.select import Selection, select, survivors
from factory.storage import files, parts
from factory.translation import Specification, specify
from factory.translation.prompts import repair_request, translation_request
from factory.translation.tests import tests_for_translation, translatable

T = TypeVar("T")


R = TypeVar("R")


PROBLEMS_AT_ONCE = 64
"""Problems in flight: enough to keep an engine's queue full, few enough to keep memory small."""


def reason_of(group: BaseExceptionGroup[RequestRefused]) -> str:
    """Why requests were refused: the first of the reasons, however deep it lies."""
    first: BaseException = group
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first.reason if isinstance(first, RequestRefused) else str(first)


async def together(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """The results of `work`, done at once; when one fails the others are cancelled first."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one) for one in work]
    return [task.result() for task in tasks]


class Pipeline:
    """One run on one run directory, which the caller has claimed and locked."""

    def __init__(
        self,
        config: Config,
        problems: Sequence[Problem],
        run_dir: RunDir,
        executor: Executor,
        observer: Observer,
        benchmarks: Contamination,
    ) -> None:
        self.config, self.problems, self.run_dir = config, problems, run_dir
        self._executor, self._observer, self._benchmarks = executor, observer, benchmarks

    async def run(self) -> None:
        """Work off every problem. Raises FactoryError, alone or in an ExceptionGroup."""
        at_once = asyncio.Semaphore(PROBLEMS_AT_ONCE)
        self._there = self.run_dir.all_chunks()  # stays true: a problem's chunks are planned before any is written
        async with AsyncExitStack() as stack:
            self._sampler = Sampler(self.config.engine, stack, self._observer)
            other = self.config.translate.engine
            self._translator = Sampler(other, stack, self._observer) if other else self._sampler

            async def work(problem: Problem) -> None:
                async with at_once:
                    await self._work(problem)

            async with asyncio.TaskGroup() as group:
                for problem in self.problems:
                    group.create_task(work(problem))

    async def _work(self, problem: Problem) -> None:
        """The whole way of one problem."""
        try:
            survivors, review = await self._survivors(problem)
            translated = survivors[: self.config.translate.survivors]
            targets = self.config.translate.targets
            await together(
                self._translate(problem, review, (parent, *(it for it in survivors if it is not parent)), target)
                for target in targets
                for parent in translated
            )
        except* RequestRefused as refused:
            reason = reason_of(refused)
            self.run_dir.log("skipped", problem=problem.id, reason=reason)
            self._observer.note(f"skipped {problem.id}: {reason}")

    # ---- rollouts → verdicts → survivors ----

    async def _survivors(self, problem: Problem) -> tuple[tuple[Survivor, ...], Review | None]:
        chunks = await together(self._chunk(problem, indices) for indices in self._plan(problem))
        rollouts = [rollout for chunk, _ in chunks for rollout in chunk]
        verdicts = [verdict for _, chunk in chunks for verdict in chunk]
        review = await self._reviewised(problem, verdicts)
        path = self.run_dir.survivors(problem, self.config.sampling.n)
        reviewed = ReviewFilter(review).apply(problem, verdicts)
        kept = self._kept(path, select(reviewed, self.config.rank, review=review), rollouts)
        return kept, review

    async def _reviewised(self, problem: Problem, verdicts: Sequence[Verdict]) -> Review | None:
        """The second look at what passed, taken now if its part is missing, damaged, of other verdicts, or cut short
        by our own failure; None where nothing passed.
        """
        if all(verdict.status is not Status.PASSED for verdict in verdicts):
            return None
        path = self.run_dir.review(problem, self.config.sampling.n)
        there = self._reviewy_at(path)
        if there is None or there.fingerprint != fingerprint(verdicts) or is_incomplete(there):
            started = time.monotonic()
            settings, rank = self.config.review, self.config.rank
            task = Inspection(problem, needed_for_review(verdicts, settings, rank), settings, rank)
            try:
                found = await self._executor.run(inspect, task)
                there = replace(found, fingerprint=fingerprint(verdicts))
            except InfrastructureError as error:
                self._observer.note(f"{problem.id}: could not be looked at again, nothing of it is kept: {error}")
                there = not_reviewed(problem, verdicts, str(error))
            digest = parts.write(path, Review, [there])
            self.run_dir.log(
                "reviewed",
                part=self._name(path),
                sha256=digest,
                problem=problem.id,
                rejected=len(there.rejected),
                cpu_s=round(there.cpu_ms / 1000, 3),
                wall_s=round(time.monotonic() - started, 3),
            )
        return there

    def _reviewy_at(self, path: Path) -> Review | None:
        if not path.exists():
            return None
        try:
            (there,) = parts.read(path, Review)
        except PartError as error:
            self._observer.note(f"looked at again: {error}")
            return None
        return there

    def _kept(self, path: Path, selection: Selection, rollouts: Iterable[Rollout]) -> tuple[Survivor, ...]:
        kept = survivors(selection, rollouts)
        if not _holds(path, kept):  # a chunk graded again, or damage, may have made the old part untrue
            parts.write(path, Survivor, kept)
        self._observer.kept(kept)
        return kept

    def _plan(self, problem: Problem) -> list[range]:
        """The chunks of the problem: those that are there, and between them those still to be sampled."""
        size, total = self.config.verify.chunk, self.config.sampling.n
        plan, at = [], 0
        for there in [*self._there.get(slug(problem.id), []), range(total, total)]:
            while at < there.start:
                stop = min((at // size + 1) * size, there.start)
                plan.append(range(at, stop))
                at = stop
            if there:
                plan.append(there)
            at = max(at, there.stop)
        return plan

    async def _chunk(self, problem: Problem, indices: range) -> tuple[list[Rollout], list[Verdict]]:
        path, graded_path = self.run_dir.rollouts(problem, indices), self.run_dir.verdicts(problem, indices)
        rollouts = self._resumed(path, graded_path)
        if rollouts is None:
            request = prompts.python_request(problem, indices, self.config.sampling)
            rollouts = await self._sampled(path, request, self.config.sampling, self._sampler)
        return rollouts, await self._verified(graded_path, Task(problem, tuple(rollouts), "python"))

    def _resumed(self, path: Path, graded_path: Path) -> list[Rollout] | None:
        """The rollouts of a part that is there, or None where they are to be sampled.

        A damaged part is set aside, never written over: its texts cannot be had again. What was graded from
        it goes, since it would be taken for the verdicts of the rollouts that take its place.
        """
        rollouts = None
        if path.exists():
            try:
                rollouts = parts.read(path, Rollout)
            except DamagedPart as error:
                aside = files.set_aside(path)
                self.run_dir.log("damaged", part=self._name(path), aside=self._name(aside))
                self._observer.note(f"sampled again, the damaged part is now {aside.name}: {error}")
        if rollouts is None:
            graded_path.unlink(missing_ok=True)
            return None
        for rollout in rollouts:
            self._observer.sampled(rollout)
        return rollouts

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self.run_dir.path))

    async def _sampled(self, path: Path, request: Request, sampling: SamplingConfig, sampler: Sampler) -> list[Rollout]:
        started = time.monotonic()
        rollouts = await sampler.sample(request, sampling)
        self._write_sampled(path, request.problem_id, rollouts, sampling, sampler, started)
        return rollouts

    def _write_sampled(
        self,
        path: Path,
        problem_id: str,
        rollouts: Sequence[Rollout],
        sampling: SamplingConfig,
        sampler: Sampler,
        started: float,
    ) -> None:
        digest = parts.write(path, Rollout, rollouts)
        indices = [rollout.index for rollout in rollouts]
        self.run_dir.log(
            "sampled",
            part=self._name(path),
            sha256=digest,
            problem=problem_id,
            rollouts=len(rollouts),
            indices=[min(indices), max(indices)] if indices else [],
            models=sorted({rollout.model or "" for rollout in rollouts}),
            templates=sorted({rollout.template or "" for rollout in rollouts}),
            sampling=sampling.model_dump(mode="json", exclude={"n"}, exclude_defaults=True),
            prompt_tokens=sum(rollout.prompt_tokens or 0 for rollout in rollouts),
            completion_tokens=sum(rollout.completion_tokens or 0 for rollout in rollouts),
            wall_s=round(time.monotonic() - started, 3),
            **sampler.meter(),
            **sampler.trouble(),
        )

    async def _verified(self, path: Path, task: Task) -> list[Verdict]:
        """The verdicts of the part at `path`; graded now if it is missing, damaged, or has our own failures in it."""
        if path.exists():
            try:
                there = parts.read(path, Verdict)
            except PartError as error:
                self._observer.note(f"graded again: {error}")
            else:
                if all(verdict.status is not Status.INFRASTRUCTURE_ERROR for verdict in there):
                    self._observer.verified(task, there)
                    return there
        started = time.monotonic()
        retries: list[str] = []

        def again(line: str) -> None:
            retries.append(line)
            self._observer.note(line)

        verdicts = self._benchmarks.apply(task.problem, await graded(self._executor, task, again))
        digest = parts.write(path, Verdict, verdicts)
        self.run_dir.log(
            "verified",
            part=self._name(path),
            sha256=digest,
            problem=task.problem.id,
            rollouts=len(verdicts),
            retries=len(retries),
            cpu_s=round(sum(it.cpu_ms + it.compared_ms for it in verdicts if it.duplicate_of is None) / 1000, 3),
            wall_s=round(time.monotonic() - started, 3),
        )
        self._observer.verified(task, verdicts)
        return verdicts

    # ---- survivors → translations ----

    async def _translate(
        self, problem: Problem, review: Review | None, sources: tuple[Survivor, ...], target: str
    ) -> None:
        """Candidates in `target` for the first of `sources`, round by round, until enough good ones are there.

        `sources` are all survivors of the problem: what they agree on, translations have to agree with.
        """
        problem = tests_for_translation(problem, review)
        if not translatable(problem, target):
            return
        survivor = sources[0]
        settings = self.config.translate
        sampling = translation_sampling(self.config)
        others = comparison_key(self.config, sources, survivor, review)
        wanted = specify(problem, survivor, language(target))
        rollouts: list[Rollout] = []
        verdicts: list[Verdict] = []
        failed: list[Verdict] = []
        for round_number in range(settings.repair_rounds + 1):
            asked = others if round_number else ""  # whom a repair is asked of depends on what was compared
            part = self.run_dir.translation(target, problem, survivor.code_sha256, round_number, "rollouts", asked)
            path = self.run_dir.translation(target, problem, survivor.code_sha256, round_number, "verdicts", others)
            resumed = self._resumed(part, path)
            if resumed is not None:
                new = resumed
            elif round_number == 0:
                request = translation_request(wanted, range(settings.n), settings.template)
                new = await self._sampled(part, request, sampling, self._translator)
            else:
                new = await self._repaired(part, wanted, failed, round_number)
            rollouts += new
            fresh = await self._verified(path, Task(problem, tuple(new), target, sources, settings.differential))
            verdicts += fresh
            selection = select(verdicts, self.config.rank, settings.keep)
            failed = [verdict for verdict in fresh if verdict.status not in _NOT_REPAIRED and verdict.code]
            if len(selection.kept) >= settings.keep or not failed:
                break
        self._kept(self.run_dir.translated(target, problem, survivor.code_sha256), selection, rollouts)

    async def _repaired(
        self, part: Path, wanted: Specification, failed: Sequence[Verdict], round_number: int
    ) -> list[Rollout]:
        """One answer to each failed candidate, which the model sees with what was wrong; named in `repair_of`."""
        first = self.config.translate.n * round_number
        started = time.monotonic()
        answers = await together(
            self._translator.sample(
                repair_request(wanted, verdict, range(first + place, first + place + 1)),
                translation_sampling(self.config),
            )
            for place, verdict in enumerate(failed)
        )
        rollouts = [
            rollout.model_copy(update={"repair_of": verdict.code_sha256})
            for answer, verdict in zip(answers, failed, strict=True)
            for rollout in answer
        ]
        sampling = translation_sampling(self.config)
        self._write_sampled(part, wanted.problem.id, rollouts, sampling, self._translator, started)
        return rollouts

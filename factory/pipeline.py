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
import uuid
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from factory import parts
from factory.config import Config, EngineConfig, RankConfig, SamplingConfig, ScrutinyConfig
from factory.errors import DamagedPart, FactoryError, InfrastructureError, PartError
from factory.filters.chain import Chain
from factory.filters.contamination import Contamination
from factory.filters.differential import differ
from factory.filters.scrutiny import cut_short, fingerprint, revised, scrutinise, unseen, worth_a_look
from factory.filters.select import Selection, select, survivors
from factory.languages import language
from factory.outcome import compared_with, put_before, translatable
from factory.records import Problem, Request, Rollout, Scrutiny, Status, Survivor, Verdict
from factory.rollouts import prompts
from factory.rollouts.engines import Engine, RequestRefused, open_engine
from factory.rollouts.extract import extract
from factory.run_dir import RunDir, slug
from factory.translate import Specification, complaint, specify

T = TypeVar("T")
R = TypeVar("R")
PROBLEMS_AT_ONCE = 64
"""Problems in flight: enough to keep an engine's queue full, few enough to keep memory small."""
_NOT_REPAIRED = {Status.PASSED, Status.CONTAMINATED}


@dataclass(frozen=True, slots=True)
class Task:
    """The unit of work: one problem's chunk of rollouts in one language."""

    problem: Problem
    rollouts: tuple[Rollout, ...]
    language: str
    sources: tuple[Survivor, ...] = ()
    """Of translations: the program they translate, then the other survivors of the problem."""
    inputs: int = 0
    """Of translations: generated inputs on which they are compared with their source, at most."""


def verify(chain: Chain, task: Task) -> list[Verdict]:
    """One verdict a rollout, in order. Runs in one process, which owns the chain's warm walls."""
    target = language(task.language)
    programs = [extract(rollout, task.problem, target) for rollout in task.rollouts]
    verdicts = chain.verify(task.problem, programs, task.language)
    return differ(chain, task.problem, task.sources, verdicts, task.inputs) if task.sources else verdicts


@dataclass(frozen=True, slots=True)
class Inspection:
    """The unit of the second look: the verdicts on one problem's Python rollouts that it is about."""

    problem: Problem
    verdicts: tuple[Verdict, ...]
    settings: ScrutinyConfig
    rank: RankConfig
    language: str = "python"


def inspect(chain: Chain, task: Inspection) -> Scrutiny:
    """The second look, in one process, which owns the chain's warm walls."""
    return scrutinise(chain, task.problem, task.verdicts, task.settings, task.rank)


class Executor(Protocol):
    async def run(self, work: Callable[[Any, T], R], task: T) -> R: ...


class Observer(Protocol):
    """Is told what happens, as it happens; a progress display or a test."""

    def sampled(self, rollout: Rollout) -> None: ...

    def verified(self, task: Task, verdicts: Sequence[Verdict]) -> None: ...

    def kept(self, survivors: Sequence[Survivor]) -> None: ...

    def note(self, line: str) -> None: ...


class Sampler:
    """An engine that is started when something is left to sample, and not before."""

    def __init__(self, config: EngineConfig, stack: AsyncExitStack, observer: Observer) -> None:
        self._config, self._stack, self._observer = config, stack, observer
        self._starting = asyncio.Lock()
        self._started = ""
        self._failure: FactoryError | None = None
        self.engine: Engine | None = None

    async def sample(self, request: Request, sampling: SamplingConfig) -> list[Rollout]:
        """All rollouts of `request`, by index. Raises RequestRefused, EngineError."""
        engine = await self._running()
        rollouts = []
        async for rollout in engine.sample(request, sampling):
            rollouts.append(rollout)
            self._observer.sampled(rollout)
        return sorted(rollouts, key=lambda rollout: rollout.index)

    async def _running(self) -> Engine:
        async with self._starting:
            if self._failure is not None:
                raise self._failure
            if self.engine is None:
                self._started = uuid.uuid4().hex
                self._observer.note(f"starting the engine: {describe(self._config)}")
                try:
                    self.engine = await self._stack.enter_async_context(open_engine(self._config))
                except FactoryError as error:
                    self._failure = error  # those who wait for it hear the same, instead of trying again
                    raise
            return self.engine

    def meter(self) -> dict[str, Any]:
        """What the engine has used since it started, for the ledger; `engine` tells starts apart."""
        if self.engine is None or self._config.kind == "replay":
            return {}  # a replay's tokens cost nothing and say nothing of speed
        meter = self.engine.meter
        seconds = {"engine_s": round(meter.elapsed_s, 3), "load_s": round(meter.load_s, 3)}
        return {"engine": self._started, **seconds, "gpus": meter.gpus, "cpus": meter.cpus}

    def trouble(self) -> dict[str, int]:
        """How often the engine was started again, and requests sent again, so far; for the ledger."""
        if self.engine is None:
            return {}
        return {"restarts": self.engine.meter.restarts, "retries": self.engine.meter.retries}


def describe(config: EngineConfig) -> str:
    return f"replay of {config.path}" if config.kind == "replay" else f"{config.kind}, {config.model}"


async def graded(executor: Executor, task: Task, note: Callable[[str], None]) -> list[Verdict]:
    """`verify` by an executor. A chunk that brings workers down is done again one rollout at a time.

    So only the guilty rollout is not graded, and has `infrastructure_error` for a verdict.
    """
    try:
        return await executor.run(verify, task)
    except InfrastructureError as error:
        note(f"one by one after a lost worker: {error}")
    verdicts: list[Verdict] = []
    total = len(task.problem.cases) + bool(task.problem.test_code)
    for rollout in task.rollouts:
        try:
            verdicts += await executor.run(verify, replace(task, rollouts=(rollout,)))
        except InfrastructureError as error:
            status = Status.INFRASTRUCTURE_ERROR
            verdicts.append(
                Verdict(task.problem.id, rollout.index, task.language, status, str(error), cases_total=total)
            )
    return verdicts


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
            survivors, scrutiny = await self._survivors(problem)
            translated = survivors[: self.config.translate.survivors]
            targets = self.config.translate.targets
            await together(
                self._translate(problem, scrutiny, (parent, *(it for it in survivors if it is not parent)), target)
                for target in targets
                for parent in translated
            )
        except* RequestRefused as refused:
            reason = reason_of(refused)
            self.run_dir.log("skipped", problem=problem.id, reason=reason)
            self._observer.note(f"skipped {problem.id}: {reason}")

    # ---- rollouts → verdicts → survivors ----

    async def _survivors(self, problem: Problem) -> tuple[tuple[Survivor, ...], Scrutiny | None]:
        chunks = await together(self._chunk(problem, indices) for indices in self._plan(problem))
        rollouts = [rollout for chunk, _ in chunks for rollout in chunk]
        verdicts = [verdict for _, chunk in chunks for verdict in chunk]
        scrutiny = await self._scrutinised(problem, verdicts)
        path = self.run_dir.survivors(problem, self.config.sampling.n)
        kept = self._kept(path, select(revised(verdicts, scrutiny), self.config.rank, scrutiny=scrutiny), rollouts)
        return kept, scrutiny

    async def _scrutinised(self, problem: Problem, verdicts: Sequence[Verdict]) -> Scrutiny | None:
        """The second look at what passed, taken now if its part is missing, damaged, of other verdicts, or cut short
        by our own failure; None where nothing passed.
        """
        if all(verdict.status is not Status.PASSED for verdict in verdicts):
            return None
        path = self.run_dir.scrutiny(problem, self.config.sampling.n)
        there = self._scrutiny_at(path)
        if there is None or there.fingerprint != fingerprint(verdicts) or cut_short(there):
            started = time.monotonic()
            settings, rank = self.config.scrutiny, self.config.rank
            task = Inspection(problem, worth_a_look(verdicts, settings, rank), settings, rank)
            try:
                found = await self._executor.run(inspect, task)
                there = replace(found, fingerprint=fingerprint(verdicts))
            except InfrastructureError as error:
                self._observer.note(f"{problem.id}: could not be looked at again, nothing of it is kept: {error}")
                there = unseen(problem, verdicts, str(error))
            digest = parts.write(path, Scrutiny, [there])
            self.run_dir.log(
                "scrutinised",
                part=self._name(path),
                sha256=digest,
                problem=problem.id,
                fallen=len(there.fallen),
                cpu_s=round(there.cpu_ms / 1000, 3),
                wall_s=round(time.monotonic() - started, 3),
            )
        return there

    def _scrutiny_at(self, path: Path) -> Scrutiny | None:
        if not path.exists():
            return None
        try:
            (there,) = parts.read(path, Scrutiny)
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
                aside = parts.set_aside(path)
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

        verdicts = self._benchmarks.screened(await graded(self._executor, task, again))
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
        self, problem: Problem, scrutiny: Scrutiny | None, sources: tuple[Survivor, ...], target: str
    ) -> None:
        """Candidates in `target` for the first of `sources`, round by round, until enough good ones are there.

        `sources` are all survivors of the problem: what they agree on, translations have to agree with.
        """
        problem = put_before(problem, scrutiny)
        if not translatable(problem, target):
            return
        survivor = sources[0]
        settings = self.config.translate
        sampling = translation_sampling(self.config)
        others = compared_with(self.config, sources, survivor, scrutiny)
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
                request = prompts.translation_request(
                    problem,
                    wanted.code,
                    wanted.parent,
                    target,
                    wanted.entry_name,
                    range(settings.n),
                    settings.template,
                    wanted.signature,
                )
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
        """One answer to each failed candidate, which is shown to the model with what was wrong; named in `mends`."""
        first = self.config.translate.n * round_number
        started = time.monotonic()
        answers = await together(
            self._translator.sample(
                prompts.repair_request(
                    wanted.problem,
                    verdict.code,
                    complaint(verdict),
                    wanted.parent,
                    wanted.language,
                    wanted.entry_name,
                    range(first + place, first + place + 1),
                    wanted.code,
                    wanted.signature,
                ),
                translation_sampling(self.config),
            )
            for place, verdict in enumerate(failed)
        )
        rollouts = [
            rollout.model_copy(update={"mends": verdict.code_sha256})
            for answer, verdict in zip(answers, failed, strict=True)
            for rollout in answer
        ]
        sampling = translation_sampling(self.config)
        self._write_sampled(part, wanted.problem.id, rollouts, sampling, self._translator, started)
        return rollouts


def _holds(path: Path, kept: tuple[Survivor, ...]) -> bool:
    try:
        return path.exists() and tuple(parts.read(path, Survivor)) == kept
    except PartError:
        return False


def translation_sampling(config: Config) -> SamplingConfig:
    """How translations are sampled: as rollouts are, but for what `translate` says itself."""
    settings = config.translate
    return config.sampling.model_copy(
        update={
            "n": settings.n,
            "mode": "chat",
            "temperature": settings.temperature,
            "max_tokens": settings.max_tokens,
            "stop": (),
        }
    )

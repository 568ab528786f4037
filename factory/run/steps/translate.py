"""Step five: each of the best survivors in another language, sampled, graded and selected the same way.

Promises: candidates for one source go round by round (`factory.translation.loop`), and from one of the config's
translators to the next, until enough good ones are there; every round's rollouts and verdicts are parts of their own.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path

from factory.config import Config, Generator
from factory.languages import language
from factory.records import Problem, Request, Review, Rollout, Survivor, Verdict
from factory.run.directory import RunDir
from factory.run.observer import Observer
from factory.run.reader import comparison_key
from factory.run.sampler import Hold, Sampler, Samplers
from factory.run.steps.grade import GradeStep
from factory.run.steps.sample import SampleStep
from factory.run.steps.select import SelectStep
from factory.run.store import PartStore
from factory.run.units import GradeUnit
from factory.selection.select import select
from factory.translation import Specification, specify
from factory.translation.loop import repair_requests, to_repair, translation_sampling
from factory.translation.prompts import translation_request
from factory.translation.tests import tests_for_translation, translatable


class TranslateStep:
    """Translates survivors of a problem."""

    def __init__(
        self,
        config: Config,
        run_dir: RunDir,
        store: PartStore,
        samplers: Samplers,
        grade: GradeStep,
        keep: SelectStep,
        observer: Observer,
    ) -> None:
        self._config, self._run_dir, self._grade, self._keep = config, run_dir, grade, keep
        self._translators = samplers.translations
        self._samples = {it: SampleStep(run_dir, store, it, observer) for it in self._translators}

    async def __call__(
        self,
        problem: Problem,
        review: Review | None,
        sources: Sequence[Survivor],
        target: str,
        hold: Hold,
    ) -> tuple[Survivor, ...]:
        """Translations to `target` of the first of `sources`; none where its tests cannot be asked of `target`.

        `sources` are all survivors of the problem. Of `hold`, engines are released when their last round has come, if
        there are as many as there may be.
        """
        problem = tests_for_translation(problem, review)
        if not translatable(problem, target):
            return ()
        source, settings = sources[0], self._config.translate
        wanted = specify(problem, source, language(target))
        others = comparison_key(self._config, sources, source, review)
        rollouts: list[Rollout] = []
        verdicts: list[Verdict] = []
        for sampler in self._translators:
            async with aclosing(self._rounds(sampler, wanted, source, others, hold)) as rounds:
                async for new, fresh in rounds:
                    rollouts, verdicts = rollouts + new, verdicts + fresh
                    selection = select(verdicts, self._config.rank, settings.keep)
                    if len(selection.kept) >= settings.keep:
                        break
            hold.release([sampler])
            # What one whose engine has died could have done is not known yet.
            if sampler.failure is not None or (verdicts and len(selection.kept) >= settings.keep):
                break
        if not verdicts:
            return ()
        path = self._run_dir.translated(target, problem, source.code_sha256)
        return await self._keep(path, problem.id, selection, rollouts)

    async def _rounds(
        self, sampler: Sampler, wanted: Specification, source: Survivor, others: str, hold: Hold
    ) -> AsyncGenerator[tuple[list[Rollout], list[Verdict]]]:
        """The candidates of one translator and their verdicts, round by round, as long as some may be repaired."""
        settings, generator = self._config.translate, sampler.generator
        failed: list[Verdict] = []
        for number in range(settings.repair_rounds + 1):
            graded = self._part(generator, wanted, number, "verdicts", others)
            new = await self._candidates(sampler, wanted, failed, number, others, graded)
            if number == settings.repair_rounds:
                hold.release([sampler])
            if new is None:
                return
            unit = GradeUnit(wanted.problem, tuple(new), wanted.language, source, settings.differential)
            fresh = await self._grade(graded, unit)
            yield new, fresh
            failed = to_repair(fresh)
            if not failed:
                return

    async def _candidates(
        self, sampler: Sampler, wanted: Specification, failed: Sequence[Verdict], number: int, others: str, graded: Path
    ) -> list[Rollout] | None:
        """The candidates of a round: in the first new translations, later repairs of `failed`. None if none came."""
        settings, generator = self._config.translate, sampler.generator

        def requests() -> list[Request]:
            if number == 0:
                return [translation_request(wanted, generator.indices(range(settings.n)), settings)]
            return repair_requests(wanted, failed, generator.first + settings.n * number, settings)

        # Which candidates a repair is asked for depends on what they were compared with.
        path = self._part(generator, wanted, number, "rollouts", others if number else "")
        sampling = translation_sampling(generator.sampling, settings)
        return await self._samples[sampler](path, graded, wanted.problem.id, sampling, requests)

    def _part(self, generator: Generator, wanted: Specification, number: int, kind: str, others: str) -> Path:
        where = wanted.language, wanted.problem, wanted.parent, number, kind, others
        return self._run_dir.translation(*where, generator.maker)

"""Step five: each of the best survivors in another language, sampled, graded and selected the same way.

Promises: candidates for one source go round by round (`factory.translation.loop`) until enough good ones are there;
every round's rollouts and verdicts are parts of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from factory.config import Config
from factory.languages import language
from factory.records import Problem, Request, Review, Rollout, Survivor, Verdict
from factory.run.directory import RunDir
from factory.run.reader import comparison_key
from factory.run.steps.grade import GradeStep
from factory.run.steps.sample import SampleStep
from factory.run.steps.select import SelectStep
from factory.run.units import GradeUnit
from factory.selection.select import select
from factory.translation import Specification, specify
from factory.translation.loop import repair_requests, to_repair, translation_sampling
from factory.translation.prompts import translation_request
from factory.translation.tests import tests_for_translation, translatable


class TranslateStep:
    """Translates survivors of a problem."""

    def __init__(self, config: Config, run_dir: RunDir, sample: SampleStep, grade: GradeStep, keep: SelectStep) -> None:
        self._config, self._run_dir = config, run_dir
        self._sample, self._grade, self._keep = sample, grade, keep
        self._sampling = translation_sampling(config)

    async def __call__(
        self,
        problem: Problem,
        review: Review | None,
        sources: Sequence[Survivor],
        target: str,
        all_came: Callable[[], None],
    ) -> tuple[Survivor, ...]:
        """Translations to `target` of the first of `sources`; none where its tests cannot be asked of `target`.

        `sources` are all survivors of the problem. `all_came` is called when the last round has come, if there are as
        many as there may be.
        """
        problem = tests_for_translation(problem, review)
        if not translatable(problem, target):
            return ()
        source, settings = sources[0], self._config.translate
        wanted = specify(problem, source, language(target))
        others = comparison_key(self._config, sources, source, review)
        rollouts: list[Rollout] = []
        verdicts: list[Verdict] = []
        failed: list[Verdict] = []
        for number in range(settings.repair_rounds + 1):
            graded = self._part(wanted, number, "verdicts", others)
            new = await self._candidates(wanted, failed, number, others, graded)
            if number == settings.repair_rounds:
                all_came()
            if new is None:
                if number == 0:
                    return ()
                break
            unit = GradeUnit(problem, tuple(new), target, source, settings.differential)
            fresh = await self._grade(graded, unit)
            rollouts, verdicts, failed = rollouts + new, verdicts + fresh, to_repair(fresh)
            selection = select(verdicts, self._config.rank, settings.keep)
            if len(selection.kept) >= settings.keep or not failed:
                break
        path = self._run_dir.translated(target, problem, source.code_sha256)
        return await self._keep(path, problem.id, selection, rollouts)

    async def _candidates(
        self, wanted: Specification, failed: Sequence[Verdict], number: int, others: str, graded: Path
    ) -> list[Rollout] | None:
        """The candidates of a round: in the first new translations, later repairs of `failed`. None if none came."""
        settings = self._config.translate

        def requests() -> list[Request]:
            if number == 0:
                return [translation_request(wanted, range(settings.n), settings)]
            return repair_requests(wanted, failed, settings.n * number, settings)

        # Which candidates a repair is asked for depends on what they were compared with.
        path = self._part(wanted, number, "rollouts", others if number else "")
        return await self._sample(path, graded, wanted.problem.id, self._sampling, requests)

    def _part(self, wanted: Specification, number: int, kind: str, others: str) -> Path:
        return self._run_dir.translation(wanted.language, wanted.problem, wanted.parent, number, kind, others)

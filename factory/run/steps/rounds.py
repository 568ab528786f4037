"""All rollouts of a problem with their verdicts: sampled and graded in rounds, as many as its plan asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from factory.config import SamplingConfig, VerifyConfig
from factory.records import Problem, Request, Rollout, Verdict
from factory.run.directory import RunDir
from factory.run.steps.grade import GradeStep
from factory.run.steps.plan import PlanStep
from factory.run.steps.sample import SampleStep, chunks
from factory.run.together import together
from factory.run.units import GradeUnit
from factory.sampling import prompts


class RoundsStep:
    """Each chunk is graded while others are sampled."""

    def __init__(
        self,
        sampling: SamplingConfig,
        verify: VerifyConfig,
        run_dir: RunDir,
        plan: PlanStep,
        sample: SampleStep,
        grade: GradeStep,
    ) -> None:
        self._sampling, self._verify, self._run_dir = sampling, verify, run_dir
        self._plan, self._sample, self._grade = plan, sample, grade

    async def __call__(
        self,
        problem: Problem,
        there: Sequence[range],
        came: Callable[[], None],
        all_came: Callable[[], None],
    ) -> tuple[list[Rollout] | None, list[Verdict]]:
        """All rollouts of the problem and their verdicts, in order; None where none has come.

        The chunks `there` are sampled already. Each is graded as soon as it is sampled, and `came` is called; when all
        that the plan asked for are graded, it may ask for more. `all_came` is called, perhaps, when the last has come.
        """
        done: dict[range, tuple[list[Rollout], list[Verdict]] | None] = {}
        rollouts: list[Rollout] = []
        verdicts: list[Verdict] = []
        try:
            async for wanted in self._plan.rounds(problem, rollouts, verdicts):
                known = sorted({*there, *done}, key=_bounds)
                new = [it for it in chunks(known, self._verify.chunk, wanted) if it not in done]
                awaited = set(new) if wanted >= self._plan.most else set()

                def one_came(indices: range, awaited: set[range] = awaited) -> None:
                    came()
                    if awaited == {indices}:
                        all_came()
                    awaited.discard(indices)

                done |= zip(new, await together(self._chunk(problem, it, one_came) for it in new), strict=True)
                graded = [found for indices in sorted(done, key=_bounds) if (found := done[indices]) is not None]
                rollouts[:] = [it for several, _ in graded for it in several]
                verdicts[:] = [it for _, several in graded for it in several]
        finally:
            self._plan.done(problem, rollouts)
        return rollouts if any(done.values()) else None, verdicts

    async def _chunk(
        self, problem: Problem, indices: range, came: Callable[[range], None]
    ) -> tuple[list[Rollout], list[Verdict]] | None:
        sampling, graded = self._sampling, self._run_dir.verdicts(problem, indices)

        def requests() -> list[Request]:
            return [prompts.python_request(problem, indices, sampling)]

        path = self._run_dir.rollouts(problem, indices)
        rollouts = await self._sample(path, graded, problem.id, sampling, requests)
        came(indices)
        if rollouts is None:
            return None
        return rollouts, await self._grade(graded, GradeUnit(problem, tuple(rollouts), "python"))


def _bounds(indices: range) -> tuple[int, int]:
    return indices.start, indices.stop

"""All rollouts of a problem with their verdicts: sampled and graded in rounds, as many as its plans ask for.

Promises: generators are asked in the order of their groups (`factory.sampling.plans.groups`), and whether a problem
climbs to the next one is decided when all verdicts on what it was given before are there. Rollouts that are there
count, whoever would be asked today.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from factory.config import Config, Generator
from factory.records import Problem, Request, Rollout, Verdict
from factory.run.directory import RunDir
from factory.run.observer import Observer
from factory.run.sampler import Hold, Samplers
from factory.run.steps.grade import GradeStep
from factory.run.steps.plan import PlanStep
from factory.run.steps.sample import SampleStep, chunks
from factory.run.store import PartStore
from factory.run.together import together
from factory.run.units import GradeUnit
from factory.sampling import prompts
from factory.sampling.plans import Group

_Graded = tuple[list[Rollout], list[Verdict]] | None


class RoundsStep:
    """Each chunk is graded while others are sampled."""

    def __init__(
        self,
        config: Config,
        run_dir: RunDir,
        store: PartStore,
        samplers: Samplers,
        plan: PlanStep,
        grade: GradeStep,
        observer: Observer,
    ) -> None:
        self._chunk_size, self._run_dir, self._samplers = config.verify.chunk, run_dir, samplers
        self._plan, self._grade = plan, grade
        self._samples = [SampleStep(run_dir, store, it, observer) for it in samplers.rollouts]

    async def __call__(
        self, problem: Problem, there: Sequence[range], came: Callable[[], None], hold: Hold
    ) -> tuple[list[Rollout] | None, list[Verdict]]:
        """All rollouts of the problem and their verdicts, in order; None where none has come.

        The chunks `there` are sampled already. Each is graded as soon as it is sampled, and `came` is called; when all
        that a plan asked for are graded, it may ask for more, or the next generators may. Of `hold`, engines are
        released that the problem asks no more.
        """
        done: dict[range, _Graded] = {}
        rollouts: list[Rollout] = []
        verdicts: list[Verdict] = []
        try:
            for group in self._plan.groups:
                own = [indices for indices in there if group.has(indices.start)]
                if own or (group.is_asked(verdicts) and not self._has_died(problem, done)):
                    await self._rounds(problem, group, own, done, rollouts, verdicts, came, hold)
                self._release(group, hold)
        finally:
            self._plan.done(problem, rollouts)
        return rollouts if any(done.values()) else None, verdicts

    def refusal(self, problem_id: str) -> str | None:
        """Why rollouts of a problem have not come: one reason, and None where an engine died."""
        return next((it.refusals[problem_id] for it in self._samples if problem_id in it.refusals), None)

    async def _rounds(
        self,
        problem: Problem,
        group: Group,
        there: Sequence[range],
        done: dict[range, _Graded],
        rollouts: list[Rollout],
        verdicts: list[Verdict],
        came: Callable[[], None],
        hold: Hold,
    ) -> None:
        """The rounds of one group, and what of it is `there`; keeps `done`, `rollouts` and `verdicts` up to date."""

        async def work(wanted: int, is_last: bool) -> None:
            new = self._new(group, [*there, *done], wanted)
            new = [(generator, indices) for generator, indices in new if indices not in done]
            awaited = {indices for _, indices in new}

            def one_came(indices: range) -> None:
                came()
                awaited.discard(indices)
                if is_last and not awaited:
                    self._release(group, hold)

            found = await together(self._chunk(problem, *it, one_came) for it in new)
            done.update(zip((indices for _, indices in new), found, strict=True))
            graded = [it for indices in sorted(done, key=_bounds) if (it := done[indices]) is not None]
            rollouts[:] = [it for several, _ in graded for it in several]
            verdicts[:] = [it for _, several in graded for it in several]

        async for wanted in self._plan.rounds(problem, group, rollouts, verdicts):
            await work(wanted, wanted >= group.plan.most)
        if not done.keys() >= set(there):
            await work(0, is_last=True)

    def _new(self, group: Group, there: Sequence[range], wanted: int) -> list[tuple[Generator, range]]:
        """The chunks of the first `wanted` rollouts of a group, those that are there among them."""
        found = []
        for generator, share in zip(group.generators, group.shares(wanted), strict=True):
            first = generator.first
            known = {range(it.start - first, it.stop - first) for it in there if self._made(generator, it)}
            own = chunks(sorted(known, key=_bounds), self._chunk_size, share)
            found += [(generator, generator.indices(it)) for it in own]
        return found

    def _made(self, generator: Generator, indices: range) -> bool:
        return len(self._samples) == 1 or generator.has(indices.start)

    def _has_died(self, problem: Problem, done: dict[range, _Graded]) -> bool:
        """Whether an engine has died that owes the problem rollouts: whether it climbs is not known yet."""
        dead = [it.generator for it in self._samplers.rollouts if it.failure is not None]
        owed = [(it, indices) for it in dead for indices in done if self._made(it, indices)]
        paths = (self._run_dir.rollouts(problem, indices, it.maker) for it, indices in owed)
        return any(done[indices] is None for _, indices in owed) or any(
            self._run_dir.journal(path).exists() for path in paths
        )

    def _release(self, group: Group, hold: Hold) -> None:
        """Let go of a group's engines, but for those that are asked again later."""
        samplers = [self._samplers.rollouts[it.place] for it in group.generators]
        hold.release(it for it in samplers if it not in self._samplers.later)

    async def _chunk(
        self, problem: Problem, generator: Generator, indices: range, came: Callable[[range], None]
    ) -> _Graded:
        graded = self._run_dir.verdicts(problem, indices, generator.maker)

        def requests() -> list[Request]:
            return [prompts.python_request(problem, indices, generator.sampling)]

        path = self._run_dir.rollouts(problem, indices, generator.maker)
        rollouts = await self._samples[generator.place](path, graded, problem.id, generator.sampling, requests)
        came(indices)
        if rollouts is None:
            return None
        return rollouts, await self._grade(graded, GradeUnit(problem, tuple(rollouts), "python"))


def _bounds(indices: range) -> tuple[int, int]:
    return indices.start, indices.stop

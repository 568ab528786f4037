"""Step one: rollouts. An engine answers requests; a part on disk answers for an engine.

Promises: a chunk of rollouts is one part; rollouts that are there are never asked for again, those of a part that was
not whole among them: each is in the part's journal as soon as it has come. A part is whole when every rollout that was
asked for has come. Where some have not, it holds the others, which are graded, and the next run asks for the rest.
Does not promise the same rollouts twice: those of a damaged part are sampled anew, and the part is kept beside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from factory.config import SamplingConfig
from factory.records import Request, Rollout, Unanswered
from factory.run.directory import RunDir
from factory.run.journal import Journal
from factory.run.observer import Observer
from factory.run.sampler import Sampler
from factory.run.store import Made, Part, PartStore
from factory.run.together import together


class SampleStep:
    """Gives the rollouts of a part, which `sampler` samples where they are not there."""

    def __init__(self, run_dir: RunDir, store: PartStore, sampler: Sampler, observer: Observer) -> None:
        self._run_dir, self._store, self.sampler, self._observer = run_dir, store, sampler, observer
        self.refusals: dict[str, str] = {}
        """Why rollouts of a problem have not come, by its id: one reason, and none where the engine died."""

    async def __call__(
        self,
        path: Path,
        graded: Path,
        problem_id: str,
        sampling: SamplingConfig,
        requests: Callable[[], Sequence[Request]],
    ) -> list[Rollout] | None:
        """The rollouts of the part at `path`, those that it lacks asked for by `requests`; None where none has come.

        `graded` is the part of their verdicts: it goes before other rollouts take the place of those it is about.
        Raises PartError, ConfigError.
        """
        journal = Journal(self._run_dir.journal(path))
        there: list[Rollout] = []
        lost: list[Unanswered] = []

        def is_whole(rollouts: list[Rollout]) -> bool:
            there.extend(rollouts)
            whole = not journal.exists()
            for rollout in rollouts if whole else ():
                self._observer.sampled(rollout)
            return whole

        async def make() -> Made[Rollout]:
            rollouts, missing = await self._ask(requests(), there, sampling, journal)
            lost.extend(missing)
            if missing and not rollouts:
                raise _NothingCame
            new = sorted(rollouts.keys() - {rollout.index for rollout in there})
            if new:
                self._store.drop(graded)
            made = [rollouts[index] for index in sorted(rollouts)]
            return Made(made, self._facts(made, [rollouts[index] for index in new], sampling))

        part = Part(path, Rollout, "sampled", problem_id, "sampled again", unique=True)
        try:
            found = await self._store.get_or_make(part, make, is_whole)
        except _NothingCame:
            found = None
        self.sampler.count(len(found or ()), lost)
        if not lost or found is None:
            journal.remove()  # only now: the part is on disk
        self._log_lost(path, problem_id, lost)
        return found

    async def _ask(
        self, requests: Sequence[Request], there: Sequence[Rollout], sampling: SamplingConfig, journal: Journal
    ) -> tuple[dict[int, Rollout], list[Unanswered]]:
        """All rollouts of `requests` by index, those `there` and in the journal among them, and what has not come."""
        rollouts = {rollout.index: rollout for rollout in journal.read() if _is_asked(rollout, requests)}
        if self.sampler.is_paid:
            journal.begin()
            for rollout in there:  # the part is about to be written anew
                if rollout.index not in rollouts:
                    journal.add(rollout)
        rollouts |= {rollout.index: rollout for rollout in there}
        for rollout in rollouts.values():
            self._observer.sampled(rollout)

        def keep(rollout: Rollout) -> None:
            rollouts[rollout.index] = rollout
            if self.sampler.is_paid:
                journal.add(rollout)
            self._observer.sampled(rollout)

        rest = [replace(it, indices=[index for index in it.indices if index not in rollouts]) for it in requests]
        lost = await together(self.sampler.sample(it, sampling, keep) for it in rest if it.indices)
        return rollouts, [one for several in lost for one in several]

    def _log_lost(self, path: Path, problem_id: str, lost: Sequence[Unanswered]) -> None:
        """What has not come, in the ledger; not what an engine that died did not get to."""
        if lost and self.sampler.failure is None:
            refused = sum(one.refused for one in lost)
            facts = {"refused": refused, "failed": len(lost) - refused, "reason": lost[0].reason}
            facts |= self.sampler.named()
            self.refusals[problem_id] = lost[0].reason
            self._run_dir.log("unanswered", of=self._run_dir.name(path), problem=problem_id, **facts)

    def _facts(self, rollouts: Sequence[Rollout], new: Sequence[Rollout], sampling: SamplingConfig) -> dict[str, Any]:
        """What the ledger says of a part; counts are of the rollouts that it has not counted before."""
        indices = [rollout.index for rollout in rollouts]
        return {
            "rollouts": len(new),
            "indices": [min(indices), max(indices)] if indices else [],
            "models": sorted({rollout.model or "" for rollout in rollouts}),
            "templates": sorted({rollout.template or "" for rollout in rollouts}),
            "sampling": sampling.model_dump(mode="json", exclude={"n", "plan", "budget"}, exclude_defaults=True),
            "prompt_tokens": sum(rollout.prompt_tokens or 0 for rollout in new),
            "completion_tokens": sum(rollout.completion_tokens or 0 for rollout in new),
            **self.sampler.facts(),
        }


def _is_asked(rollout: Rollout, requests: Sequence[Request]) -> bool:
    """Whether a rollout of a journal is an answer to one of `requests`, and not of another part."""
    own = rollout.problem_id, rollout.language, rollout.parent, rollout.repair_of
    return any(
        own == (it.problem_id, it.language, it.parent, it.repair_of) and rollout.index in it.indices for it in requests
    )


class _NothingCame(Exception):
    """No rollout of a part has come, so that there is no part."""


def chunks(there: Sequence[range], size: int, total: int) -> list[range]:
    """The chunks of `total` rollouts: those `there`, ascending, and between them new ones of at most `size`."""
    plan, at = [], 0
    for known in [*there, range(total, total)]:
        while at < known.start:
            stop = min((at // size + 1) * size, known.start)
            plan.append(range(at, stop))
            at = stop
        if known:
            plan.append(known)
        at = max(at, known.stop)
    return plan

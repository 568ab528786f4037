"""How many rollouts a problem gets, round by round, and what was decided in the ledger.

Promises: a plan decides from the verdicts on its first rollouts and on those of earlier generators, and is asked again
when those that it asked for are graded. A run that is resumed makes the same decisions from the same verdicts, and
writes none twice. Where a round has brought nothing (all is refused, the engine has died, or no more are recorded)
there is no further one. Where the run has a budget, each round but a problem's first waits for its turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from factory.config import AdaptivePlan, Config, ReplayEngine
from factory.records import Problem, Rollout, Verdict
from factory.run.budget import SliceBudget
from factory.run.directory import RunDir
from factory.sampling.plans import Decision, Group, Seen, Why, ask, budget_spent, charge_of, groups_of, none_recorded


class PlanStep:
    """Gives the rounds of every problem. `at_once` is held by the caller, and free for others while a problem waits."""

    def __init__(self, config: Config, run_dir: RunDir, budget: SliceBudget | None, at_once: asyncio.Semaphore) -> None:
        self._run_dir, self._budget, self._at_once = run_dir, budget, at_once
        self.groups = groups_of(config)
        self._charge = charge_of(config.sampling.budget, config.asked)

    async def rounds(
        self, problem: Problem, group: Group, rollouts: Sequence[Rollout], verdicts: Sequence[Verdict]
    ) -> AsyncIterator[int]:
        """How many rollouts of `group` the problem shall have; again, and more, once these have come and are graded.

        The caller keeps `rollouts` and `verdicts`, of all groups, up to date, and calls `done` when all have ended.
        """
        earlier = [verdict for verdict in verdicts if not group.has(verdict.index)]
        before, at = 0, group.plan.first()
        if group is not self.groups[0] and self._budget is not None:
            first = Decision(0, at, Why.GOES_ON, Seen.of(earlier))  # as good as those before, for all that is known
            if not await self._has_turn(problem, group, first, rollouts, rollouts):
                self._log(problem, group, budget_spent(first))
                return
        while at > before:
            yield at
            own = [verdict for verdict in verdicts if group.covers(verdict.index, at)]
            if all(group.covers(verdict.index, before) for verdict in own):
                if all(isinstance(it.engine, ReplayEngine) for it in group.generators):
                    self._log(problem, group, none_recorded(at, own))
                return
            decision = group.plan.decide(at, own, earlier)
            asked = [it for it in rollouts if group.covers(it.index, at)]
            if decision.until > at and not await self._has_turn(problem, group, decision, asked, rollouts):
                decision = budget_spent(decision)
            self._log(problem, group, decision)
            before, at = at, decision.until

    def done(self, problem: Problem, rollouts: Sequence[Rollout]) -> None:
        """The problem gets no more rollouts than these."""
        if self._budget is not None:
            self._budget.leave(problem.id, self._charge.total(rollouts))

    async def _has_turn(
        self, problem: Problem, group: Group, decision: Decision, own: Sequence[Rollout], rollouts: Sequence[Rollout]
    ) -> bool:
        """Whether the problem gets the round that its plan asks for: at once where there is no budget.

        What the round takes is expected from `own` rollouts; all that the problem has are `rollouts`.
        """
        plan = group.settings.plan
        if self._budget is None or not isinstance(plan, AdaptivePlan):
            return True
        later = [it for it in rollouts if group.has(it.index) and not group.covers(it.index, decision.at)]
        cost = self._charge.total(rollouts) - self._charge.total(later)
        asked = ask(self._budget.order(problem.id), decision, self._charge.total(own), plan.stop.survivors)
        self._at_once.release()
        try:
            return await self._budget.turn(problem.id, asked, cost)
        finally:
            await self._at_once.acquire()

    def _log(self, problem: Problem, group: Group, decision: Decision) -> None:
        known = self._run_dir.written.planned.get((problem.id, group.name), (-1, -1))
        made = decision.at, decision.until
        new = made[0] > known[0] or (made[0] == known[0] and made != known)
        if new and isinstance(group.settings.plan, AdaptivePlan):
            named = {} if group.alone else {"generators": group.name}
            self._run_dir.log("planned", problem=problem.id, **named, **decision.as_facts())

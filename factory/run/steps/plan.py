"""How many rollouts a problem gets, round by round, and what was decided in the ledger.

Promises: a plan decides from the verdicts on all rollouts below an index, and is asked again when those that it asked
for are graded. A run that is resumed makes the same decisions from the same verdicts, and writes none twice. Where a
round has brought nothing (all is refused, the engine has died, or no more are recorded) there is no further one. Where
the run has a budget, each round but the first waits for its turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from factory.config import AdaptivePlan, Config, ReplayEngine
from factory.records import Problem, Rollout, Verdict
from factory.run.budget import SliceBudget
from factory.run.directory import RunDir
from factory.sampling.plans import Decision, ask, budget_spent, charge_of, none_recorded, plan_of


class PlanStep:
    """Gives the rounds of every problem. `at_once` is held by the caller, and free for others while a problem waits."""

    def __init__(self, config: Config, run_dir: RunDir, budget: SliceBudget | None, at_once: asyncio.Semaphore) -> None:
        self._run_dir, self._budget, self._at_once = run_dir, budget, at_once
        self._plan, self._config = plan_of(config.sampling), config.sampling.plan
        self._charge = charge_of(config.sampling.budget, config.engine.price)
        self._is_replay = isinstance(config.engine, ReplayEngine)

    @property
    def most(self) -> int:
        """Rollouts that no problem gets more of."""
        return self._plan.most

    async def rounds(
        self, problem: Problem, rollouts: Sequence[Rollout], verdicts: Sequence[Verdict]
    ) -> AsyncIterator[int]:
        """How many rollouts the problem shall have; again, and more, once these have come and are graded.

        The caller keeps `rollouts` and `verdicts` up to date, in the order of indices, and calls `done` at the end.
        """
        before, at = 0, self._plan.first()
        while at > before:
            yield at
            if not any(before <= verdict.index < at for verdict in verdicts):
                if self._is_replay:
                    self._log(problem, none_recorded(at, verdicts))
                return
            decision = self._plan.decide(at, [verdict for verdict in verdicts if verdict.index < at])
            if decision.until > at and not await self._has_turn(problem, decision, rollouts):
                decision = budget_spent(decision)
            self._log(problem, decision)
            before, at = at, decision.until

    def done(self, problem: Problem, rollouts: Sequence[Rollout]) -> None:
        """The problem gets no more rollouts than these."""
        if self._budget is not None:
            self._budget.leave(problem.id, sum(map(self._charge.of, rollouts)))

    async def _has_turn(self, problem: Problem, decision: Decision, rollouts: Sequence[Rollout]) -> bool:
        """Whether the problem gets the round that its plan asks for: at once where there is no budget."""
        if self._budget is None or not isinstance(self._config, AdaptivePlan):
            return True
        cost = sum(self._charge.of(it) for it in rollouts if it.index < decision.at)
        asked = ask(self._budget.order(problem.id), decision, cost, self._config.stop.survivors)
        self._at_once.release()
        try:
            return await self._budget.turn(problem.id, asked, cost)
        finally:
            await self._at_once.acquire()

    def _log(self, problem: Problem, decision: Decision) -> None:
        known = self._run_dir.written.planned.get(problem.id, (-1, -1))
        made = decision.at, decision.until
        new = made[0] > known[0] or (made[0] == known[0] and made != known)
        if new and isinstance(self._config, AdaptivePlan):
            self._run_dir.log("planned", problem=problem.id, **decision.as_facts())

"""How many rollouts a problem gets, round by round, and what was decided in the ledger.

Promises: a plan decides from the verdicts on all rollouts below an index, and is asked again when those that it asked
for are graded. A run that is resumed makes the same decisions from the same verdicts, and writes none twice. Where a
round has brought nothing (all is refused, the engine has died, or no more are recorded) there is no further one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from factory.config import Config, FixedPlan, ReplayEngine
from factory.records import Problem, Verdict
from factory.run.directory import RunDir
from factory.sampling.plans import Decision, none_recorded, plan_of


class PlanStep:
    """Gives the rounds of every problem."""

    def __init__(self, config: Config, run_dir: RunDir) -> None:
        self._run_dir, self._plan = run_dir, plan_of(config.sampling)
        self._is_logged = not isinstance(config.sampling.plan, FixedPlan)
        self._is_replay = isinstance(config.engine, ReplayEngine)

    def rounds(self, problem: Problem, verdicts: Sequence[Verdict]) -> Iterator[int]:
        """How many rollouts the problem shall have; again, and more, once `verdicts` has those on all of them.

        The caller keeps `verdicts` up to date, in the order of indices.
        """
        before, at = 0, self._plan.first()
        while at > before:
            yield at
            if not any(before <= verdict.index < at for verdict in verdicts):
                if self._is_replay:
                    self._log(problem, none_recorded(at, verdicts))
                return
            decision = self._plan.decide(at, [verdict for verdict in verdicts if verdict.index < at])
            self._log(problem, decision)
            before, at = at, decision.until

    def _log(self, problem: Problem, decision: Decision) -> None:
        known = self._run_dir.written.planned.get(problem.id, (-1, -1))
        made = decision.at, decision.until
        if self._is_logged and (made[0] > known[0] or (made[0] == known[0] and made != known)):
            self._run_dir.log("planned", problem=problem.id, **decision.as_facts())

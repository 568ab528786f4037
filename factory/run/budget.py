"""What a run may spend, shared out over its slices and, in each, given to the problems that are worth most.

A slice has a `SliceBudget`: its share, by the number of its problems, and what the slice before it has left. Promises:
what a problem gets follows from the rollouts of its slice and of those before it, and not from when they came. So a
slice gives out its rounds only when the one before it has no more to sample; first rounds are outside of that, and keep
the engine busy meanwhile. A budget in GPU-hours is one in tokens, by a rate that is measured once, when a slice first
gives out rounds, and kept in that slice's ledger: a run that is resumed goes by the same.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from functools import partial

from factory.config import BudgetConfig, Config
from factory.errors import ConfigError
from factory.report.cost import Account
from factory.run.directory import RunDir
from factory.run.slices import Slice
from factory.sampling.plans import UNITS_A_DOLLAR, Ask, next_wave


class Budget:
    """The budgets of the slices `parts` of a run, which is worked off by this process alone."""

    def __init__(self, config: Config, parts: Sequence[Slice]) -> None:
        self._slices: dict[int, SliceBudget] = {}
        if config.sampling.budget is None:
            return
        whole = _Whole(config.sampling.budget, [part.dir for part in parts])
        total = sum(len(part.problems) for part in parts)
        below, before = 0, None
        for part in parts:
            share = partial(whole.share, part.dir, below, below + len(part.problems), total)
            below += len(part.problems)
            budget = SliceBudget(part.dir, [problem.id for problem in part.problems], share)
            if before is None:
                budget.receive(0)
            else:
                before.then = budget
            before = self._slices[part.number] = budget

    def of(self, part: Slice) -> SliceBudget | None:
        """The budget of a slice; None where the run has no budget."""
        return self._slices.get(part.number)

    def close(self, part: Slice) -> None:
        """Nothing more is sampled of a slice, whatever the reason."""
        if part.number in self._slices:
            self._slices[part.number].close()


class _Whole:
    """The budget of a whole run, in the units that `Charge` counts; `dirs` are those of its slices, in order."""

    def __init__(self, budget: BudgetConfig, dirs: Sequence[RunDir]) -> None:
        self._budget, self._dirs = budget, dirs
        self._units: int | None = None
        if budget.tokens is not None:
            self._units = budget.tokens
        elif budget.usd is not None:
            self._units = round(budget.usd * UNITS_A_DOLLAR)

    def share(self, run_dir: RunDir, below: int, until: int, total: int) -> int:
        """Of the problems from `below` to `until`, of `total`. Raises ConfigError where the engine holds no GPU."""
        if self._units is None:
            self._units = self._by_rate(run_dir)
        units = self._units or 0  # where nothing was sampled, there is nothing to share out
        return units * until // total - units * below // total

    def _by_rate(self, run_dir: RunDir) -> int | None:
        """The tokens of the GPU-hours, by the rate in the ledgers up to that of `run_dir`, which else gets it."""
        hours = self._budget.gpu_hours or 0.0
        before = self._dirs[: self._dirs.index(run_dir) + 1]
        rate = next((found for it in before if (found := it.written.rate)), None) or self._measured(run_dir)
        if rate is None:
            return None
        return max(math.floor((hours * 3600 - rate["load_gpu_s"]) / rate["gpu_s"] * rate["tokens"]), 0)

    def _measured(self, run_dir: RunDir) -> dict[str, float] | None:
        """Tokens of answers, and GPU-seconds of sampling and of loading, until now; None where there are no tokens."""
        account = Account()
        for it in self._dirs:
            if it.ledger().path.exists():
                account.merge(Account(it.ledger()))
        cost = account.cost()
        if not cost.completion_tokens:
            return None
        if not cost.gpu_s:
            message = "the engine holds no GPU, so that no GPU-hours pass; remedy: sampling.budget.tokens"
            raise ConfigError(f"sampling.budget.gpu_hours: {message}")
        load = round(cost.gpu_held_s - cost.gpu_s, 3)
        run_dir.log("rate", tokens=cost.completion_tokens, gpu_s=cost.gpu_s, load_gpu_s=load)
        return {"tokens": cost.completion_tokens, "gpu_s": cost.gpu_s, "load_gpu_s": load}


class SliceBudget:
    """What a slice, whose directory is `run_dir`, may spend on the rollouts of `problems`.

    Costs, and the `share` that is known as soon as rounds are given out, are in the units of `Charge`.
    """

    def __init__(self, run_dir: RunDir, problems: Sequence[str], share: Callable[[], int]) -> None:
        self._run_dir, self._share = run_dir, share
        self._order = {name: at for at, name in enumerate(problems)}
        self._cost: dict[str, int] = {}
        """Spent on each problem, as far as it has said."""
        self._waiting: dict[int, tuple[Ask, asyncio.Future[bool]]] = {}
        self._ended: set[str] = set()
        self._carried: int | None = None
        """What the slice before has left; None while that is not known."""
        self._spent = self._closed = False
        self.then: SliceBudget | None = None
        """Of the next slice."""

    def order(self, problem_id: str) -> int:
        return self._order[problem_id]

    async def turn(self, problem_id: str, asked: Ask, cost: int) -> bool:
        """Wait for the next round of a problem, which has cost so much; whether it gets it."""
        self._cost[problem_id] = cost
        granted = asyncio.get_running_loop().create_future()
        self._waiting[asked.order] = asked, granted
        self._give()
        return bool(await granted)

    def leave(self, problem_id: str, cost: int) -> None:
        """A problem gets no more rollouts, and those there have cost so much."""
        self._cost[problem_id] = cost
        self._ended.add(problem_id)
        if len(self._ended) == len(self._order):
            self.close()
        else:
            self._give()

    def receive(self, units: int) -> None:
        """Take what the slice before has left, which is less than nothing where its answers were long."""
        if self._carried is None:
            self._carried = units
            self._give()
            if self._closed:
                self._pass_on()

    def close(self) -> None:
        """Nothing more is sampled: what is left goes to the next slice."""
        if not self._closed:
            self._closed = True
            self._pass_on()

    def _left(self) -> int:
        return self._share() + (self._carried or 0) - sum(self._cost.values())

    def _give(self) -> None:
        """Give out the next wave, when every problem that may get more rollouts waits for them."""
        if self._carried is None or not self._waiting or len(self._waiting) + len(self._ended) < len(self._order):
            return
        wave: list[Ask] = []
        if not self._spent:
            wave, self._spent = next_wave((asked for asked, _ in self._waiting.values()), self._left())
        given = [self._waiting.pop(one.order)[1] for one in wave]
        refused = [self._waiting.pop(at)[1] for at in [*self._waiting]] if self._spent else []
        for future, granted in [*((it, True) for it in given), *((it, False) for it in refused)]:
            if not future.done():
                future.set_result(granted)

    def _pass_on(self) -> None:
        if self.then is None:
            return
        if not self._cost and (recorded := self._run_dir.written.budget_left) is not None:
            self.then.receive(recorded)  # a slice that was sealed before
        elif self._carried is not None:
            if self._run_dir.written.budget_left != self._left():
                self._run_dir.log("budget", share=self._share(), carried=self._carried, left=self._left())
            self.then.receive(self._left())

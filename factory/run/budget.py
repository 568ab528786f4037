"""The tokens that a run may spend, shared out over its slices and, in each, given to the problems that are worth most.

A slice has a `SliceBudget`: its share, by the number of its problems, and what the slice before it has left. Promises:
what a problem gets follows from the rollouts of its slice and of those before it, and not from when they came. So a
slice gives out its rounds only when the one before it has no more to sample; first rounds are outside of that, and keep
the engine busy meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from factory.config import Config
from factory.run.directory import RunDir
from factory.run.slices import Slice
from factory.sampling.plans import Ask, next_wave


class Budget:
    """The budgets of the slices `parts` of a run, which is worked off by this process alone."""

    def __init__(self, config: Config, parts: Sequence[Slice]) -> None:
        self._slices: dict[int, SliceBudget] = {}
        if config.sampling.budget is None:
            return
        total, tokens = sum(len(part.problems) for part in parts), config.sampling.budget.tokens
        below, before = 0, None
        for part in parts:
            share = tokens * (below + len(part.problems)) // total - tokens * below // total
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


class SliceBudget:
    """What a slice, whose directory is `run_dir`, may spend on the rollouts of `problems`."""

    def __init__(self, run_dir: RunDir, problems: Sequence[str], share: int) -> None:
        self._run_dir, self._share = run_dir, share
        self._order = {name: at for at, name in enumerate(problems)}
        self._tokens: dict[str, int] = {}
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

    async def turn(self, problem_id: str, asked: Ask, tokens: int) -> bool:
        """Wait for the next round of a problem, on which `tokens` were spent; whether it gets it."""
        self._tokens[problem_id] = tokens
        granted = asyncio.get_running_loop().create_future()
        self._waiting[asked.order] = asked, granted
        self._give()
        return bool(await granted)

    def leave(self, problem_id: str, tokens: int) -> None:
        """A problem gets no more rollouts, of which those there are took `tokens`."""
        self._tokens[problem_id] = tokens
        self._ended.add(problem_id)
        if len(self._ended) == len(self._order):
            self.close()
        else:
            self._give()

    def receive(self, tokens: int) -> None:
        """Take what the slice before has left, which is less than nothing where its answers were long."""
        if self._carried is None:
            self._carried = tokens
            self._give()
            if self._closed:
                self._pass_on()

    def close(self) -> None:
        """Nothing more is sampled: what is left goes to the next slice."""
        if not self._closed:
            self._closed = True
            self._pass_on()

    def _left(self) -> int:
        return self._share + (self._carried or 0) - sum(self._tokens.values())

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
        if not self._tokens and (recorded := self._run_dir.written.budget_left) is not None:
            self.then.receive(recorded)  # a slice that was sealed before
        elif self._carried is not None:
            if self._run_dir.written.budget_left != self._left():
                self._run_dir.log("budget", share=self._share, carried=self._carried, left=self._left())
            self.then.receive(self._left())

"""What has come of one request so far: the indices that are still to be asked for, and those that were lost.

Promises: an index is lost alone. One whose answer was unusable is asked for again, up to `TRIES` times in all; one
that was refused, too, as long as others of the same request are answered. Where none is, and `ENOUGH` are lost, the
request is at fault: the rest is not asked for.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence

from factory.records import Request, Unanswered
from factory.sampling.engines.base import TRIES

ENOUGH = 8
"""Rollouts of one request that are lost before it is given up, if none has come."""


class Order:
    """A request while it is being worked on."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.answered = 0
        self.singly = False
        """Whether its rollouts are asked for one by one."""
        self._pending = deque(sorted(request.indices))
        self._lost: dict[int, Unanswered] = {}
        self._tries: Counter[int] = Counter()

    def rounds(self) -> Iterator[int]:
        """How many indices are to be asked for, again and again until there are none. Each is asked for meanwhile."""
        while self._pending and not self._is_hopeless():
            yield len(self._pending)
            self._pending += [index for index in self._lost if self._may_come(index)]

    def take(self, most: int) -> list[int]:
        """The next indices, which the caller asks for; none where there are none, or no hope."""
        if self._is_hopeless():
            return []
        return [self._pending.popleft() for _ in range(min(1 if self.singly else most, len(self._pending)))]

    def put_back(self, indices: Sequence[int]) -> None:
        """These were taken, and are still to be asked for."""
        self._pending.extendleft(reversed(indices))

    def came(self, index: int) -> None:
        self.answered += 1
        self._lost.pop(index, None)

    def lose(self, index: int, reason: str, refused: bool, tries: int = 1) -> None:
        """The index was asked for `tries` times without an answer."""
        self._lost[index] = Unanswered(self.request.problem_id, index, reason, refused)
        self._tries[index] += tries

    def unanswered(self) -> list[Unanswered]:
        """What did not come, by index: what was lost, and what was not asked for since all of the others were."""
        for last in [*self._lost.values()][-1:]:
            for index in self._pending:
                self.lose(index, last.reason, last.refused)
        return sorted(self._lost.values(), key=lambda one: one.index)

    def _may_come(self, index: int) -> bool:
        return self._tries[index] < TRIES and (self.answered > 0 or not self._lost[index].refused)

    def _is_hopeless(self) -> bool:
        return not self.answered and sum(not self._may_come(index) for index in self._lost) >= ENOUGH

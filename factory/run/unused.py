"""Rows of a file of rollouts that are not used: counted by reason, so that one bad row costs only its own.

Promises: a row that is no rollout is counted; a rollout of a refused problem is counted apart from one of a problem
that was never given. Where no rollout's problem was given at all, the file does not belong to the problems, which is an
error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from factory.config import ReplayEngine
from factory.errors import RolloutError
from factory.records import Rollout
from factory.run.load_problems import LoadedProblems
from factory.sampling.rollout_files import Unread, read_rollouts


class Unused:
    """Counts rollouts whose problem is refused or unknown, as `reason` is asked about each."""

    def __init__(self, loaded: LoadedProblems) -> None:
        self._known = {refusal.id: f"their problem is refused: {refusal}" for refusal in loaded.refused if refusal.id}
        self._known |= {problem.id: "" for problem in loaded.problems}
        self._strangers: dict[str, None] = {}
        """The first ids that no problem has, in order."""
        self._unread: Unread | None = None
        self._met = 0
        self.counts: Counter[str] = Counter()

    def reason(self, problem_id: str) -> str:
        """Why a rollout of this problem is not used, which is counted; "" where it is."""
        if problem_id in self._known:
            self._met += 1
            reason = self._known[problem_id]
        else:
            if len(self._strangers) < 3:
                self._strangers[problem_id] = None
            reason = f"their problem_id is not among the problems (the first: {next(iter(self._strangers))!r})"
        if reason:
            self.counts[reason] += 1
        return reason

    def readable(self, found: Iterable[Rollout | Unread]) -> Iterator[Rollout]:
        """The rollouts in `found`; rows that are none are counted."""
        for one in found:
            if isinstance(one, Unread):
                self._unread = self._unread or one
                self.counts[f"their row is no rollout (the first: {self._unread})"] += 1
            else:
                yield one

    def refuse_strangers(self, path: Path | str) -> None:
        """Raise RolloutError if rollouts came, and none was of a problem that was given."""
        if self._strangers and not self._met:
            given, known = (", ".join(map(repr, list(ids)[:3])) or "none" for ids in (self._strangers, self._known))
            raise RolloutError(
                f"{path}: problem_id: no rollout is of a problem that is given: the rollouts are of {given}, …, the "
                f"problems are {known}, …; remedy: give the problems that these rollouts answer, or map the ids"
            )


def count_unused(engine: ReplayEngine, loaded: LoadedProblems, say: Callable[[str], None]) -> Counter[str]:
    """The recorded rollouts that a run on these problems does not use, by reason. Raises RolloutError.

    `say` gets a line for the user where rollouts go by position.
    """
    unused = Unused(loaded)
    for rollout in unused.readable(read_rollouts(engine.path, engine.mapping, loaded.order, say)):
        unused.reason(rollout.problem_id)
    unused.refuse_strangers(engine.path)
    return unused.counts

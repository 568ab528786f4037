"""Rollouts from a file that belong to no problem in use: counted by reason, so that one bad row costs only its own.

Promises: a rollout of a refused problem is counted apart from one of a problem that was never given. Where no
rollout's problem was given at all, the file does not belong to the problems, which is an error.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from factory.errors import RolloutError
from factory.run.load_problems import LoadedProblems
from factory.sampling.rollout_files import read_rollouts


class Unused:
    """Counts rollouts whose problem is refused or unknown, as `reason` is asked about each."""

    def __init__(self, loaded: LoadedProblems) -> None:
        self._known = {refusal.id: f"their problem is refused: {refusal}" for refusal in loaded.refused if refusal.id}
        self._known |= {problem.id: "" for problem in loaded.problems}
        self._strangers: list[str] = []
        self._met = 0
        self.counts: Counter[str] = Counter()

    def reason(self, problem_id: str) -> str:
        """Why a rollout of this problem is not used, which is counted; "" where it is."""
        if problem_id in self._known:
            self._met += 1
            reason = self._known[problem_id]
        else:
            self._strangers = self._strangers or [problem_id]
            reason = f"their problem_id is not among the problems (the first: {self._strangers[0]!r})"
        if reason:
            self.counts[reason] += 1
        return reason

    def refuse_strangers(self, path: Path) -> None:
        """Raise RolloutError if rollouts came, and none was of a problem that was given."""
        if self._strangers and not self._met:
            some = ", ".join(map(repr, list(self._known)[:3]))
            raise RolloutError(
                f"{path}: problem_id: {self._strangers[0]!r} is not among the problems ({some}, …), nor is any other; "
                "remedy: give the problems that these rollouts answer"
            )


def count_unused(path: Path, loaded: LoadedProblems) -> Counter[str]:
    """The rollouts of a file that a run on these problems does not use, by reason. Raises RolloutError."""
    unused = Unused(loaded)
    for rollout in read_rollouts(path):
        unused.reason(rollout.problem_id)
    unused.refuse_strangers(path)
    return unused.counts

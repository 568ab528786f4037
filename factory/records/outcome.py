"""All that one problem came to."""

from __future__ import annotations

from dataclasses import dataclass

from factory.records.base import LanguageName
from factory.records.problem import Problem
from factory.records.review import Review
from factory.records.rollout import Rollout
from factory.records.survivor import Survivor
from factory.records.verdict import Verdict


@dataclass(frozen=True, slots=True)
class ProblemOutcome:
    """All that one problem came to: survivors, each program followed by its translations, and graded rollouts."""

    problem: Problem
    survivors: tuple[Survivor, ...]
    graded: tuple[tuple[Rollout, Verdict], ...] = ()
    """Every rollout, of every language, with its verdict; left empty where nobody needs them."""
    left_out: tuple[tuple[Survivor, str], ...] = ()
    """Survivors that are not shipped, and why."""
    review: Review | None = None
    translated: Problem | None = None
    """The problem as translations were put before it; None is the same one."""

    def tests_for(self, language: LanguageName) -> Problem:
        """The problem with the tests that programs in `language` had to pass."""
        return self.problem if language == "python" or self.translated is None else self.translated

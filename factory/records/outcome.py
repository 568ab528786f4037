"""All that one problem came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from factory.records.base import LanguageName
from factory.records.problem import Problem
from factory.records.review import Review
from factory.records.rollout import Message, Rollout
from factory.records.survivor import Survivor
from factory.records.verdict import Verdict

Question = tuple[LanguageName, str | None, str | None]
"""What tells the prompts of one problem apart: language, `parent` and `repair_of` of a rollout or survivor."""
Answered = tuple[LanguageName, str | None, int]
"""What tells the rollouts of one problem apart: language, `parent` and index."""


@dataclass(frozen=True, slots=True)
class ProblemOutcome:
    """All that one problem came to: survivors, each program followed by its translations, and graded rollouts."""

    problem: Problem
    survivors: tuple[Survivor, ...]
    graded: tuple[tuple[Rollout, Verdict], ...] = ()
    """Every rollout, of every language, with its verdict; left empty where no one needs them."""
    left_out: tuple[tuple[Survivor, str], ...] = ()
    """Survivors that are not shipped, and why."""
    review: Review | None = None
    translated: Problem | None = None
    """The problem as translations were put before it; None is the same one."""
    limits: Mapping[str, JsonValue] = field(default_factory=dict)
    """What a program of the problem might use, by the config's names: its limits with the problem's own put over them.
    `cpu_s` is "auto" where it was measured.
    """
    teachers: Mapping[str, Mapping[str, JsonValue]] = field(default_factory=dict)
    """What rows say of each generator, by its name; empty where the run has one engine."""
    sandbox: Mapping[str, JsonValue] = field(default_factory=dict)
    """What of the config's `sandbox` a verdict may depend on."""

    asked: Mapping[Question, tuple[Message, ...]] | None = None
    """The messages that each of the rollouts was asked with; None where shards ask the plain task instead."""
    full: Mapping[Answered, str] = field(default_factory=dict)
    """Whole answers, reasoning and prose included, that may be taught in place of the program alone."""

    def tests_for(self, language: LanguageName) -> Problem:
        """The problem with the tests that programs in `language` had to pass."""
        return self.problem if language == "python" or self.translated is None else self.translated

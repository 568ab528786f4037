"""A program that is kept."""

from __future__ import annotations

from dataclasses import dataclass, field

from factory.records.base import LanguageName
from factory.records.rollout import Sampling
from factory.records.verdict import Differential, Verdict


@dataclass(frozen=True, slots=True)
class Survivor:
    """A kept program that passed. `rank` counts from 0, as they were chosen, within problem, language and parent.

    `normal_form` is its key: survivors of one problem differ in it. cpu_ms, peak_mb and speedup
    are measured, and reach a shard only where the config asks for evidence.
    """

    problem_id: str
    index: int
    language: LanguageName
    rank: int
    code: str
    code_sha256: str
    normal_form: str
    cases_passed: int
    cases_total: int
    cpu_ms: float
    peak_mb: float
    import_fixes: tuple[str, ...] = ()
    parent: str | None = None
    model: str | None = None
    sampling: Sampling = field(default_factory=dict)
    template: str | None = None
    differential: Differential | None = None
    """As in its verdict."""
    speedup: float | None = None
    """As in its verdict."""
    lint: tuple[str, ...] = ()
    """As in its verdict."""
    repair_of: str | None = None
    """As in its rollout."""
    generator: str = "default"
    """As in its rollout."""


def row_id(program: Survivor | Verdict) -> str:
    """What the row of a program is called in shards, and wherever else one is named."""
    return f"{program.problem_id}/{program.language}/{program.code_sha256[:12]}"

"""How verified Python becomes other languages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from factory.config.base import Section
from factory.config.engines import EngineConfig
from factory.config.marks import Resume


class TranslateConfig(Section):
    """Verified Python to other languages."""

    targets: tuple[str, ...] = ("go",)
    """Target languages; empty translates nothing."""
    survivors: Annotated[int, Resume.EXTENDS] = Field(1, ge=1)
    """Survivors of each problem that are translated, best first."""
    n: int = Field(8, ge=1)
    """Candidates a survivor and target."""
    keep: int = Field(1, ge=1)
    """Distinct good translations kept a survivor and target."""
    repair_rounds: int = Field(1, ge=0, le=8)
    """Rounds in which failed candidates go back to the model with what was wrong."""
    differential: int = Field(64, ge=0, le=4096)
    """Generated inputs on which a translation that passed is compared with its source, at most; 0 compares none."""
    engine: EngineConfig | None = None
    """Another engine for translating; None takes the same."""
    temperature: float = Field(0.6, ge=0)
    max_tokens: int = Field(1536, ge=1)
    """Longest answer, in tokens."""
    template: Path | None = None
    """Jinja template of the prompt; None takes the built-in one."""

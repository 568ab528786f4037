"""How verified Python becomes other languages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from factory.config.base import Section
from factory.config.engines import EngineConfig
from factory.config.marks import Resume, Unstated


class TranslateConfig(Section):
    """Verified Python to other languages."""

    targets: tuple[str, ...] = ("go",)
    """Target languages; empty translates nothing."""
    survivors: Annotated[int, Resume.EXTENDS] = Field(1, ge=1)
    """Survivors of each problem that are translated, best first."""
    n: int = Field(8, ge=1)
    """Candidates for each survivor and target."""
    keep: int = Field(1, ge=1)
    """Most distinct verified translations that are kept for each survivor and target."""
    repair_rounds: int = Field(1, ge=0, le=8)
    """How often failed candidates go back to the model, with what was wrong, to be repaired."""
    differential: int = Field(64, ge=0, le=4096)
    """Most generated inputs on which a translation that passed is compared with its source; 0 skips this."""
    engine: EngineConfig | None = None
    """Engine for translations; None uses the run's `engine`."""
    generators: Annotated[tuple[str, ...], Resume.EXTENDS, Unstated] = ()
    """Names of `generators` that translate, one after the other: the next one is asked where those before it gave fewer
    than `keep`. Empty takes the first of `generators`, or `engine` where that is set."""
    temperature: float = Field(0.6, ge=0)
    max_tokens: int = Field(1536, ge=1)
    """Most tokens of an answer."""
    prefill: bool = False
    """Whether the model is given the beginning of its answer: a fence with the file's first lines, up to the body of
    the declared entry point. Needs an engine that goes on with an answer: `vllm`, or `openai` with `server: vllm`."""
    import_hints: bool = False
    """Whether the prompt lists packages that the translation may need, by what the Python program uses."""
    template: Path | None = None
    """Jinja template of the prompt; None takes the built-in one."""

    @model_validator(mode="after")
    def _has_one_list(self) -> TranslateConfig:
        if self.engine is not None and self.generators:
            raise ValueError("engine: translates, and so do `generators`; remedy: leave one of them out")
        if twice := [name for name in self.generators if self.generators.count(name) > 1]:
            raise ValueError(f"generators: {twice[0]!r} is there twice; remedy: each name once")
        return self

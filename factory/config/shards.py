"""What is written for training, and what it cost."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from factory.config.base import Section
from factory.config.marks import Resume, VariesWhen


class ShardsConfig(Section):
    """What is written for training."""

    views: Annotated[tuple[Literal["sft", "pretrain", "pairs", "preference", "rl", "rollouts"], ...], Resume.FREE] = ()
    """Further forms of the data beside the verified programs; each is a named config of the dataset."""
    prompts: Annotated[Literal["task", "asked"], Resume.FREE] = "task"
    """What programs are an answer to. With "task", the statement, the public examples and the entry point's name, in
    the same words in every view; with "asked", the very messages that the model was sent."""
    answers: Annotated[Literal["code", "full"], Resume.FREE] = "code"
    """What the view `sft` teaches. With "full", the model's reasoning and prose too, where the only program in the
    answer is the one that was graded, as it was graded; elsewhere the program alone. Its column `answer` says which."""
    splits: Annotated[dict[str, float], Resume.FREE] = Field(default_factory=dict)
    """Share of the problems in each split, chosen by a hash of the problem's id; empty puts all in train."""
    holdout: Annotated[tuple[str, ...] | Path, Resume.FREE] = ()
    """Ids of problems that go to a split of their own, "holdout"; or a file with one such id a line."""
    rows: Annotated[int, Resume.FREE] = Field(50_000, ge=1)
    """Most rows of a file."""
    max_bytes: Annotated[int, Resume.FREE] = Field(500_000_000, ge=1)
    """Most bytes of row data in a file, before compression; a longer row gets a file of its own."""
    evidence: Annotated[bool, Resume.FREE, VariesWhen(True)] = False
    """Add the CPU time and memory that were measured to the programs, and the cost to the card."""

    @field_validator("splits")
    @classmethod
    def _shares(cls, splits: dict[str, float]) -> dict[str, float]:
        for name, share in splits.items():
            if not re.fullmatch(r"[A-Za-z0-9_]+", name) or name in ("holdout", "all"):
                raise ValueError(f"{name!r} cannot name a split: a word other than holdout and all can")
            if not 0 < share <= 1:
                raise ValueError(f"{name}: a share is above 0 and at most 1")
        if splits and abs(sum(splits.values()) - 1) > 1e-9:
            raise ValueError(f"the shares add up to {sum(splits.values()):g}, not 1")
        return splits

    @model_validator(mode="after")
    def _has_view_for_full_answers(self) -> ShardsConfig:
        if self.answers == "full" and "sft" not in self.views:
            raise ValueError("answers: 'full' is for the view sft, which `views` does not name; add it, or say 'code'")
        return self


class CostConfig(Section):
    """Prices. They change no record, only the dollars in the summary, the report and the card."""

    gpu_hour: Annotated[float | None, Resume.FREE] = Field(None, ge=0)
    """Dollars for one GPU-hour. If it is None, a run that held GPUs shows no dollars."""
    cpu_hour: Annotated[float | None, Resume.FREE, VariesWhen()] = Field(None, ge=0)
    """Dollars for one CPU-hour. If it is None, no dollars are shown."""

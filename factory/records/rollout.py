"""What a model is asked for, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator

from factory.records.base import LanguageName, Record

PER_GENERATOR = 1_000_000
"""The rollouts of a run's second generator have their indices from here on, those of its third from twice this: no two
of a problem have the same."""
Sampling = dict[str, JsonValue]
"""What a model was sampled with, by the names that its engine has for it."""


class Rollout(BaseModel):
    """One raw model output, never edited. Unknown fields of outside files are ignored.

    `text` is the whole answer: what was put at its beginning (`prefill`), and how the model went on.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    problem_id: str = Field(min_length=1)
    index: int = Field(ge=0)
    text: str
    mode: Literal["chat", "completion", "code"]
    language: LanguageName = "python"
    parent: str | None = None
    """sha256 of the program that this one translates."""
    repair_of: str | None = None
    """sha256 of the failed candidate that was shown to the model, of which this one is the repair."""
    model: str | None = None
    sampling: Sampling | None = None
    template: str | None = None
    """sha256 of the prompt template that asked for it."""
    seed: int | None = None
    prefill: str | None = None
    """What `text` begins with that is not the model's: the model was given it as the beginning of its own answer, and
    went on. Its tokens count as the prompt's."""
    finish_reason: str | None = None
    prompt_tokens: int | None = Field(None, ge=0)
    completion_tokens: int | None = Field(None, ge=0)
    reasoning: str | None = None
    logprobs: list[float] | None = None
    """Log-probability of each token."""
    top_logprobs: list[dict[str, float]] | None = None
    """The likeliest tokens at each place, with theirs."""
    generator: str = Field("default", min_length=1)
    """Name of the engine that made it, among those of a run."""
    round: int = Field(0, ge=0)
    """The run's round in which it was made, from 0."""

    @field_validator("text", "reasoning")
    @classmethod
    def _is_text(cls, value: str | None) -> str | None:
        """Halves of surrogate pairs, which no file can hold, become U+FFFD, so that a resumed run reads the same."""
        if value is None or value.isascii():
            return value
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@dataclass(frozen=True, slots=True)
class Maker:
    """Who made rollouts: the fields `generator` and `round` of each."""

    generator: str = "default"
    round: int = 0


class Message(Record):
    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Request:
    """What an engine is asked for: the rollouts `indices` of one prompt.

    `messages` are rendered by the model's chat template when `mode` is chat;
    for completion, `prompt` is continued unchanged. With `prefill` a chat's answer begins with that text.
    """

    problem_id: str
    language: LanguageName
    indices: Sequence[int]
    mode: Literal["chat", "completion"]
    messages: tuple[Message, ...] = ()
    prompt: str = ""
    template: str = ""
    parent: str | None = None
    repair_of: str | None = None
    generator: str = "default"
    """Who of a run's generators is asked."""
    prefill: str = ""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A rollout that was asked for and did not come. No model is to blame, so it is not graded and not shipped."""

    problem_id: str
    index: int
    reason: str
    refused: bool
    """Whether the engine refused to answer; else it failed to."""

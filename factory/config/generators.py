"""Who samples: one engine, or a list of named ones that are asked one after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from factory.config.base import Section
from factory.config.engines import EngineConfig, SamplingConfig, VllmEngine
from factory.config.marks import Resume
from factory.config.plans import FixedPlan, PlanConfig
from factory.records import PER_GENERATOR, Maker

DEFAULT = Maker().generator
"""The name of the one generator of a config that has `engine` instead of `generators`."""
When = Literal["always", "unsolved", "few", "never"]


class GeneratorSampling(Section):
    """What of `sampling` is otherwise for one generator; None takes what `sampling` says."""

    mode: Literal["chat", "completion"] | None = None
    """As in `sampling`."""
    temperature: float | None = Field(None, ge=0)
    top_p: float | None = Field(None, gt=0, le=1)
    top_k: int | None = Field(None, ge=1)
    min_p: float | None = Field(None, ge=0, le=1)
    repetition_penalty: float | None = Field(None, gt=0)
    presence_penalty: float | None = Field(None, ge=-2, le=2)
    frequency_penalty: float | None = Field(None, ge=-2, le=2)
    max_tokens: int | None = Field(None, ge=1)
    """Most tokens of an answer."""
    stop: tuple[str, ...] | None = None
    """Strings that end an answer."""
    logprobs: int | None = Field(None, ge=0, le=20)
    """As in `sampling`."""
    template: Path | None = None
    """Jinja template of the prompt."""
    chat_template_kwargs: dict[str, Any] | None = None
    """Arguments for the model's chat template, such as {enable_thinking: true}."""


class GeneratorConfig(Section):
    """An engine with a name, how it is asked, and for which problems."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=60)
    """What rows, report and `translate.generators` call it."""
    engine: EngineConfig
    """As `engine` of a config that has one. Generators of the same settings share one engine."""
    when: When = "always"
    """Problems that it is asked for: all of them; those that are `unsolved` by the generators that were asked before;
    those that have too `few` distinct programs that pass (fewer than `stop.survivors` of its plan, and with a fixed
    plan fewer than `rank.keep`); or `never` any, where only `translate.generators` names it."""
    n: Annotated[int | None, Resume.EXTENDS] = Field(None, ge=1, le=PER_GENERATOR)
    """Rollouts of each problem that it is asked for. None takes `plan`."""
    plan: PlanConfig | None = None
    """How many rollouts each problem gets of it; None, without an `n`, takes `sampling.plan` and `sampling.n`. Those
    are shared out among all generators that take them and are asked `always`."""
    weight: float = Field(1.0, gt=0)
    """Its part of the rollouts that several generators share."""
    sampling: GeneratorSampling = GeneratorSampling()
    """What of `sampling` is otherwise for it."""

    @model_validator(mode="after")
    def _has_one_number(self) -> GeneratorConfig:
        if self.n is not None and self.plan is not None:
            raise ValueError("n: is a fixed number, and `plan` decides it; remedy: leave one of them out")
        if self.weight != 1 and not self.shares:
            why = f"when is {self.when!r}" if self.when != "always" else "it has a number of its own"
            raise ValueError(
                f"weight: {self.weight:g} shares out the rollouts of `sampling`, and {why}; remedy: leave weight out, "
                "or when: always without n and plan"
            )
        return self

    @property
    def shares(self) -> bool:
        """Whether it takes a part of the rollouts that `sampling` says."""
        return self.when == "always" and self.n is None and self.plan is None


@dataclass(frozen=True, slots=True)
class Generator:
    """One of a run's generators, with all that it inherits."""

    name: str
    place: int
    """Among the generators, from 0."""
    tier: int
    """1 for those that are always asked; the others climb from there, one each. 0 is never asked but to translate."""
    when: When
    engine: EngineConfig
    sampling: SamplingConfig
    """With the plan and `n` that are its own, or that it shares."""
    weight: float = 1.0
    shares: bool = True

    @property
    def maker(self) -> Maker:
        return Maker(self.name)

    @property
    def first(self) -> int:
        """The index of its first rollout."""
        return self.place * PER_GENERATOR

    def has(self, index: int) -> bool:
        """Whether the rollout with that index, of a run that has several generators, is its own."""
        return index // PER_GENERATOR == self.place

    def indices(self, own: range) -> range:
        """The indices of those of its rollouts that it counts so, from 0."""
        return range(self.first + own.start, self.first + own.stop)


def resolved(several: Sequence[GeneratorConfig], sampling: SamplingConfig) -> tuple[Generator, ...]:
    """The generators of a list, in order."""
    tiers = [1 if it.when == "always" else 0 for it in several]
    climb = [at for at, it in enumerate(several) if it.when in ("unsolved", "few")]
    for number, at in enumerate(climb, 2):
        tiers[at] = number
    return tuple(
        Generator(it.name, at, tiers[at], it.when, it.engine, _asked(it, sampling), it.weight, it.shares)
        for at, it in enumerate(several)
    )


def _asked(it: GeneratorConfig, sampling: SamplingConfig) -> SamplingConfig:
    own = {name: value for name in GeneratorSampling.model_fields if (value := getattr(it.sampling, name)) is not None}
    if it.n is not None:
        own |= {"n": it.n, "plan": FixedPlan()}
    elif it.plan is not None:
        own |= {"plan": it.plan}
    return sampling.model_copy(update=own)


def check(several: Sequence[GeneratorConfig]) -> None:
    """Raises ValueError where generators cannot be asked together."""
    for name, times in Counter(it.name for it in several).items():
        if times > 1:
            raise ValueError(f"{name!r} names {times} of them; remedy: a name of its own for each")
    for at, it in enumerate(several):
        if it.name == DEFAULT and at:
            raise ValueError(
                f"{at}.name: {DEFAULT!r} is the first one's, as a config without a list has it; remedy: another name"
            )
    if several and several[0].when != "always":
        raise ValueError(
            f"0.when: {several[0].when!r} asks it for what others leave, and nobody is before it; remedy: when: always "
            f"for {several[0].name!r}, or another generator first"
        )
    _check_memory(several)


def _check_memory(several: Sequence[GeneratorConfig]) -> None:
    engines: list[VllmEngine] = []
    for it in several:
        if isinstance(it.engine, VllmEngine) and not any(is_same(it.engine, one) for one in engines):
            engines.append(it.engine)
    total = round(sum(one.gpu_memory_utilization for one in engines), 6)
    if len(engines) > 1 and total > 1:
        raise ValueError(
            f"engine.gpu_memory_utilization: {len(engines)} engines of vLLM may be up at once, and take {total:g} of a "
            "GPU's memory together, more than 1; remedy: shares that add up to 0.95 at most, such as 0.3 for a small "
            "model and 0.6 for a large one, or an endpoint (kind: openai) for one of them"
        )


def is_same(one: EngineConfig, other: EngineConfig) -> bool:
    """Whether two settings are those of one engine: all but what its tokens cost."""
    return one.model_copy(update={"price": None}) == other.model_copy(update={"price": None})

"""The config: every field with its type, bound, default and meaning in one place.

Loaded from YAML, overridden by `--set a.b=c`. Unknown keys are refused. It never holds
secrets: for an API key it names the environment variable.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from factory.config import generators
from factory.config.base import Section
from factory.config.engines import EngineConfig, OpenAIEngine, ReplayEngine, RolloutsConfig, SamplingConfig
from factory.config.executor import ExecutorConfig, LocalExecutorConfig
from factory.config.filters import DecontaminationConfig, RankConfig, ReviewConfig, VerifyConfig
from factory.config.generators import DEFAULT, Generator, GeneratorConfig
from factory.config.marks import Resume, Unstated
from factory.config.observers import ObserverConfig
from factory.config.places import Place
from factory.config.plans import FixedPlan
from factory.config.problems import ProblemsConfig
from factory.config.sandbox import LimitsConfig, MaxLimitsConfig, SandboxConfig
from factory.config.shards import CostConfig, ShardsConfig
from factory.config.translate import TranslateConfig
from factory.records import PER_GENERATOR


class GradingConfig(Section):
    """What grading programs needs: limits, sandbox, executor, filters."""

    limits: LimitsConfig = LimitsConfig()
    max_limits: MaxLimitsConfig = MaxLimitsConfig()
    sandbox: SandboxConfig = SandboxConfig()
    executor: ExecutorConfig = LocalExecutorConfig()
    verify: VerifyConfig = VerifyConfig()
    decontamination: DecontaminationConfig = DecontaminationConfig()

    @field_validator("executor", mode="before")
    @classmethod
    def _of_this_machine(cls, given: Any) -> Any:
        """An executor that names no kind is the local one."""
        return {"kind": "local"} | given if isinstance(given, dict) else given


class ProblemsOnly(GradingConfig):
    """What loading and grading need: the keys that `factory problems --set` and `factory verify --set` take."""

    problems: ProblemsConfig
    rollouts: RolloutsConfig = RolloutsConfig()


class Config(GradingConfig):
    """One run of the factory."""

    name: Annotated[str, Resume.FREE] = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    """Name of the run and of its dataset."""
    run_dir: Annotated[Place | None, Resume.FREE] = None
    """Directory of the run, or its URL (`s3://…`), of which this machine then has a copy; None is runs/NAME."""
    slice: Annotated[int, Resume.FREE] = Field(256, ge=0)
    """Number of consecutive problems that are worked off, stored and resumed as one; counts when a run begins. A run
    of no more problems is one slice, and so is any with 0: its parts stay in the files that they were written in."""
    problems: ProblemsConfig
    generators: Annotated[tuple[GeneratorConfig, ...], Resume.EXTENDS, Unstated] = ()
    """Who samples, where it is more than one engine: those that are asked for every problem, and those that are asked
    where these were not enough. A list may get longer at its end when a run goes on."""
    engine: EngineConfig | None = Field(None, validate_default=True)
    """Who samples, where it is one engine; needed where there are no `generators`."""
    sampling: SamplingConfig = SamplingConfig()
    review: ReviewConfig = ReviewConfig()
    rank: RankConfig = RankConfig()
    translate: TranslateConfig = TranslateConfig()
    shards: ShardsConfig = ShardsConfig()
    cost: CostConfig = CostConfig()
    observers: Annotated[tuple[ObserverConfig, ...], Resume.FREE] = ()
    """Who follows the run: metrics, logs, trackers, and what is called at its end. One that fails is left out, and
    ends no run."""

    @field_validator("generators")
    @classmethod
    def _go_together(cls, several: tuple[GeneratorConfig, ...]) -> tuple[GeneratorConfig, ...]:
        generators.check(several)
        return several

    @field_validator("engine", mode="before")
    @classmethod
    def _is_engine_or_list(cls, given: Any, info: ValidationInfo) -> Any:
        several = info.data.get("generators")
        if given is None and several == ():
            raise PydanticCustomError("missing", "is missing")
        if given is not None and several:
            raise ValueError("it samples, and so do `generators`; remedy: leave one of them out")
        return given

    @field_validator("translate")
    @classmethod
    def _names_generators(cls, given: TranslateConfig, info: ValidationInfo) -> TranslateConfig:
        known = [it.name for it in info.data.get("generators") or ()]
        if "generators" in info.data and (unknown := [name for name in given.generators if name not in known]):
            there = f"there are: {', '.join(known)}" if known else "the config has no `generators`"
            raise ValueError(f"generators: no generator is called {unknown[0]!r}; {there}")
        return given

    @property
    def asked(self) -> tuple[Generator, ...]:
        """All generators, in order: one where the config has `engine` alone."""
        if self.engine is not None:
            return (Generator(DEFAULT, 0, 1, "always", self.engine, self.sampling),)
        return generators.resolved(self.generators, self.sampling)

    @property
    def translators(self) -> tuple[Generator, ...]:
        """Those who translate, one after the other."""
        own = self.translate.engine
        if own is not None:
            return (Generator(DEFAULT, 0, 1, "always", own, self.sampling),)
        named = {it.name: it for it in self.asked}
        return tuple(named[name] for name in self.translate.generators) or self.asked[:1]

    def on_set(self, order: tuple[str, ...]) -> Config:
        """The same config for rollouts that go by their position in a set whose rows have the ids `order`."""

        def on_set(engine: EngineConfig) -> EngineConfig:
            return engine.on_set(order) if isinstance(engine, ReplayEngine) else engine

        several = tuple(it.model_copy(update={"engine": on_set(it.engine)}) for it in self.generators)
        return self.model_copy(update={"engine": self.engine and on_set(self.engine), "generators": several})

    def in_form_of(self, other: Config) -> Config:
        """The same config, with its one engine as a list of one generator where `other` has a list."""
        if self.engine is None or not other.generators:
            return self
        only = GeneratorConfig(name=DEFAULT, engine=self.engine)
        return self.model_copy(update={"engine": None, "generators": (only,)})

    @model_validator(mode="after")
    def _has_a_plan_for_the_budget(self) -> Config:
        if self.sampling.budget is not None:
            for it in self.asked:
                if it.tier and isinstance(it.sampling.plan, FixedPlan):
                    raise ValueError(
                        f"generators.{it.place}.n: sampling.budget decides how many rollouts a problem gets, and "
                        f"{it.name!r} gives a fixed number; remedy: plan: {{kind: adaptive}} instead of n, or no budget"
                    )
        return self

    @model_validator(mode="after")
    def _has_indices_for_all(self) -> Config:
        for it in self.asked if len(self.generators) > 1 else ():
            plan = it.sampling.plan
            most = it.sampling.n if isinstance(plan, FixedPlan) else plan.n_max
            if most > PER_GENERATOR:
                raise ValueError(
                    f"generators.{it.place}: {it.name!r} may make {most:,} rollouts of a problem, and there "
                    f"are indices for {PER_GENERATOR:,}; remedy: a smaller n, or n_max"
                )
        return self

    @model_validator(mode="after")
    def _has_one_prompt(self) -> Config:
        forms = {(it.sampling.template, it.sampling.mode) for it in self.asked if it.tier}
        if self.shards.prompts == "asked" and len(forms) > 1:
            raise ValueError(
                "shards.prompts: 'asked' needs one prompt a problem, and generators have several templates or modes; "
                "remedy: shards.prompts: task"
            )
        return self

    @model_validator(mode="after")
    def _spends_its_budget_in_one_process(self) -> Config:
        if self.sampling.budget is not None and self.executor.kind == "ray":
            raise ValueError(
                "sampling.budget: is passed on from slice to slice, by one process that works off all of them, which "
                "executor.kind 'ray' is not; remedy: executor.kind: local, or no budget"
            )
        return self

    @model_validator(mode="after")
    def _can_count_its_budget(self) -> Config:
        budget = self.sampling.budget
        if budget is None:
            return self
        for it in (it for it in self.asked if it.tier):
            price, key = it.engine.price, f"generators.{it.place}.engine" if self.generators else "engine"
            if budget.usd is not None and not (price and (price.prompt or price.completion)):
                raise ValueError(f"sampling.budget.usd: needs to know what tokens cost; remedy: {key}.price, or tokens")
            if budget.gpu_hours is not None and it.engine.kind != "vllm":
                raise ValueError(
                    f"sampling.budget.gpu_hours: {key}.kind {it.engine.kind!r} holds no GPU of ours; remedy: usd or "
                    "tokens"
                )
        return self

    @model_validator(mode="after")
    def _begins_answers_where_it_can(self) -> Config:
        for it in self.translators if self.translate.targets else ():
            if self.translate.prefill and isinstance(it.engine, OpenAIEngine) and it.engine.server is None:
                raise ValueError(
                    "translate.prefill: is no part of the API that engine.kind 'openai' speaks; remedy: engine.server: "
                    "vllm where a `vllm serve` answers, or translate.prefill: false"
                )
        return self

    @model_validator(mode="after")
    def _has_a_model_to_ask(self) -> Config:
        if "model" in self.review.inputs_from and isinstance(self.asked[0].engine, ReplayEngine):
            raise ValueError(
                "review.inputs_from: 'model' asks the first engine for inputs, and kind 'replay' has no model; "
                "remedy: review.inputs_from: [generated], or an engine of kind vllm or openai"
            )
        return self

"""The config: every field with its type, bound, default and meaning in one place.

Loaded from YAML, overridden by `--set a.b=c`. Unknown keys are refused. It never holds
secrets: for an API key it names the environment variable.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from factory.config.base import Section
from factory.config.engines import EngineConfig, OpenAIEngine, ReplayEngine, RolloutsConfig, SamplingConfig
from factory.config.executor import ExecutorConfig, LocalExecutorConfig
from factory.config.filters import DecontaminationConfig, RankConfig, ReviewConfig, VerifyConfig
from factory.config.marks import Resume
from factory.config.observers import ObserverConfig
from factory.config.places import Place
from factory.config.problems import ProblemsConfig
from factory.config.sandbox import LimitsConfig, MaxLimitsConfig, SandboxConfig
from factory.config.shards import CostConfig, ShardsConfig
from factory.config.translate import TranslateConfig


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
    engine: EngineConfig
    sampling: SamplingConfig = SamplingConfig()
    review: ReviewConfig = ReviewConfig()
    rank: RankConfig = RankConfig()
    translate: TranslateConfig = TranslateConfig()
    shards: ShardsConfig = ShardsConfig()
    cost: CostConfig = CostConfig()
    observers: Annotated[tuple[ObserverConfig, ...], Resume.FREE] = ()
    """Who follows the run: metrics, logs, trackers, and what is called at its end. One that fails is left out, and
    ends no run."""

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
        budget, engine = self.sampling.budget, self.engine
        if budget is None:
            return self
        if budget.usd is not None and not (engine.price and (engine.price.prompt or engine.price.completion)):
            raise ValueError("sampling.budget.usd: needs to know what tokens cost; remedy: engine.price, or tokens")
        if budget.gpu_hours is not None and engine.kind != "vllm":
            raise ValueError(
                f"sampling.budget.gpu_hours: engine.kind {engine.kind!r} holds no GPU of ours; remedy: usd or tokens"
            )
        return self

    @model_validator(mode="after")
    def _begins_answers_where_it_can(self) -> Config:
        engine = self.translate.engine or self.engine
        if self.translate.prefill and isinstance(engine, OpenAIEngine) and engine.server is None:
            raise ValueError(
                "translate.prefill: is no part of the API that engine.kind 'openai' speaks; remedy: engine.server: "
                "vllm where a `vllm serve` answers, or translate.prefill: false"
            )
        return self

    @model_validator(mode="after")
    def _has_a_model_to_ask(self) -> Config:
        if "model" in self.review.inputs_from and isinstance(self.engine, ReplayEngine):
            raise ValueError(
                "review.inputs_from: 'model' asks the engine for inputs, and engine.kind 'replay' has no model; "
                "remedy: review.inputs_from: [generated], or an engine of kind vllm or openai"
            )
        return self

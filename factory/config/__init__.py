"""The config: every field with its type, bound, default and meaning in one place, one section a file.

Loaded from YAML, overridden by `--set a.b=c`. Unknown keys are refused. It never holds
secrets: for an API key it names the environment variable.
"""

from factory.config.base import Section
from factory.config.engines import EngineConfig, OpenAIEngine, PriceConfig, ReplayEngine, SamplingConfig, VllmEngine
from factory.config.executor import ExecutorConfig, LocalExecutorConfig, RayExecutorConfig
from factory.config.filters import Benchmark, DecontaminationConfig, RankConfig, ReviewConfig, VerifyConfig
from factory.config.load import load, parse_section, validate
from factory.config.observers import (
    CommandObserver,
    JsonLinesObserver,
    MlflowObserver,
    ObserverConfig,
    PrometheusObserver,
    TensorBoardObserver,
    WandbObserver,
    WebhookObserver,
)
from factory.config.plans import AdaptivePlan, BudgetConfig, FixedPlan, PlanConfig
from factory.config.problems import ProblemsConfig, Source
from factory.config.run import Config, GradingConfig, ProblemsOnly
from factory.config.sandbox import UNKNOWN_S, LimitsConfig, MaxLimitsConfig, SandboxConfig, key_to_raise
from factory.config.shards import CostConfig, ShardsConfig
from factory.config.translate import TranslateConfig

__all__ = [
    "UNKNOWN_S",
    "AdaptivePlan",
    "Benchmark",
    "BudgetConfig",
    "CommandObserver",
    "Config",
    "CostConfig",
    "DecontaminationConfig",
    "EngineConfig",
    "ExecutorConfig",
    "FixedPlan",
    "GradingConfig",
    "JsonLinesObserver",
    "LimitsConfig",
    "LocalExecutorConfig",
    "MaxLimitsConfig",
    "MlflowObserver",
    "ObserverConfig",
    "OpenAIEngine",
    "PlanConfig",
    "PriceConfig",
    "ProblemsConfig",
    "ProblemsOnly",
    "PrometheusObserver",
    "RankConfig",
    "RayExecutorConfig",
    "ReplayEngine",
    "ReviewConfig",
    "SamplingConfig",
    "SandboxConfig",
    "Section",
    "ShardsConfig",
    "Source",
    "TensorBoardObserver",
    "TranslateConfig",
    "VerifyConfig",
    "VllmEngine",
    "WandbObserver",
    "WebhookObserver",
    "key_to_raise",
    "load",
    "parse_section",
    "validate",
]

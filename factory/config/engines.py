"""The engines that sample, and how they are asked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, PrivateAttr, model_validator

from factory.config.base import Section
from factory.config.marks import Resume
from factory.config.places import Place
from factory.config.plans import BudgetConfig, FixedPlan, PlanConfig
from factory.records import Rollout


class PriceConfig(Section):
    """What tokens of an engine cost, in dollars for a million of them."""

    prompt: Annotated[float, Resume.FREE] = Field(0.0, ge=0)
    """Of a prompt's tokens, which are counted for every rollout."""
    completion: Annotated[float, Resume.FREE] = Field(0.0, ge=0)
    """Of an answer's tokens, those of its reasoning among them."""


class VllmEngine(Section):
    """vLLM in this process: its asynchronous engine on the GPUs of this machine, or on its CPU."""

    kind: Literal["vllm"] = "vllm"
    model: str
    """Hub id, directory, or an alias of `factory doctor`'s list."""
    revision: str | None = None
    """Branch, tag or commit of the model on the hub."""
    dtype: Literal["auto", "bfloat16", "float16", "float32"] = "auto"
    """Type of weights and activations; `auto` is the model's own, and float32 on CPUs that have AVX2 and no AVX-512."""
    quantization: str | None = None
    """vLLM's name of a quantization method, such as "fp8" or "awq"."""
    max_model_len: int | None = Field(None, ge=16)
    """Most tokens of a prompt and its answer together; None takes the model's limit."""
    max_num_seqs: int | None = Field(None, ge=1)
    """Sequences decoded at once; None leaves it to vLLM."""
    gpu_memory_utilization: Annotated[float, Resume.FREE] = Field(0.9, gt=0, le=1)
    """Share of a GPU's memory that vLLM may take."""
    tensor_parallel_size: Annotated[int, Resume.FREE] = Field(1, ge=1)
    """GPUs that share one copy of the model."""
    data_parallel_size: Annotated[int, Resume.FREE] = Field(1, ge=1)
    """Copies of the model."""
    enforce_eager: bool = False
    """Skip compilation and CUDA graphs: starts sooner, samples slower on GPUs."""
    speculative_config: dict[str, Any] | None = None
    """Settings of vLLM's speculative decoding; passed on unchanged."""
    lora: Path | None = None
    """Directory of a LoRA adapter used for every request."""
    seed: int = 0
    """Seed of the engine. Single requests have no seed: with chunked prefill, one can kill an engine on CPUs."""
    in_flight: Annotated[int, Resume.FREE] = Field(1024, ge=1)
    """Requests, of one rollout each, that the engine works on at once."""
    restarts: Annotated[int, Resume.FREE] = Field(2, ge=0)
    """How often an engine that died is started again before the run gives up."""
    max_refused: Annotated[float, Resume.FREE] = Field(0.05, ge=0, le=1)
    """Share of the rollouts asked for that may be refused, or fail to come, before the run exits with 1."""
    cpu_kv_cache_gb: Annotated[int, Resume.FREE] = Field(2, ge=1)
    """Gibibytes for the KV cache when vLLM runs on the CPU."""
    price: Annotated[PriceConfig | None, Resume.FREE] = None
    """Dollars for a million tokens. They are in rows of a run with `generators`, and change no other. None leaves it to
    `cost`, by time."""
    extra: dict[str, Any] = Field(default_factory=dict)
    """Any other engine arguments of vLLM; passed on unchanged."""


def _with_port(address: str) -> str:
    try:
        urlsplit(address).port  # noqa: B018 - raises
    except ValueError:
        raise ValueError("it must have a host and, after a colon, a port up to 65535 or none") from None
    return address


class OpenAIEngine(Section):
    """Any endpoint that speaks the OpenAI API, such as a `vllm serve` elsewhere."""

    kind: Literal["openai"] = "openai"
    model: str
    """Name of the model, as the endpoint knows it."""
    base_url: Annotated[str, AfterValidator(_with_port), Resume.FREE] = Field(pattern=r"^https?://[^/@?#]+(/[^?#]*)?$")
    """Address up to and including `/v1`, without a name or key in it."""
    api_key_env: Annotated[str | None, Resume.FREE] = None
    """Environment variable that holds the API key; None sends no key."""
    in_flight: Annotated[int, Resume.FREE] = Field(64, ge=1)
    """Requests open at once."""
    rollouts_per_request: Annotated[int, Resume.FREE] = Field(1, ge=1)
    """Rollouts that one request asks for (`n`), which pays for the prompt once; 1 where the endpoint cannot give more.

    Those of one request come together, and each has an even share of its completion tokens.
    """
    patience_s: Annotated[float, Resume.FREE] = Field(1800.0, gt=0)
    """Seconds without any answer (429, 5xx, no connection) after which the run ends; requests go slower meanwhile."""
    retries: Annotated[int, Resume.FREE] = Field(6, ge=0)
    """How often a request is sent again that fails while others succeed; after it the rollout is left out."""
    server: Annotated[Literal["vllm"] | None, Resume.FREE] = None
    """What serves the model, where that takes more than the API has: `vllm` goes on with an answer that is begun
    (`translate.prefill`). null does not."""
    timeout_s: Annotated[float, Resume.FREE] = Field(600.0, gt=0)
    """Seconds after which a request without a whole answer counts as failed."""
    max_refused: Annotated[float, Resume.FREE] = Field(0.05, ge=0, le=1)
    """Share of the rollouts asked for that may be refused, or fail to come, before the run exits with 1."""
    price: Annotated[PriceConfig | None, Resume.FREE] = None
    """Dollars for a million tokens. They are in rows of a run with `generators`, and change no other. None leaves it to
    `cost`, by time."""
    extra_body: dict[str, Any] = Field(default_factory=dict)
    """Fields to add to the body of every request."""


def _known_fields(mapping: dict[str, str]) -> dict[str, str]:
    known = Rollout.model_fields
    if unknown := sorted(mapping.keys() - known.keys()):
        raise ValueError(f"{unknown[0]}: no such field of a rollout; there are: {', '.join(known)}")
    if missing := [name for name in ("problem_id", "text", "mode") if mapping and name not in mapping]:
        raise ValueError(f"{missing[0]}: is missing; name its column, or of `mode` the mode itself")
    return mapping


RolloutMapping = Annotated[dict[str, str], AfterValidator(_known_fields)]


class RolloutsConfig(Section):
    """How the rollouts that `factory verify` grades are read."""

    mapping: RolloutMapping = Field(default_factory=dict)
    """For files of no known form: the column of each field, such as {problem_id: task, text: answer, mode: chat}."""


class ReplayEngine(Section):
    """Recorded rollouts instead of a model."""

    kind: Literal["replay"] = "replay"
    path: Place
    """File or directory of rollouts, or its URL (`s3://…`, `hf://…`), of any form that `factory verify` reads."""
    mapping: RolloutMapping = Field(default_factory=dict)
    """For files of no known form: the column of each field, such as {problem_id: task, text: answer, mode: chat}."""
    price: Annotated[PriceConfig | None, Resume.FREE] = None
    """Dollars for a million tokens. They are in rows of a run with `generators`, and change no other. None leaves it to
    `cost`, by time."""
    _order: tuple[str, ...] = PrivateAttr(())

    @property
    def order(self) -> tuple[str, ...]:
        """The ids of the problem set's rows in their order, which no config file says; see `on_set`."""
        return self._order

    def on_set(self, order: tuple[str, ...]) -> ReplayEngine:
        """The same engine for rollouts that go by their position in a set whose rows have the ids `order`."""
        settled = self.model_copy()
        settled._order = order
        return settled


EngineConfig = Annotated[VllmEngine | OpenAIEngine | ReplayEngine, Field(discriminator="kind")]


class SamplingConfig(Section):
    """How rollouts are sampled. The engine gets these numbers unchanged."""

    n: Annotated[int, Resume.EXTENDS] = Field(256, ge=1)
    """Rollouts of each problem, where `plan` is `fixed`."""
    plan: PlanConfig = FixedPlan()
    """How many rollouts each problem gets."""
    budget: Annotated[BudgetConfig | None, Resume.EXTENDS] = None
    """What all rollouts of a run may cost together; None sets no limit."""
    mode: Literal["chat", "completion"] = "chat"
    """With "chat", prompts go through the model's chat template; with "completion", it continues starter code."""
    temperature: float = Field(0.8, ge=0)
    top_p: float = Field(0.95, gt=0, le=1)
    top_k: int | None = Field(None, ge=1)
    min_p: float | None = Field(None, ge=0, le=1)
    repetition_penalty: float | None = Field(None, gt=0)
    presence_penalty: float | None = Field(None, ge=-2, le=2)
    frequency_penalty: float | None = Field(None, ge=-2, le=2)
    max_tokens: int = Field(1024, ge=1)
    """Most tokens of an answer."""
    stop: tuple[str, ...] = ()
    """Strings that end an answer."""
    logprobs: int | None = Field(None, ge=0, le=20)
    """Keep the log-probability of every token and of this many most likely ones at its place; null keeps none."""
    template: Path | None = None
    """Jinja template of the prompt; None takes the built-in one of the mode."""
    chat_template_kwargs: dict[str, Any] = Field(default_factory=dict)
    """Arguments for the model's chat template, such as enable_thinking."""

    @model_validator(mode="after")
    def _has_a_plan_for_the_budget(self) -> SamplingConfig:
        if self.budget is not None and isinstance(self.plan, FixedPlan):
            raise ValueError(
                "budget: plan.kind is 'fixed', which gives every problem n rollouts; remedy: plan.kind: adaptive"
            )
        return self

"""Starting and stopping vLLM's engine: the only module that imports vLLM, and only inside functions.

Promises: every failure to start is an EngineError that quotes the first error of vLLM's log, or a
ConfigError where a config value is at fault.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import multiprocessing
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from factory.config import VllmEngine
from factory.errors import ConfigError, EngineError
from factory.sampling.engines.vllm_process import Guard, Log, deaf_children, environment
from factory.sampling.weights.resolve import ALIASES, Weights

_LORA_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
_SHUTDOWN_S = 20.0
_SAME = (
    "dtype",
    "quantization",
    "max_model_len",
    "max_num_seqs",
    "gpu_memory_utilization",
    "seed",
    "tensor_parallel_size",
    "data_parallel_size",
    "enforce_eager",
    "speculative_config",
)
"""Config fields that are vLLM's arguments by the same name."""


@dataclass(frozen=True, slots=True)
class Started:
    """A running engine with what sampling needs of vLLM, so that only this module imports it."""

    llm: Any
    tokenizer: Any
    max_model_len: int
    model: str
    gpus: int
    lora: Any
    log: Log
    guard: Guard
    sampling_params: Callable[[dict[str, Any]], Any]
    refusals: tuple[type[Exception], ...]
    """What vLLM raises when one request is at fault."""
    deaths: tuple[type[Exception], ...]
    """What vLLM raises when it is itself at fault."""
    note: str = ""
    """What a user should hear of how it was started."""


def start(config: VllmEngine, weights: Weights) -> Started:
    """A running engine; blocks for as long as loading takes. Raises EngineError, ConfigError."""
    log = Log()
    try:
        with environment(config, log), deaf_children(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _import_vllm()
            return _start(config, weights, log)
    except (ConfigError, ImportError) as error:
        log.remove()
        if isinstance(error, ConfigError):
            raise
        remedy = "`pip install 'rollout-factory[gpu]'` on a GPU machine, `pip install 'rollout-factory[cpu]'` on others"
        raise EngineError(f"vLLM cannot be imported: {error}; {remedy}") from error
    except OSError as error:
        known = f"a hub id, a directory, or one of {', '.join(ALIASES)}"
        raise EngineError(f"engine.model: {weights.location}: cannot be loaded: {error}; allowed is {known}") from error
    except ValidationError as error:
        log.remove()
        message = "; ".join(item["msg"] for item in error.errors(include_url=False, include_input=False))
        raise ConfigError(f"engine: vLLM refuses these settings: {message}") from error
    except Exception as error:  # whatever vLLM, torch or a driver throws while starting: we cannot go on
        remedy = "lower engine.max_model_len, max_num_seqs, gpu_memory_utilization or cpu_kv_cache_gb if memory ran out"
        message = f"{weights.location}: vLLM did not start: {type(error).__name__}: {error}"
        raise EngineError(f"{message}\nits log: {log.root_cause()}\n{remedy}") from error


def stop(started: Started) -> None:
    """End the engine's processes and wait for them; blocks. A dead engine is fine too."""
    died = started.llm.errored
    started.llm.shutdown(timeout=_SHUTDOWN_S)
    started.guard.dismiss()
    if not died:
        started.log.remove()


def _import_vllm() -> None:
    """Import what `_start` needs, on a stack of its own.

    Some library under vLLM keeps a traceback of its import, and so every frame below it: on this stack that
    would keep a stopped engine alive until the interpreter is torn down, where its finalizer fails aloud.
    """
    with ThreadPoolExecutor(1) as pool:
        pool.submit(importlib.import_module, "vllm.v1.engine.async_llm").result()


def _start(config: VllmEngine, weights: Weights, log: Log) -> Started:
    from vllm import SamplingParams
    from vllm.engine.arg_utils import AsyncEngineArgs
    from vllm.exceptions import VLLMClientError
    from vllm.lora.request import LoRARequest
    from vllm.platforms import current_platform
    from vllm.sampling_params import RequestOutputKind
    from vllm.usage.usage_lib import UsageContext
    from vllm.v1.engine.async_llm import AsyncLLM
    from vllm.v1.engine.exceptions import EngineDeadError, EngineGenerateError

    others = multiprocessing.active_children()
    asked, note = AsyncEngineArgs(**_arguments(config, weights, AsyncEngineArgs)), ""
    if asked.dtype == "auto" and current_platform.is_cpu() and _is_slow_in_bfloat16() and not _is_quantized(asked):
        asked.dtype = "float32"
        note = "engine.dtype: auto is float32 here: this CPU has no AVX-512, without which bfloat16 is very slow"
    llm = AsyncLLM.from_engine_args(asked, usage_context=UsageContext.LLM_CLASS)  # batches as large as offline use has
    ours = (child for child in multiprocessing.active_children() if child not in others)
    guard = Guard(child.pid for child in ours if child.pid and child.name.startswith(("EngineCore", "VLLM")))
    parallel = llm.vllm_config.parallel_config
    return Started(
        llm=llm,
        tokenizer=llm.get_tokenizer(),
        max_model_len=llm.model_config.max_model_len,
        model=_name(config, weights, llm.model_config.hf_config),
        gpus=0 if current_platform.is_cpu() else parallel.world_size * parallel.data_parallel_size,
        lora=None if config.lora is None else LoRARequest(config.lora.name, 1, str(config.lora)),
        log=log,
        guard=guard,
        sampling_params=lambda given: SamplingParams(**given, n=1, output_kind=RequestOutputKind.FINAL_ONLY),
        refusals=(VLLMClientError, ValueError),
        deaths=(EngineDeadError, EngineGenerateError),
        note=note,
    )


def _is_slow_in_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16 by emulation: with AVX2 alone no answer of 20 tokens came in five minutes,
    where float32 gave 24 of them in two (Qwen2.5-Coder-0.5B, two cores of an AMD EPYC, vLLM 0.32).
    """
    import torch

    return bool(torch.backends.cpu.get_cpu_capability() == "AVX2")


def _is_quantized(asked: Any) -> bool:
    """Whether the weights are quantized, by the config or by the model's own files: vLLM refuses float32 for some."""
    return asked.create_model_config().quantization is not None


def _arguments(config: VllmEngine, weights: Weights, args: type[Any]) -> dict[str, Any]:
    arguments: dict[str, Any] = {name: getattr(config, name) for name in _SAME}
    arguments |= {"model": weights.location, "revision": weights.revision, "tokenizer_revision": weights.revision}
    arguments |= {"enable_prefix_caching": True, "disable_log_stats": True, "use_tqdm_on_load": False}
    if config.lora is not None:
        arguments |= {"enable_lora": True, "max_lora_rank": _lora_rank(config.lora)}
    known = {field.name for field in dataclasses.fields(args)}
    for name in config.extra:
        if name not in known:
            raise ConfigError(f"engine.extra.{name}: vLLM has no such engine argument; see vLLM's `EngineArgs`")
    return arguments | config.extra


def _lora_rank(directory: Path) -> int:
    """The rank vLLM must make room for: the adapter's, rounded up to one it knows."""
    path = directory / "adapter_config.json"
    try:
        rank = int(json.loads(path.read_text(encoding="utf-8"))["r"])
    except (OSError, ValueError, KeyError) as error:
        message = f"engine.lora: {path}: cannot be read: {error!r}; a PEFT adapter's directory holds it"
        raise ConfigError(message) from None
    fitting = [known for known in _LORA_RANKS if known >= rank]
    if not fitting:
        raise ConfigError(f"engine.lora: rank {rank} of {path} is beyond vLLM's largest, {_LORA_RANKS[-1]}")
    return fitting[0]


def _name(config: VllmEngine, weights: Weights, hf_config: Any) -> str:
    """What records call the model: with the commit where it came from the hub, with the adapter if any."""
    commit = getattr(hf_config, "_commit_hash", None)
    name = f"{weights.location}@{commit}" if commit and weights.name == weights.location else weights.name
    return name if config.lora is None else f"{name}+lora:{config.lora.name}"

"""What `factory tune` tries: values of keys of the config, one key after the other."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from factory.config import Config, EngineConfig, VllmEngine
from factory.errors import ConfigError

Candidates = Mapping[str, Sequence[Any]]
"""By key of the config, such as "engine.max_num_seqs": the values to try, in order."""

_N_GRAM = {"method": "ngram", "num_speculative_tokens": 4, "prompt_lookup_max": 4}
"""Speculative decoding without a second model: what follows the last tokens in the prompt is proposed."""
_ON_CPU: Candidates = {
    "engine.max_num_seqs": (32, 64, 128, 256),
    "engine.dtype": ("bfloat16", "float32"),
    "engine.enforce_eager": (True, False),
    "engine.speculative_config": (_N_GRAM,),
}
_ON_GPU: Candidates = {
    "engine.max_num_seqs": (256, 512, 1024),
    "engine.in_flight": (1024, 4096),
    "engine.extra.max_num_batched_tokens": (8192, 16384),
    "engine.speculative_config": (_N_GRAM,),
}
_WITH_FP8: Candidates = {"engine.quantization": ("fp8",), "engine.extra.kv_cache_dtype": ("fp8",)}
_FP8_FROM = 8.9
"""The compute capability from which NVIDIA's GPUs compute in FP8 (Ada, Hopper and later)."""


def one_engine(config: Config) -> EngineConfig:
    """The engine of a config. Raises ConfigError where it has several generators instead."""
    if config.engine is None:
        raise ConfigError(
            "generators: one engine is tuned at a time; remedy: a config with `engine` alone, whose best settings then "
            "go into the list"
        )
    return config.engine


def defaults(config: Config, capability: float | None) -> Candidates:
    """What to try where the user names nothing; `capability` is that of the machine's GPUs, None without one.

    Raises ConfigError for an engine that has no settings of its own.
    """
    if one_engine(config).kind == "openai":
        return {"engine.in_flight": (16, 64, 256)}
    if not isinstance(config.engine, VllmEngine):
        raise ConfigError(
            f"engine.kind: {one_engine(config).kind}: there is nothing to tune; use an engine with a model"
        )
    if capability is None:
        return _ON_CPU
    quantized = config.engine.quantization is not None
    return {**_ON_GPU, **(_WITH_FP8 if capability >= _FP8_FROM and not quantized else {})}


def parse(tries: Sequence[str]) -> Candidates:
    """The candidates in texts such as "engine.max_num_seqs=[64, 128]"; one value needs no brackets.

    Raises ConfigError for a text that is not of this form.
    """
    import yaml

    found: dict[str, Sequence[Any]] = {}
    for text in tries:
        key, equals, values = text.partition("=")
        try:
            read = yaml.safe_load(values)
        except yaml.YAMLError as error:
            raise ConfigError(f"--try {text}: is not valid YAML: {getattr(error, 'problem', None) or error}") from None
        if not equals or not key or read is None or read == []:
            raise ConfigError(f"--try {text}: must have the form a.b=[value, value]")
        found[key] = read if isinstance(read, list) else [read]
    return found


def as_sets(settings: Mapping[str, Any]) -> list[str]:
    """Settings as `--set` takes them, such as "engine.max_num_seqs=128"."""
    return [f"{key}={json.dumps(value)}" for key, value in settings.items()]


def current(config: Config, key: str) -> Any:
    """The value of `key` in a config; None where it is not set."""
    value: Any = config.model_dump(mode="json")
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value

"""Translations."""

from __future__ import annotations

from factory.config import Config, SamplingConfig
from factory.records import Status

_NOT_REPAIRED = {Status.PASSED, Status.CONTAMINATED, Status.FILTERED}


def translation_sampling(config: Config) -> SamplingConfig:
    """How translations are sampled: as rollouts are, but for what `translate` says itself."""
    settings = config.translate
    return config.sampling.model_copy(
        update={
            "n": settings.n,
            "mode": "chat",
            "temperature": settings.temperature,
            "max_tokens": settings.max_tokens,
            "stop": (),
        }
    )

"""The engines there are, by name. Opening one imports it, and nothing else does: vLLM brings torch."""

from __future__ import annotations

from factory.config import EngineConfig, OpenAIEngine, ReplayEngine, VllmEngine
from factory.sampling.engines.base import Engine, Meter, PromptTooLong, RequestRefused

__all__ = ["Engine", "Meter", "PromptTooLong", "RequestRefused", "open_engine"]


def open_engine(config: EngineConfig) -> Engine:
    """The engine that `config` describes, not yet started: enter it with `async with`."""
    match config:
        case VllmEngine():
            from factory.sampling.engines.vllm import Vllm

            return Vllm(config)
        case OpenAIEngine():
            from factory.sampling.engines.openai import OpenAI

            return OpenAI(config)
        case ReplayEngine():
            from factory.sampling.engines.replay import Replay

            return Replay(config)

"""The engines there are, by name. Opening one imports it, and nothing else does: vLLM brings torch."""

from __future__ import annotations

from factory.config import EngineConfig, OpenAIEngine, ReplayEngine, VllmEngine
from factory.sampling.engines.base import Engine, Meter, PromptTooLong, RequestRefused, Say, warn

__all__ = ["Engine", "Meter", "PromptTooLong", "RequestRefused", "Say", "open_engine"]


def open_engine(config: EngineConfig, say: Say = warn) -> Engine:
    """The engine that `config` describes, not yet started: enter it with `async with`.

    `say` gets lines for the user.
    """
    match config:
        case VllmEngine():
            from factory.sampling.engines.vllm import Vllm

            return Vllm(config, say)
        case OpenAIEngine():
            from factory.sampling.engines.openai import OpenAI

            return OpenAI(config, say)
        case ReplayEngine():
            from factory.sampling.engines.replay import Replay

            return Replay(config)

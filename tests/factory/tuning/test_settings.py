"""What is tried: by default on each kind of machine, and as a user names it."""

from __future__ import annotations

from typing import Any

import pytest

from factory.config import Config
from factory.errors import ConfigError
from factory.tuning.settings import as_sets, current, defaults, parse

VLLM = {"kind": "vllm", "model": "m"}


def config(**engine: Any) -> Config:
    return Config.model_validate({"name": "x", "problems": {"path": "p.jsonl"}, "engine": engine})


def test_a_gpu_that_computes_in_fp8_tries_it_and_others_do_not() -> None:
    assert "engine.quantization" in defaults(config(**VLLM), 9.0)
    assert "engine.quantization" not in defaults(config(**VLLM), 8.0)
    assert "engine.quantization" not in defaults(config(**VLLM, quantization="awq"), 9.0)
    assert "engine.dtype" in defaults(config(**VLLM), None)


def test_all_defaults_are_values_of_their_keys() -> None:
    for capability in (None, 8.0, 9.0):
        for key, values in defaults(config(**VLLM), capability).items():
            for value in values:
                engine: dict[str, Any] = dict(VLLM)
                *way, last = key.removeprefix("engine.").split(".")
                at = engine
                for part in way:
                    at = at.setdefault(part, {})
                at[last] = value
                assert current(config(**engine), key) == value


def test_an_endpoint_is_tuned_by_its_open_requests() -> None:
    assert list(defaults(config(kind="openai", model="m", base_url="http://h/v1"), None)) == ["engine.in_flight"]


def test_recorded_rollouts_have_nothing_to_tune() -> None:
    with pytest.raises(ConfigError, match="replay: there is nothing to tune"):
        defaults(config(kind="replay", path="r"), None)


def test_candidates_are_read() -> None:
    found = parse(
        ["engine.max_num_seqs=[64, 128]", "engine.dtype=float32", "engine.speculative_config={method: ngram}"]
    )
    assert found == {
        "engine.max_num_seqs": [64, 128],
        "engine.dtype": ["float32"],
        "engine.speculative_config": [{"method": "ngram"}],
    }
    assert as_sets({"engine.dtype": "float32"}) == ['engine.dtype="float32"']


@pytest.mark.parametrize("text", ["engine.dtype", "=3", "engine.dtype=", "engine.dtype=[]", "engine.dtype=[a"])
def test_what_is_no_candidate_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^--try "):
        parse([text])

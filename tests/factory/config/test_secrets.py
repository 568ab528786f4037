"""Secrets that stand in a config are refused, and shown nowhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from factory.config import load
from factory.errors import ConfigError

KEY = "Zq7planted0secret9Xw"
BASE = {
    "name": "test",
    "problems": {"path": "p.jsonl"},
    "engine": {"kind": "openai", "model": "m", "base_url": "http://127.0.0.1:9/v1"},
}
ENGINES: list[tuple[str, Any]] = [
    ("engine.extra_body.api_key", KEY),
    ("engine.extra_body.extra_headers.Authorization", f"Bearer {KEY}"),
    ("engine.extra_body.headers.X-Api-Key", KEY),
    ("engine.extra_body.provider.token", KEY),
    ("engine.extra_body.tags", [f"hf_{KEY}"]),
    ("engine.extra_body.note", f"sk-{KEY}"),
    ("engine.extra_body.webhook", f"https://me:{KEY}@127.0.0.1/x"),
    ("engine.extra_body.webhook", f"https://127.0.0.1/x?api-key={KEY}"),
    ("engine.base_url", f"https://{KEY}@127.0.0.1/v1"),
    ("engine.base_url", f"https://me:{KEY}@x@127.0.0.1/v1"),
    ("engine.base_url", f"https://127.0.0.1/v1?key={KEY}"),
    ("engine.api_key_env", f"{KEY}-{KEY}"),
    ("problems.dataset", f"https://me:{KEY}@127.0.0.1/set"),
    ("engine.apikey", KEY),
]


def put(data: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    """A copy of `data` in which `key` has a value."""
    first, _, rest = key.partition(".")
    return data | {first: put(data.get(first, {}), rest, value) if rest else value}


@pytest.mark.parametrize(("key", "value"), ENGINES)
@pytest.mark.parametrize("way", ["file", "set"])
def test_a_secret_in_a_config_is_refused_and_not_shown(tmp_path: Path, key: str, value: Any, way: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(put(BASE, key, value) if way == "file" else BASE))
    sets = (f"{key}={json.dumps(value)}",) if way == "set" else ()
    with pytest.raises(ConfigError) as caught:
        load(path, sets)
    assert str(caught.value).startswith(f"--set {key}: {key}: holds" if sets else f"{path}: {key}: holds")
    assert KEY not in str(caught.value)


def test_what_only_sounds_like_a_secret_is_none(tmp_path: Path) -> None:
    body = {"stop_token_ids": [1], "bos_token": "<s>", "skip_special_tokens": True, "hf_token": True, "user": "a@b.c"}
    config = put(put(BASE, "engine.extra_body", body), "engine.api_key_env", "OUR_KEY")
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    assert load(tmp_path / "config.yaml").engine.extra_body == body  # type: ignore[union-attr]


@pytest.mark.parametrize("port", ["65536", "99999", "-1", "x"])
def test_a_port_that_there_cannot_be_is_refused(tmp_path: Path, port: str) -> None:
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(put(BASE, "engine.base_url", f"http://127.0.0.1:{port}/v1")))
    with pytest.raises(ConfigError, match=r"engine\.base_url: .* is not allowed: it must have .* a port up to 65535"):
        load(tmp_path / "config.yaml")

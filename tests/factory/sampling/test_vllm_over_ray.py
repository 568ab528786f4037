"""Two vLLM engines in two workers of a Ray cluster, on the CPU, with a tiny model of random weights."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from factory.records import Rollout
from factory.run.directory import RunDir
from factory.run.slices import slices

pytestmark = [
    pytest.mark.engine,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(importlib.util.find_spec("vllm") is None, reason="vLLM is not installed: pip install '.[cpu]'"),
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed"),
]
PROBLEMS, ROLLOUTS = 10, 3


def test_a_run_has_an_engine_in_each_worker(tiny_model: Path, short_path: Path) -> None:
    cases = [{"args": [n], "expected": 2 * n} for n in (1, 0, -7)]
    rows = [
        {"id": f"set/{at}", "prompt": f"Double {at}.", "entry_point": "double", "cases": cases}
        for at in range(PROBLEMS)
    ]
    (short_path / "problems.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    engine = {"dtype": "float32", "enforce_eager": True, "max_num_seqs": 8, "in_flight": 8, "cpu_kv_cache_gb": 1}
    config = {
        "name": "test",
        "problems": {"path": str(short_path / "problems.jsonl")},
        "engine": {"kind": "vllm", "model": str(tiny_model)} | engine,
        "sampling": {"n": ROLLOUTS, "max_tokens": 8},
        "slice": 1,
        "verify": {"canaries": False},
        "translate": {"targets": []},
        "executor": {"kind": "ray", "address": "local", "workers": 2},
        "sandbox": {"backend": "bubblewrap"},
    }
    (short_path / "config.yaml").write_text(yaml.safe_dump(config))
    place = RunDir(short_path / "run")
    command = [sys.executable, "-m", "factory", "run", str(short_path / "config.yaml"), "--run-dir", str(place.path)]
    given = {"TMPDIR": str(short_path), "RAY_worker_niceness": "0"}  # else 15: nothing beside whatever else runs here
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | given)
    assert done.returncode == 1, done.stderr
    assert f"error: nothing is kept (python: {PROBLEMS * ROLLOUTS} rollouts, 0 pass)" in done.stderr
    parts = slices(place.open_problems(), place)
    assert all(part.sealed for part in parts)
    lines = [line for part in parts for line in part.dir.ledger()]
    assert len({line["engine"] for line in lines if line["event"] == "sampled"}) == 2, "an engine in each worker"
    for part in parts:
        (name,) = (name for name in part.dir.sealed if name.startswith("rollouts/"))
        rollouts = part.dir.read(part.dir.path / name, Rollout)
        assert [it.index for it in rollouts] == list(range(ROLLOUTS))
        assert {it.model for it in rollouts} == {str(tiny_model)}

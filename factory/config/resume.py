"""What changing a config value does to a run that is there: free, extends, refuses."""

from __future__ import annotations

import json
from typing import Any

MAY_GROW = ("sampling.n", "problems.limit", "translate.survivors")
"""Numbers that a resumed run may raise."""


MAY_CHANGE = (
    "run_dir",
    "verify.canaries",
    "sandbox.workers",
    "sandbox.backend",
    "sandbox.isolation",
    "sandbox.memory_mb",
    "sandbox.processes",
    "engine.in_flight",
    "engine.restarts",
    "engine.retries",
    "engine.timeout_s",
    "engine.gpu_memory_utilization",
    "engine.cpu_kv_cache_gb",
    "engine.tensor_parallel_size",
    "engine.data_parallel_size",
    "decontamination.near_duplicate",
    "shards.views",
    "shards.splits",
    "shards.holdout",
    "shards.rows",
    "shards.max_bytes",
    "shards.evidence",
    "cost.gpu_hour",
    "cost.cpu_hour",
)
"""What changes neither a rollout nor a verdict."""


def differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Config values that a resumed run may not change: "key: old -> new" lines."""
    before, after = _flat(old), _flat(new)
    refused = []
    for key in sorted(before.keys() | after.keys()):
        was, now = before.get(key), after.get(key)
        if was == now or any(key == name or key.startswith(f"{name}.") for name in MAY_CHANGE):
            continue
        if key in MAY_GROW and was is not None and (now is None or now > was):
            continue
        refused.append(f"{key}: {json.dumps(was)} -> {json.dumps(now)}")
    return refused


def _flat(data: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(data, dict):
        return {prefix: data}
    return {
        key: value
        for name, inner in data.items()
        for key, value in _flat(inner, f"{prefix}.{name}" if prefix else name).items()
    }

"""What a run used, added up from its ledger. Measured, so it varies from run to run."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median
from typing import Any

from factory.records import Verdict


def cost(ledger: Iterable[dict[str, Any]]) -> dict[str, float | int]:
    """Sums over all sessions of a run: tokens, seconds, CPU seconds.

    `engine_s` runs from an engine's first request to the last part it finished, per engine start;
    `gpu_s` is that times the GPUs held.
    """
    engines: dict[str, tuple[float, float, int]] = {}
    totals: dict[str, float | int] = {"rollouts": 0, "completion_tokens": 0, "program_cpu_s": 0.0}
    for line in ledger:
        if line["event"] == "sampled":
            totals["rollouts"] += line["rollouts"]
            totals["completion_tokens"] += line["completion_tokens"]
            if "engine" in line:
                seconds = max(line["engine_s"], engines.get(line["engine"], (0.0, 0.0, 0))[0])
                engines[line["engine"]] = (seconds, line["load_s"], line["gpus"])
        elif line["event"] == "verified":
            totals["program_cpu_s"] += line["cpu_s"]
    totals["engine_s"] = sum(seconds for seconds, _, _ in engines.values())
    totals["load_s"] = sum(load for _, load, _ in engines.values())
    totals["gpu_s"] = sum(seconds * gpus for seconds, _, gpus in engines.values())
    if totals["engine_s"] and totals["completion_tokens"]:
        totals["tokens_per_s"] = totals["completion_tokens"] / totals["engine_s"]
    return {name: round(value, 3) for name, value in totals.items()}


def speed(found: Iterable[tuple[Verdict, float]]) -> dict[str, Any]:
    """How kept translations compare with their sources in CPU time: {"measured", "median", "slower"}.

    `median` is of source time over own time; `slower` names those that take longer than their source, as rows do.
    """
    known = list(found)
    slower = [f"{it.problem_id}/{it.language}/{it.code_sha256[:12]}" for it, ratio in known if ratio < 1]
    return {"measured": len(known), "median": round(median(ratio for _, ratio in known), 3), "slower": slower}

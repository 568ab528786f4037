"""What a run used, added up from its ledger. Measured, so it varies from run to run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from factory.config import CostConfig


@dataclass(slots=True)
class Stage:
    """What one step used: `step` is "sample" or "verify", `language` that of the programs.

    Chunks are sampled side by side, so an engine's seconds are shared out by the tokens it gave to each language.
    """

    step: str
    language: str
    rollouts: int = 0
    completion_tokens: int = 0
    engine_s: float = 0.0
    gpu_held_s: float = 0.0
    engine_cpu_s: float = 0.0
    program_cpu_s: float = 0.0


@dataclass(slots=True)
class _Engine:
    """One start of an engine; its ledger lines count up, and may stand in any order."""

    seconds: float = 0.0
    load_s: float = 0.0
    gpus: int = 0
    cpus: int = 0
    tokens: int = 0


def cost(ledger: Iterable[dict[str, Any]]) -> dict[str, float | int]:
    """Sums over all sessions of a run: tokens, seconds, CPU seconds.

    `engine_s` runs from an engine's first request to the last part it finished, per engine start; `gpu_s`
    is that times the GPUs held, `engine_cpu_s` times the CPUs where the engine computes on those.
    `gpu_held_s` counts loading too: GPUs are paid for while weights are read.
    """
    ledger = list(ledger)
    engines = _engines(ledger).values()
    sampled = [line for line in ledger if line["event"] == "sampled"]
    totals: dict[str, float | int] = {
        "rollouts": sum(line["rollouts"] for line in sampled),
        "completion_tokens": sum(line["completion_tokens"] for line in sampled),
        "program_cpu_s": sum((line["cpu_s"] for line in ledger if line["event"] == "verified"), 0.0),
        "engine_s": sum(engine.seconds for engine in engines),
        "load_s": sum(engine.load_s for engine in engines),
        "gpu_s": sum(engine.seconds * engine.gpus for engine in engines),
        "gpu_held_s": sum((engine.seconds + engine.load_s) * engine.gpus for engine in engines),
        "engine_cpu_s": sum((engine.seconds + engine.load_s) * engine.cpus for engine in engines),
    }
    if totals["engine_s"] and totals["completion_tokens"]:
        totals["tokens_per_s"] = totals["completion_tokens"] / totals["engine_s"]
    return {name: round(value, 3) for name, value in totals.items()}


def speed(ratios: Sequence[tuple[str, float]]) -> dict[str, Any]:
    """How kept translations compare with their sources in CPU time: {"measured", "median", "slower"}.

    `ratios` are names of rows with source time over own time; `slower` names those that take longer than their source.
    """
    slower = [name for name, ratio in ratios if ratio < 1]
    return {"measured": len(ratios), "median": round(median(ratio for _, ratio in ratios), 3), "slower": slower}


def priced(totals: dict[str, Any], prices: CostConfig, records: int) -> dict[str, Any]:
    """`totals` of `cost`, with `dollars` and, where there are `records`, `dollars_per_record`.

    Left as they are when something that was used has no price. What an endpoint elsewhere costs is not known here;
    where an engine computes on the CPUs, programs that ran meanwhile on the same ones are counted on top.
    """
    if prices.cpu_hour is None or (totals["gpu_held_s"] and prices.gpu_hour is None):
        return totals
    cpu_hours = (totals["program_cpu_s"] + totals["engine_cpu_s"]) / 3600
    dollars = totals["gpu_held_s"] / 3600 * (prices.gpu_hour or 0.0) + cpu_hours * prices.cpu_hour
    a_record = {"dollars_per_record": round(dollars / records, 8)} if records else {}
    return totals | {"dollars": round(dollars, 6)} | a_record


def stages(ledger: Iterable[dict[str, Any]], prices: CostConfig) -> list[dict[str, Any]]:
    """What every step of a run used, Python first: the fields of `Stage`, and `dollars` as `priced` tells them."""
    ledger = list(ledger)
    engines = _engines(ledger)
    found: dict[tuple[str, str], Stage] = {}
    for line in ledger:
        if line["event"] not in ("sampled", "verified"):
            continue
        way = line["part"].split("/")
        key = ("sample" if line["event"] == "sampled" else "verify", way[1] if way[0] == "translations" else "python")
        stage = found.setdefault(key, Stage(*key))
        if line["event"] == "verified":
            stage.program_cpu_s += line["cpu_s"]
            continue
        stage.rollouts += line["rollouts"]
        stage.completion_tokens += line["completion_tokens"]
        if "engine" in line and engines[line["engine"]].tokens:
            engine = engines[line["engine"]]
            share = line["completion_tokens"] / engine.tokens
            stage.engine_s += share * engine.seconds
            stage.gpu_held_s += share * (engine.seconds + engine.load_s) * engine.gpus
            stage.engine_cpu_s += share * (engine.seconds + engine.load_s) * engine.cpus
    ordered = sorted(found.values(), key=lambda stage: (stage.language != "python", stage.language, stage.step))
    return [priced(asdict(stage), prices, 0) for stage in ordered]


def _engines(ledger: Iterable[dict[str, Any]]) -> dict[str, _Engine]:
    engines: dict[str, _Engine] = {}
    for line in ledger:
        if line["event"] == "sampled" and "engine" in line:
            engine = engines.setdefault(line["engine"], _Engine())
            engine.seconds = max(engine.seconds, line["engine_s"])
            engine.load_s = max(engine.load_s, line["load_s"])
            engine.gpus, engine.cpus = line["gpus"], line.get("cpus", 0)
            engine.tokens += line["completion_tokens"]
    return engines

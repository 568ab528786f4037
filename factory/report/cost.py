"""What a run used, added up from its ledger. Measured, so it varies from run to run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from statistics import median
from typing import Any

from factory.config import CostConfig
from factory.report.decontamination import compared


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
    tokens: Counter[str] = field(default_factory=Counter)
    """Completion tokens by language."""


class Account:
    """What a ledger comes to: give every line to `add`, in order. Grows with the problems, not with the lines."""

    def __init__(self, ledger: Iterable[dict[str, Any]] = ()) -> None:
        self.skipped: dict[str, str] = {}
        """Why a problem was skipped, of those of which that is the last that the ledger tells."""
        self.last: float | None = None
        """When the last line was written, in seconds since the epoch."""
        self.compared: dict[str, Any] = compared({}, {})
        """With which benchmarks the run was compared when it was started last."""
        self._stages: dict[tuple[str, str], Stage] = {}
        self._engines: dict[str, _Engine] = {}
        for line in ledger:
            self.add(line)

    def add(self, line: dict[str, Any]) -> None:
        self.last = line.get("at")
        if "problem" in line:
            self.skipped.pop(line["problem"], None)
        if line["event"] == "skipped":
            self.skipped[line["problem"]] = line["reason"]
        elif line["event"] == "compared":
            self.compared = line
        elif line["event"] in ("verified", "reviewed", "scrutinised"):  # the last until 0.1.0
            self._stage("verify", line).program_cpu_s += line["cpu_s"]
        elif line["event"] == "sampled":
            stage = self._stage("sample", line)
            stage.rollouts += line["rollouts"]
            stage.completion_tokens += line["completion_tokens"]
            if "engine" in line:
                engine = self._engines.setdefault(line["engine"], _Engine())
                engine.seconds = max(engine.seconds, line["engine_s"])
                engine.load_s = max(engine.load_s, line["load_s"])
                engine.gpus, engine.cpus = line["gpus"], line.get("cpus", 0)
                engine.tokens[stage.language] += line["completion_tokens"]

    def _stage(self, step: str, line: dict[str, Any]) -> Stage:
        way = line["part"].split("/")
        language = way[1] if way[0] == "translations" else "python"
        return self._stages.setdefault((step, language), Stage(step, language))

    def cost(self) -> dict[str, float | int]:
        """Sums over all sessions of a run: tokens, seconds, CPU seconds.

        `engine_s` runs from an engine's first request to the last part it finished, per engine start; `gpu_s`
        is that times the GPUs held, `engine_cpu_s` times the CPUs where the engine computes on those.
        `gpu_held_s` counts loading too: GPUs are paid for while weights are read.
        """
        engines, stages = self._engines.values(), self._stages.values()
        totals: dict[str, float | int] = {
            "rollouts": sum(stage.rollouts for stage in stages),
            "completion_tokens": sum(stage.completion_tokens for stage in stages),
            "program_cpu_s": sum((stage.program_cpu_s for stage in stages), 0.0),
            "engine_s": sum(engine.seconds for engine in engines),
            "load_s": sum(engine.load_s for engine in engines),
            "gpu_s": sum(engine.seconds * engine.gpus for engine in engines),
            "gpu_held_s": sum((engine.seconds + engine.load_s) * engine.gpus for engine in engines),
            "engine_cpu_s": sum((engine.seconds + engine.load_s) * engine.cpus for engine in engines),
        }
        if totals["engine_s"] and totals["completion_tokens"]:
            totals["tokens_per_s"] = totals["completion_tokens"] / totals["engine_s"]
        return {name: round(value, 3) for name, value in totals.items()}

    def stages(self, prices: CostConfig) -> list[dict[str, Any]]:
        """What every step of a run used, Python first: the fields of `Stage`, and `dollars` as `priced` tells them."""
        found = {key: replace(stage) for key, stage in self._stages.items()}
        for engine in self._engines.values():
            for language, tokens in engine.tokens.items():
                stage, share = found["sample", language], tokens / (engine.tokens.total() or 1)
                stage.engine_s += share * engine.seconds
                stage.gpu_held_s += share * (engine.seconds + engine.load_s) * engine.gpus
                stage.engine_cpu_s += share * (engine.seconds + engine.load_s) * engine.cpus
        ordered = sorted(found.values(), key=lambda stage: (stage.language != "python", stage.language, stage.step))
        return [priced(asdict(stage), prices, 0) for stage in ordered]


def speed(ratios: Sequence[tuple[str, float]]) -> dict[str, Any]:
    """How kept translations compare with their sources in CPU time: {"measured", "median", "slower"}.

    `ratios` are names of rows with source time over own time; `slower` names those that take longer than their source.
    """
    slower = [name for name, ratio in ratios if ratio < 1]
    return {"measured": len(ratios), "median": round(median(ratio for _, ratio in ratios), 3), "slower": slower}


def priced(totals: dict[str, Any], prices: CostConfig, records: int) -> dict[str, Any]:
    """`totals` of `Account.cost`, with `dollars` and, where there are `records`, `dollars_per_record`.

    Left as they are when something that was used has no price. What an endpoint elsewhere costs is not known here;
    where an engine computes on the CPUs, programs that ran meanwhile on the same ones are counted on top.
    """
    if prices.cpu_hour is None or (totals["gpu_held_s"] and prices.gpu_hour is None):
        return totals
    cpu_hours = (totals["program_cpu_s"] + totals["engine_cpu_s"]) / 3600
    dollars = totals["gpu_held_s"] / 3600 * (prices.gpu_hour or 0.0) + cpu_hours * prices.cpu_hour
    a_record = {"dollars_per_record": round(dollars / records, 8)} if records else {}
    return totals | {"dollars": round(dollars, 6)} | a_record

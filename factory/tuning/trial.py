"""What one setting has shown: the same problems sampled and graded under it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from factory.config import CostConfig
from factory.records.summary import Summary
from factory.tuning.guard import Counts, Estimate, change, pass_rate


@dataclass(frozen=True, slots=True)
class Measured:
    """A trial that ran to its end."""

    rollouts: int
    completion_tokens: int
    sampling_s: float
    """From the engine's first request to its last answer; without the time to load it, and to grade what came last."""
    load_s: float
    gpus: int
    cpus: int
    """Of an engine that computes on CPUs."""
    kept: int
    """Distinct verified programs."""
    passed: Counts

    @classmethod
    def of(cls, summary: Summary, ledger: Iterable[Mapping[str, Any]]) -> Measured:
        """The trial that left `ledger`. Raises ValueError where nothing was sampled in it."""
        engines: dict[str, Mapping[str, Any]] = {}
        tokens = 0
        for line in ledger:
            if line["event"] in ("sampled", "asked") and "engine" in line:
                tokens += line["completion_tokens"]
                last = engines.get(line["engine"])
                if last is None or line["engine_s"] >= last["engine_s"]:
                    engines[line["engine"]] = line
        if not engines:
            raise ValueError("nothing was sampled")
        python = summary.languages["python"]
        return cls(
            rollouts=python.funnel.rollouts,
            completion_tokens=tokens,
            sampling_s=sum(line["engine_s"] for line in engines.values()),
            load_s=sum(line["load_s"] for line in engines.values()),
            gpus=max(line["gpus"] for line in engines.values()),
            cpus=max(line.get("cpus", 0) for line in engines.values()),
            kept=python.funnel.kept,
            passed={name: (it.rollouts, it.passed) for name, it in python.by_problem.items()},
        )

    @property
    def tokens_per_s(self) -> float:
        return self.completion_tokens / self.sampling_s

    @property
    def records_per_hour(self) -> float:
        return self.kept / self.sampling_s * 3600

    def records_per_dollar(self, prices: CostConfig) -> float | None:
        """None where what the engine held has no price."""
        price = prices.gpu_hour if self.gpus else prices.cpu_hour
        held = self.gpus or self.cpus
        return self.records_per_hour / (price * held) if price and held else None


@dataclass(frozen=True, slots=True)
class Trial:
    """One setting beside the config as it was given: what came of it, and what was decided."""

    settings: Mapping[str, Any]
    """The keys that differ from the config; none in the first trial."""
    measured: Measured | None = None
    """None where it could not run."""
    fault: str = ""
    """Why it could not run."""
    against: Measured | None = None
    """The first trial, of the config as it was given; None in that one itself."""
    taken: bool = False
    """Whether it is the best so far, on which the next ones build."""
    decision: str = ""
    """What was decided and why, in words."""

    def pass_rate(self) -> Estimate | None:
        return pass_rate(self.measured.passed) if self.measured else None

    def change(self) -> Estimate | None:
        """By how much pass@1 differs from the first trial's."""
        return change(self.against.passed, self.measured.passed) if self.measured and self.against else None

    def loses(self) -> bool:
        """The guard: whether pass@1 has fallen by more than chance explains (95 %)."""
        found = self.change()
        return found is not None and found.high < 0

    def as_json(self, prices: CostConfig) -> dict[str, Any]:
        found: dict[str, Any] = {"settings": dict(self.settings), "taken": self.taken, "decision": self.decision}
        if self.measured is None:
            return found | {"fault": self.fault}
        rates = {"pass_at_1": self.pass_rate(), "change": self.change()}
        return found | {
            "rollouts": self.measured.rollouts,
            "completion_tokens": self.measured.completion_tokens,
            "sampling_s": round(self.measured.sampling_s, 3),
            "load_s": round(self.measured.load_s, 3),
            "tokens_per_s": round(self.measured.tokens_per_s, 3),
            "kept": self.measured.kept,
            "records_per_hour": round(self.measured.records_per_hour, 3),
            "records_per_dollar": self.measured.records_per_dollar(prices),
            **{
                name: None if it is None else [round(it.value, 4), round(it.low, 4), round(it.high, 4)]
                for name, it in rates.items()
            },
        }


def as_json(trials: Sequence[Trial], prices: CostConfig) -> str:
    """`tune.json`: a list of the trials in the order of their making; rates with their 95 % intervals."""
    return json.dumps([trial.as_json(prices) for trial in trials], indent=2, ensure_ascii=False) + "\n"

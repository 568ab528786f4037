"""What a run used, added up from its ledger. Measured, so it varies from run to run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, field, fields, replace
from statistics import median
from typing import Any, Self

from factory.config import CostConfig
from factory.records import Maker
from factory.records.summary import Cost, Speedup
from factory.report.decontamination import Compared
from factory.report.planned import Planned

NOBODY = Maker().generator
"""Who made rollouts of which the ledger names no generator: the one engine of a run."""


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
    dollars: float | None = None
    """None where something that was used has no price."""


@dataclass(slots=True)
class Used:
    """What one generator took for programs in one language. An engine's seconds are shared out by tokens."""

    generator: str
    language: str
    rollouts: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    gpu_held_s: float = 0.0
    engine_cpu_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Bought:
    """What was paid by the token: dollars, and the seconds of engines that these are for."""

    dollars: float = 0.0
    gpu_held_s: float = 0.0
    engine_cpu_s: float = 0.0

    def __add__(self, other: Bought) -> Bought:
        return Bought(*(sum(pair) for pair in zip(astuple(self), astuple(other), strict=True)))


@dataclass(slots=True)
class _Engine:
    """One start of an engine; its ledger lines count up, and may come in any order."""

    seconds: float = 0.0
    load_s: float = 0.0
    gpus: int = 0
    cpus: int = 0
    lost_tokens: int = 0
    tokens: Counter[str] = field(default_factory=Counter)
    """Completion tokens by language."""
    generators: Counter[str] = field(default_factory=Counter)
    """The same by language and generator, as "LANGUAGE/GENERATOR"; nothing in slices that an older version sealed."""


class Account:
    """What a ledger comes to: give every line to `add`, in order. Grows with the problems, not with the lines."""

    def __init__(self, ledger: Iterable[dict[str, Any]] = ()) -> None:
        self.skipped: dict[str, str] = {}
        """Why problems were skipped, of those that were not worked on again after it."""
        self.unanswered: dict[str, Counter[str]] = {}
        """Rollouts that have not come, by part: how many were "refused", and how many "failed"."""
        self.last: float | None = None
        """When the last line was written, in seconds since the epoch."""
        self.compared = Compared()
        """With which benchmarks the run was compared when it was started last."""
        self.planned: dict[str, Planned] = {}
        """What was decided last on each problem whose rollouts are not of a fixed number."""
        self.tokens: Counter[str] = Counter()
        """Completion tokens of Python rollouts, by problem."""
        self._stages: dict[tuple[str, str], Stage] = {}
        self._engines: dict[str, _Engine] = {}
        self._used: dict[tuple[str, str], Used] = {}
        self._owing: dict[str, str] = {}
        """By part, who was asked for what is in `unanswered`, in runs of several generators."""
        for line in ledger:
            self.add(line)

    def add(self, line: dict[str, Any]) -> None:
        self.last = line.get("at")
        if "problem" in line:
            self.skipped.pop(line["problem"], None)
        if line["event"] == "skipped":
            self.skipped[line["problem"]] = line["reason"]
        elif line["event"] == "planned":
            facts = line["why"], line["graded"], line["distinct"], line["until"], line.get("generators", "")
            self.planned[line["problem"]] = Planned(*facts)
        elif line["event"] == "compared":
            self.compared = Compared.from_facts(line)
        elif line["event"] in ("verified", "reviewed", "scrutinised"):  # the last until 0.1.0
            self._stage("verify", line).program_cpu_s += line["cpu_s"]
        elif line["event"] == "unanswered":
            self._owing |= {line["of"]: line["generator"]} if "generator" in line else {}
            self.unanswered[line["of"]] = Counter({key: line[key] for key in ("refused", "failed") if line[key]})
        elif line["event"] == "engine":
            self._engine(line)
        elif line["event"] in ("sampled", "asked"):
            self.unanswered.pop(line["part"], None)
            stage = self._stage("sample", line)
            stage.rollouts += line.get("rollouts", 0)
            stage.completion_tokens += line["completion_tokens"]
            if stage.language == "python" and "problem" in line:
                self.tokens[line["problem"]] += line["completion_tokens"]
            used = self._used_by(line.get("generator", NOBODY), stage.language)
            used.rollouts += line.get("rollouts", 0)
            used.prompt_tokens += line.get("prompt_tokens", 0)
            used.completion_tokens += line["completion_tokens"]
            if "engine" in line:
                engine = self._engine(line)
                engine.tokens[stage.language] += line["completion_tokens"]
                engine.generators[f"{stage.language}/{used.generator}"] += line["completion_tokens"]

    def _engine(self, line: dict[str, Any]) -> _Engine:
        """The engine of which a line tells, with what it has used by then."""
        engine = self._engines.setdefault(line["engine"], _Engine())
        engine.seconds = max(engine.seconds, line["engine_s"])
        engine.load_s = max(engine.load_s, line["load_s"])
        engine.gpus, engine.cpus = line["gpus"], line.get("cpus", 0)
        engine.lost_tokens = max(engine.lost_tokens, line.get("lost_tokens", 0))
        return engine

    def _stage(self, step: str, line: dict[str, Any]) -> Stage:
        way = line["part"].split("/")
        language = way[1] if way[0] == "translations" else "python"
        return self._stages.setdefault((step, language), Stage(step, language))

    def _used_by(self, generator: str, language: str) -> Used:
        return self._used.setdefault((generator, language), Used(generator, language))

    def missing(self, generator: str) -> int:
        """Rollouts that a generator was asked for and that have not come."""
        owed = (part for part in self.unanswered if self._owing.get(part, NOBODY) == generator)
        return sum(self.unanswered[part].total() for part in owed)

    def came(self, generator: str) -> int:
        """Rollouts by a generator."""
        return sum(it.rollouts for it in self._used.values() if it.generator == generator)

    def used(self) -> dict[tuple[str, str], Used]:
        """What every generator took, by its name and language."""
        found = {key: replace(it) for key, it in self._used.items()}
        for engine in self._engines.values():
            for key, tokens in engine.generators.items():
                language, _, generator = key.partition("/")
                it = found.setdefault((generator, language), Used(generator, language))
                share = tokens / (engine.generators.total() or 1) * (engine.seconds + engine.load_s)
                it.gpu_held_s += share * engine.gpus
                it.engine_cpu_s += share * engine.cpus
        return found

    def merge(self, other: Account) -> None:
        """Take in what another ledger of the same run comes to; an engine may have lines in both."""
        self.skipped |= other.skipped
        self.unanswered |= other.unanswered
        self._owing |= other._owing
        self.planned |= other.planned
        self.tokens.update(other.tokens)
        self.last = max((it for it in (self.last, other.last) if it is not None), default=None)
        for key, stage in other._stages.items():
            own = self._stages.setdefault(key, Stage(*key))
            own.rollouts += stage.rollouts
            own.completion_tokens += stage.completion_tokens
            own.program_cpu_s += stage.program_cpu_s
        for name, engine in other._engines.items():
            known = self._engines.setdefault(name, _Engine())
            known.seconds, known.load_s = max(known.seconds, engine.seconds), max(known.load_s, engine.load_s)
            known.gpus, known.cpus = engine.gpus, engine.cpus
            known.lost_tokens = max(known.lost_tokens, engine.lost_tokens)
            known.tokens.update(engine.tokens)
            known.generators.update(engine.generators)
        for generator, language in other._used:
            used, it = self._used_by(generator, language), other._used[generator, language]
            used.rollouts += it.rollouts
            used.prompt_tokens += it.prompt_tokens
            used.completion_tokens += it.completion_tokens

    def as_json(self) -> dict[str, Any]:
        """For `slice.json`; without `compared`, which only the ledger of a whole run has."""
        return {
            "skipped": self.skipped,
            "unanswered": self.unanswered,
            "owing": self._owing,
            "last": self.last,
            "tokens": {name: count for name, count in self.tokens.items() if count},
            "planned": {name: list(astuple(it)) for name, it in self.planned.items()},
            "used": [asdict(it) for it in self._used.values()],
            "stages": [asdict(stage) for stage in self._stages.values()],
            "engines": {
                name: {it.name: getattr(engine, it.name) for it in fields(engine)}
                for name, engine in self._engines.items()
            },
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        found = cls()
        found.skipped, found.last = dict(data["skipped"]), data["last"]
        found.tokens = Counter(data.get("tokens", {}))
        found.planned = {name: Planned(*it) for name, it in data.get("planned", {}).items()}
        found.unanswered = {part: Counter(counts) for part, counts in data["unanswered"].items()}
        found._owing = dict(data.get("owing", {}))
        for it in data["stages"]:
            found._stages[it["step"], it["language"]] = Stage(**it)
        for it in data.get("used", ()):
            found._used[it["generator"], it["language"]] = Used(**it)
        for name, it in data["engines"].items():
            counters = {key: Counter(it.get(key, {})) for key in ("tokens", "generators")}
            found._engines[name] = _Engine(**it | counters)
        return found

    def cost(self) -> Cost:
        """Sums over all sessions of a run, without dollars."""
        engines, stages = self._engines.values(), self._stages.values()
        tokens, engine_s = sum(stage.completion_tokens for stage in stages), sum(engine.seconds for engine in engines)
        return Cost(
            rollouts=sum(stage.rollouts for stage in stages),
            completion_tokens=tokens,
            lost_tokens=sum(engine.lost_tokens for engine in engines),
            program_cpu_s=round(sum((stage.program_cpu_s for stage in stages), 0.0), 3),
            engine_s=round(engine_s, 3),
            load_s=round(sum(engine.load_s for engine in engines), 3),
            gpu_s=round(sum(engine.seconds * engine.gpus for engine in engines), 3),
            gpu_held_s=round(sum((engine.seconds + engine.load_s) * engine.gpus for engine in engines), 3),
            engine_cpu_s=round(sum((engine.seconds + engine.load_s) * engine.cpus for engine in engines), 3),
            tokens_per_s=round(tokens / engine_s, 3) if engine_s and tokens else None,
        )

    def stages(self, prices: CostConfig, bought: Mapping[str, Bought] | None = None) -> list[Stage]:
        """What every step of a run used, Python first. `bought` has what was paid by the token, by language."""
        found = {key: replace(stage) for key, stage in self._stages.items()}
        for engine in self._engines.values():
            for language, tokens in engine.tokens.items():
                stage, share = found["sample", language], tokens / (engine.tokens.total() or 1)
                stage.engine_s += share * engine.seconds
                stage.gpu_held_s += share * (engine.seconds + engine.load_s) * engine.gpus
                stage.engine_cpu_s += share * (engine.seconds + engine.load_s) * engine.cpus
        for stage in found.values():
            spent = dollars(stage, prices, (bought or {}).get(stage.language) if stage.step == "sample" else None)
            stage.dollars = None if spent is None else round(spent, 6)
        return sorted(found.values(), key=lambda stage: (stage.language != "python", stage.language, stage.step))


def speed(ratios: Sequence[tuple[str, float]]) -> Speedup:
    """How kept translations compare with their sources in CPU time.

    `ratios` are names of rows with source time over own time.
    """
    slower = tuple(name for name, ratio in ratios if ratio < 1)
    return Speedup(len(ratios), round(median(ratio for _, ratio in ratios), 3), slower)


def dollars(used: Cost | Stage, prices: CostConfig, bought: Bought | None = None) -> float | None:
    """What was used, in dollars; None where something that was used has no price.

    `bought` is what of it was paid by the token. What an endpoint elsewhere costs is not known without its `price`;
    where an engine computes on the CPUs, programs that ran meanwhile on the same ones are counted on top.
    """
    paid = bought or Bought()
    gpu_held_s, engine_cpu_s = used.gpu_held_s, used.engine_cpu_s
    if bought is not None:  # what is left of rounding is no time
        gpu_held_s, engine_cpu_s = (
            max(round(it, 1), 0.0) for it in (gpu_held_s - paid.gpu_held_s, engine_cpu_s - paid.engine_cpu_s)
        )
    if prices.cpu_hour is None or (gpu_held_s and prices.gpu_hour is None):
        return None
    cpu_hours = (used.program_cpu_s + engine_cpu_s) / 3600
    return paid.dollars + gpu_held_s / 3600 * (prices.gpu_hour or 0.0) + cpu_hours * prices.cpu_hour


def priced(cost: Cost, prices: CostConfig, records: int, bought: Bought | None = None) -> Cost:
    """`cost` with `dollars` and, where there are `records`, `dollars_per_record`; as it is where a price is missing."""
    spent = dollars(cost, prices, bought)
    if spent is None:
        return cost
    return replace(cost, dollars=round(spent, 6), dollars_per_record=round(spent / records, 8) if records else None)

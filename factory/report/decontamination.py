"""What a run repeated of its benchmarks: problems set aside before anything was sampled, and programs dropped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Protocol

from factory import escape
from factory.records import BenchmarkMatch


class Hit(Protocol):
    @property
    def contaminated_by(self) -> BenchmarkMatch: ...


def compared(sizes: Mapping[str, int], repeated: Mapping[str, Hit]) -> dict[str, Any]:
    """For the ledger: problems by benchmark, and what problems that were set aside repeat."""
    return {
        "benchmarks": dict(sizes),
        "set_aside": {problem: hit.contaminated_by.as_text() for problem, hit in repeated.items()},
    }


def decontamination(found: Mapping[str, Any], programs: Counter[BenchmarkMatch]) -> dict[str, Any]:
    """{"benchmarks": {name: counts}, "hits": {problem of a benchmark: what repeats it}}.

    `found` as of `compared`; `programs` counts dropped rollouts by `Verdict.contaminated_by`.
    """
    by_name = {name: {"problems": size, "set_aside": 0, "programs": 0} for name, size in found["benchmarks"].items()}
    hits: dict[str, dict[str, Any]] = {}
    for problem, text in found["set_aside"].items():
        repeated = BenchmarkMatch.from_text(text)
        name, hit = repeated.benchmark, repeated.problem
        by_name[name]["set_aside"] += 1
        hits.setdefault(hit, {"benchmark": name, "set_aside": [], "programs": 0})["set_aside"].append(problem)
    for repeated, count in sorted(programs.items(), key=lambda item: item[0].as_text()):
        name, hit = repeated.benchmark, repeated.problem
        by_name[name]["programs"] += count
        hits.setdefault(hit, {"benchmark": name, "set_aside": [], "programs": 0})["programs"] += count
    return {"benchmarks": by_name, "hits": hits}


NOTHING: dict[str, Any] = {"benchmarks": {}, "hits": {}}
"""What `decontamination` gives of a run that compared nothing."""


def lines(told: Mapping[str, Any]) -> list[str]:
    """What `decontamination` gave, a line a benchmark and one on what was hit, for people."""
    return [
        *(
            f"{escape.line(name)}: {counts['problems']:,} problems, {counts['set_aside']:,} of ours set aside, "
            f"{counts['programs']:,} programs dropped"
            for name, counts in told["benchmarks"].items()
        ),
        *([f"repeated: {_some(list(told['hits']))}"] if told["hits"] else []),
    ]


def _some(names: list[str], most: int = 20) -> str:
    more = f", and {len(names) - most} more, in summary.json" if len(names) > most else ""
    return ", ".join(map(escape.line, names[:most])) + more

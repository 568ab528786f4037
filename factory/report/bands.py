"""What a kept Python program costs, by how hard its problem is: the share of the problem's rollouts that pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from factory.report.cost import Stage
from factory.report.statistics import ProblemRow

_BANDS = {"under 10 % pass": 0.1, "10 to 50 %": 0.5, "50 to 90 %": 0.9, "90 % and more": 2.0}
"""Problems of which some rollout passes: the share that each band is below; the first that fits is a problem's own."""
_NONE = "none passes"


@dataclass(slots=True)
class Band:
    """Problems that are about as hard as each other, and what their Python rollouts came to."""

    name: str
    problems: int = 0
    rollouts: int = 0
    tokens: int = 0
    """Completion tokens, as far as the ledger has them by problem."""
    passed: int = 0
    kept: int = 0
    dollars: float | None = None
    """The part of what sampling Python cost that their tokens are; None without prices or tokens."""

    def per_record(self, used: float | None) -> float | None:
        """What was used for each kept program; None where nothing is kept."""
        return used / self.kept if self.kept and used is not None else None


def bands(rows: Sequence[ProblemRow], tokens: Mapping[str, int], stages: Sequence[Stage]) -> list[Band]:
    """The bands that have problems, the hardest first. `tokens` are by a problem's id."""
    found = {name: Band(name) for name in (_NONE, *_BANDS)}
    for row in rows:
        counts = row.counts.get("python")
        if counts is None or not counts.rollouts:
            continue
        share = counts.passed / counts.rollouts
        band = found[next(name for name, below in _BANDS.items() if share < below) if share else _NONE]
        band.problems += 1
        band.rollouts += counts.rollouts
        band.tokens += tokens.get(row.id, 0)
        band.passed += counts.passed
        band.kept += counts.kept
    spent = next((it.dollars for it in stages if (it.step, it.language) == ("sample", "python")), None)
    known = sum(band.tokens for band in found.values())
    for band in found.values():
        band.dollars = spent * band.tokens / known if spent is not None and known else None
    return [band for band in found.values() if band.problems]

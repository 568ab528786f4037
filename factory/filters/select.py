"""The best survivors of one problem: distinct, ranked, at most k.

Promises: the same verdicts in any order give the same survivors in the same order, unless the
config ranks by a measured key (`cpu`). Every passed rollout that is not kept has its reason. What is kept was
run itself: of programs that cannot behave differently, never one that took over another's verdict.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from factory.config import RankConfig
from factory.records import Rollout, Status, Survivor, Verdict

_BRANCHES = re.compile(r"\b(?:if|elif|for|while|case|and|or|except|try|switch|select|goto|go|lambda)\b|&&|\|\|")
_KEYS: dict[str, Callable[[Verdict], float]] = {
    "repairs": lambda verdict: len(verdict.repairs),
    "findings": lambda verdict: len(verdict.findings),
    "length": lambda verdict: len(verdict.code),
    "simplicity": lambda verdict: len(_BRANCHES.findall(verdict.code)),
    "index": lambda verdict: verdict.index,
    "cpu": lambda verdict: verdict.cpu_ms,
}


@dataclass(frozen=True, slots=True)
class Selection:
    """`kept` is ranked, best first. `dropped` counts passed rollouts by why they were not kept."""

    kept: tuple[Verdict, ...]
    dropped: dict[str, int]


def select(verdicts: Iterable[Verdict], rank: RankConfig, keep: int | None = None) -> Selection:
    """The best of one problem (for a translation: of one parent and language).

    `keep` overrides `rank.keep`. Reasons in `dropped`: "duplicate", "beyond rank.keep".
    """
    passed = sorted(
        (verdict for verdict in verdicts if verdict.status is Status.PASSED),
        key=lambda verdict: (*(_KEYS[name](verdict) for name in rank.by), verdict.index),
    )
    distinct: dict[str, Verdict] = {}
    for verdict in passed:
        if verdict.duplicate_of is None:
            distinct.setdefault(verdict.form, verdict)
    kept = tuple(distinct.values())[: keep or rank.keep]
    return Selection(kept, {"duplicate": len(passed) - len(distinct), "beyond rank.keep": len(distinct) - len(kept)})


def survivors(selection: Selection, rollouts: Iterable[Rollout]) -> tuple[Survivor, ...]:
    """The kept verdicts as survivors, with what their rollouts know of their origin."""
    source = {rollout.index: rollout for rollout in rollouts}
    return tuple(_survivor(place, verdict, source[verdict.index]) for place, verdict in enumerate(selection.kept))


def _survivor(place: int, verdict: Verdict, rollout: Rollout) -> Survivor:
    return Survivor(
        problem_id=verdict.problem_id,
        index=verdict.index,
        language=verdict.language,
        rank=place,
        code=verdict.code,
        code_sha256=verdict.code_sha256,
        form=verdict.form,
        cases_passed=verdict.cases_passed,
        cases_total=verdict.cases_total,
        cpu_ms=verdict.cpu_ms,
        peak_mb=verdict.peak_mb,
        repairs=verdict.repairs,
        parent=rollout.parent,
        model=rollout.model,
        sampling=json.dumps(rollout.sampling or {}, sort_keys=True),
        template=rollout.template,
        differential=verdict.differential,
        speedup=verdict.speedup,
        findings=verdict.findings,
        mends=rollout.mends,
    )

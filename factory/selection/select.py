"""The best survivors of one problem: distinct, different, at most k.

Promises: the same verdicts in any order give the same survivors in the same order, unless the
config ranks by a measured key (`cpu`). Every passed rollout that is not kept has its reason. What is kept was
run, and where there is a review reviewed, as exactly that text; programs are distinct by their normal forms.

The first is the best by rank. With `rank.diverse` each next is the one farthest from those chosen before, the better
ranked of equals (farthest-point choice: Gonzalez 1985, "Clustering to minimize the maximum intercluster distance"),
so that fewer kept are always the beginning of more.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from factory.config import RankConfig
from factory.records import Review, Rollout, Status, Survivor, Verdict
from factory.selection.diversity import distance, features

_BRANCHES = re.compile(r"\b(?:if|elif|for|while|case|and|or|except|try|switch|select|goto|go|lambda)\b|&&|\|\|")
_KEYS: dict[str, Callable[[Verdict], float]] = {
    "import_fixes": lambda verdict: len(verdict.import_fixes),
    "lint": lambda verdict: len(verdict.lint),
    "length": lambda verdict: len(verdict.code),
    "simplicity": lambda verdict: len(_BRANCHES.findall(verdict.code)),
    "index": lambda verdict: verdict.index,
    "cpu": lambda verdict: verdict.cpu_ms,
}
CONSIDERED = 64
"""Programs of a problem, the best by rank, that are compared with each other."""
NEAR = 0.1
"""Distance below which programs differ in details only, and rank alone decides."""
LEAST_MS = 1.0
"""CPU milliseconds below which times are mostly chance."""
FAST = 8.0
"""Ratio of CPU times from which two programs are as different in speed as can be."""


@dataclass(frozen=True, slots=True)
class Selection:
    """`kept` is in the order of choosing, best first. `dropped` counts passed rollouts by why they were not kept."""

    kept: tuple[Verdict, ...]
    dropped: dict[str, int]


def ranked(verdicts: Iterable[Verdict], rank: RankConfig, review: Review | None = None) -> list[Verdict]:
    """The distinct programs among `verdicts` that passed and were run themselves, best first.

    Without a `review` all agree with each other. With one, an accepted text stands for its normal form before others.
    """
    shares = dict.fromkeys(review.accepted, 1.0) | review.agreement if review else {}
    keys = _KEYS | {"agreement": lambda verdict: -shares.get(verdict.code_sha256, 0.0)}
    distinct: dict[str, Verdict] = {}
    for verdict in sorted(
        (verdict for verdict in verdicts if verdict.status is Status.PASSED and verdict.duplicate_of is None),
        key=lambda verdict: (*(keys[name](verdict) for name in rank.by), verdict.index),
    ):
        distinct.setdefault(verdict.normal_form, verdict)
    return list(distinct.values())


def select(
    verdicts: Sequence[Verdict], rank: RankConfig, keep: int | None = None, review: Review | None = None
) -> Selection:
    """The best of one problem (for a translation: of one parent and language).

    `keep` overrides `rank.keep`. With a `review` only programs that it accepted can be kept, and none where tests
    are weak; programs that behave differently where right ones may are different. Reasons in
    `dropped`: "duplicate", "beyond rank.keep" and, where it happened, "below rank.min_distance" and "weak tests".
    """
    distinct = ranked(verdicts, rank, review)
    dropped = {"duplicate": sum(verdict.status is Status.PASSED for verdict in verdicts) - len(distinct)}
    if review is not None and review.weak:
        return Selection((), dropped | {"weak tests": len(distinct)})
    accepted = [verdict for verdict in distinct if review is None or verdict.code_sha256 in review.accepted]
    most = min(keep or rank.keep, len(accepted))
    kept = accepted[:most]
    if rank.diverse:
        kept = _different(accepted, rank, most, review.accepted if review else {})
    dropped["beyond rank.keep"] = len(distinct) - len(kept)
    if len(kept) < most:
        dropped["below rank.min_distance"] = near = min(len(accepted), CONSIDERED) - len(kept)
        dropped["beyond rank.keep"] -= near
    return Selection(tuple(kept), dropped)


def _different(ranked: Sequence[Verdict], rank: RankConfig, most: int, profiles: Mapping[str, str]) -> list[Verdict]:
    """At most `most` of `ranked`: the first, and then always the one farthest from those before."""
    if most < 2:
        return list(ranked[:most])
    waiting = list(ranked[:CONSIDERED])
    seen = {verdict.normal_form: features(verdict.code, verdict.language) for verdict in waiting}
    gaps = dict.fromkeys(seen, math.inf)
    """How far each is from the nearest that is kept."""
    kept: list[Verdict] = []
    while waiting and len(kept) < most:
        new = max(waiting, key=lambda verdict: gaps[verdict.normal_form])  # of equals the first, which is better ranked
        if gaps[new.normal_form] < rank.min_distance:
            return kept
        waiting.remove(new)
        kept.append(new)
        for verdict in waiting:
            gap = distance(seen[verdict.normal_form], seen[new.normal_form])
            gap += _in_behaviour(profiles.get(verdict.code_sha256), profiles.get(new.code_sha256))
            gap += _in_speed(verdict, new) if "cpu" in rank.by else 0
            gaps[verdict.normal_form] = min(gaps[verdict.normal_form], gap if gap >= NEAR else 0)
    beyond = () if rank.min_distance else ranked[CONSIDERED:]
    return [*kept, *beyond][:most]


def _in_behaviour(one: str | None, other: str | None) -> bool:
    """Whether two programs are known to behave differently."""
    return one is not None and other is not None and one != other


def _in_speed(one: Verdict, other: Verdict) -> float:
    """0 for programs as fast as each other, 1 for one that is `FAST` times as fast."""
    times = sorted(max(verdict.cpu_ms, LEAST_MS) for verdict in (one, other))
    return min(math.log(times[1] / times[0], FAST), 1)


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
        normal_form=verdict.normal_form,
        cases_passed=verdict.cases_passed,
        cases_total=verdict.cases_total,
        cpu_ms=verdict.cpu_ms,
        peak_mb=verdict.peak_mb,
        import_fixes=verdict.import_fixes,
        parent=rollout.parent,
        model=rollout.model,
        sampling=rollout.sampling or {},
        template=rollout.template,
        differential=verdict.differential,
        speedup=verdict.speedup,
        lint=verdict.lint,
        repair_of=rollout.repair_of,
        generator=rollout.generator,
    )

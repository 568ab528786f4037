"""New inputs of a problem, by how far they lie from those of its cases.

Promises: a function of the problem and its traced calls. What lies among the inputs of the cases is meant, as far as
`factory.inputs.domain` can tell; what lies farther off may be excluded by the prompt. One thing that prompts exclude is
looked for in their words: negative numbers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from factory.inputs.domain import InputDomain, Reach
from factory.inputs.generate import stream
from factory.records import Case, Problem

MADE = 8
"""Inputs generated for each that has to lie in the problem's domain."""
TIMES = {Reach.INSIDE: 1, Reach.WIDER: 2, Reach.SIGNED: 1}
"""Inputs of each reach for one that lies in the domain. Most of what tests miss lies farther off."""
_NO_NEGATIVES = re.compile(r"\b(?:positive|non-?negative|natural|unsigned)\b", re.IGNORECASE)

GeneratedInputs = dict[Reach, tuple[Case, ...]]
"""By reach: the inputs that lie no nearer."""


def generated_inputs(problem: Problem, traced: Sequence[Case], count: int) -> GeneratedInputs:
    """At most `count` new inputs in the domain, and `TIMES` times as many of each reach; none where none is known, and
    none for trees, which have to be of a kind (searched, balanced) that their cases do not tell.
    """
    whole = problem.model_copy(update={"cases": (*problem.cases, *traced), "test_code": ""})
    room = {reach: times * count for reach, times in TIMES.items()}
    if _NO_NEGATIVES.search(f"{problem.prompt}\n{problem.starter_code}"):
        room[Reach.SIGNED] = 0
    found: dict[Reach, list[Case]] = {reach: [] for reach in Reach}
    if not (count and whole.cases) or problem.calling.takes_trees:
        return {}
    domain = InputDomain(whole)
    for case in stream(whole, MADE * count):
        reach = next((reach for reach in Reach if domain.holds(case, reach)), None)
        if reach is not None and len(found[reach]) < room[reach]:
            found[reach].append(case)
        if all(len(found[reach]) == room[reach] for reach in Reach):
            break
    return {reach: tuple(cases) for reach, cases in found.items()}

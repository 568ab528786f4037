"""New inputs of a problem, by how far they lie from those of its cases.

Promises: a function of the problem and its traced calls. What lies among the inputs of the cases is meant, as far as
`factory.inputs.domain` can tell; what lies farther off may be excluded by the prompt, or be of a kind that only the
signature declares. One thing that prompts exclude is looked for in their words: negative numbers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from factory.inputs.declared import Declared
from factory.inputs.domain import InputDomain, Reach
from factory.inputs.generate import stream
from factory.inputs.stated import Stated
from factory.records import Case, Problem
from factory.records.values import decode
from factory.review.equivalence import TRUTH

MADE = 8
"""Inputs generated for each that has to lie in the problem's domain."""
TIMES = {Reach.INSIDE: 1, Reach.WIDER: 2, Reach.SIGNED: 1}
"""Inputs of each reach for one that lies in the domain. Most of what tests miss lies farther off."""
STREAMS = 4
"""Calls for one standard input: a program is started anew for each of those, which takes as long as many calls."""
_NO_NEGATIVES = re.compile(r"\b(?:positive|non-?negative|natural|unsigned)\b", re.IGNORECASE)

GeneratedInputs = dict[Reach, tuple[Case, ...]]
"""By reach: the inputs that lie no nearer."""


def generated_inputs(problem: Problem, traced: Sequence[Case], count: int) -> GeneratedInputs:
    """At most `count` new inputs in the domain, and `TIMES` times as many of each reach; none where none is known.

    None for calls of methods, nor for trees, which have to be of a kind (searched, balanced) that cases do not tell.
    """
    whole = problem.model_copy(update={"cases": (*problem.cases, *traced), "test_code": ""})
    if not (count and whole.cases) or problem.calling.takes_trees or problem.calling.operations:
        return {}
    count = count if whole.entry_point is not None else -(-count // STREAMS)
    declared, stated, truth = Declared(whole), Stated(whole), _asks_whether(problem)
    examples = declared.examples()
    domain = farther = InputDomain(whole, signed_arguments=truth)
    if examples:
        farther = InputDomain(whole.model_copy(update={"cases": (*whole.cases, *examples)}), signed_arguments=truth)
    room = {reach: times * count for reach, times in TIMES.items()}
    if _NO_NEGATIVES.search(f"{problem.prompt}\n{problem.starter_code}") or not farther.has_unseen_signs:
        room[Reach.SIGNED] = 0
    found: dict[Reach, list[Case]] = {reach: [] for reach in Reach}
    for case in stream(whole, MADE * count, examples):
        if not (declared.admit(case) and stated.admit(case)):
            continue
        reach = next((reach for reach in Reach if (farther if reach else domain).holds(case, reach)), None)
        if reach is not None and len(found[reach]) < room[reach]:
            found[reach].append(case)
        if all(len(found[reach]) == room[reach] for reach in Reach):
            break
    return {reach: tuple(cases) for reach, cases in found.items()}


def _asks_whether(problem: Problem) -> bool:
    """Whether a yes or no is asked of one value: that can be asked of every number, as the -3rd of something cannot."""
    return bool(problem.cases) and all(
        case.stdin is None
        and len(case.args or ()) + len(case.kwargs) == 1
        and (
            TRUTH.fullmatch(predicate)
            if (predicate := problem.comparison_of(case).predicate)
            else isinstance(decode(case.expected), bool)
        )
        for case in problem.cases
    )

"""New inputs of a problem, by how far they lie from those of its cases.

Promises: a function of the problem, its traced calls, and what a model that was asked has named. What lies among the
inputs of the cases is meant, as far as `factory.inputs.domain` can tell; what lies farther off may be excluded by the
prompt, or be of a kind that only the signature declares. One thing that prompts exclude is looked for in their words:
negative numbers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from factory.inputs.declared import Declared
from factory.inputs.domain import InputDomain, Reach
from factory.inputs.generate import input_text, stream
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
    whole = _whole(problem, traced)
    if not (count and whole.cases) or problem.calling.takes_trees or problem.calling.operations:
        return {}
    count = count if whole.entry_point is not None else -(-count // STREAMS)
    space = _Space(problem, whole)
    room = {reach: times * count for reach, times in TIMES.items()}
    room[Reach.SIGNED] *= space.is_signed
    found: dict[Reach, list[Case]] = {reach: [] for reach in TIMES}
    for case in stream(whole, MADE * count, space.examples):
        reach = space.reach(case, tuple(TIMES))
        if reach is not None and len(found[reach]) < room[reach]:
            found[reach].append(case)
        if all(len(found[reach]) == room[reach] for reach in TIMES):
            break
    return {reach: tuple(cases) for reach, cases in found.items()}


def named_inputs(problem: Problem, traced: Sequence[Case], named: Sequence[Case]) -> GeneratedInputs:
    """Those of the inputs that a model has `named` which no case has, where any may be generated."""
    whole = _whole(problem, traced)
    if not (named and whole.cases) or problem.calling.takes_trees or problem.calling.operations:
        return {}
    space, known = _Space(problem, whole), {input_text(case) for case in whole.cases}
    negative = space.is_signed or any(map(_is_negative, whole.cases))
    found: dict[Reach, list[Case]] = {reach: [] for reach in Reach}
    for case in named:
        reach = space.reach(case, tuple(Reach))
        if reach is not None and input_text(case) not in known and (negative or not _is_negative(case)):
            found[reach].append(case)
    return {reach: tuple(cases) for reach, cases in found.items()}


def together(*several: GeneratedInputs) -> GeneratedInputs:
    """All of these inputs, each once."""
    found: dict[Reach, dict[str, Case]] = {}
    for made in several:
        for reach, cases in made.items():
            for case in cases:
                found.setdefault(reach, {}).setdefault(input_text(case), case)
    return {reach: tuple(cases.values()) for reach, cases in sorted(found.items())}


def _whole(problem: Problem, traced: Sequence[Case]) -> Problem:
    return problem.model_copy(update={"cases": (*problem.cases, *traced), "test_code": ""})


class _Space:
    """Where the inputs of a problem's cases lie, and what its texts say of others."""

    def __init__(self, problem: Problem, whole: Problem) -> None:
        self._declared, self._stated, truth = Declared(whole), Stated(whole), _asks_whether(problem)
        self.examples = self._declared.examples()
        """Inputs of kinds that are declared and that no case has."""
        self._domain = self._farther = InputDomain(whole, signed_arguments=truth)
        if self.examples:
            more = whole.model_copy(update={"cases": (*whole.cases, *self.examples)})
            self._farther = InputDomain(more, signed_arguments=truth)
        excluded = _NO_NEGATIVES.search(f"{whole.prompt}\n{whole.starter_code}") is not None
        self.is_signed = self._farther.has_unseen_signs and not excluded
        """Whether numbers may be negative where no case is."""

    def reach(self, case: Case, reaches: Sequence[Reach]) -> Reach | None:
        """The nearest of `reaches` that `case` lies in; None where it lies in none, or its problem excludes it."""
        if not (self._declared.admit(case) and self._stated.admit(case)):
            return None
        domains = {reach: self._farther if reach else self._domain for reach in reaches}
        return next((reach for reach, domain in domains.items() if domain.holds(case, reach)), None)


def _is_negative(case: Case) -> bool:
    """Whether a number of the input is negative, at any depth."""
    if case.stdin is not None:
        return any(token[0] == "-" and token[1:].isdecimal() for token in case.stdin.split())
    waiting = [*map(decode, case.args or ()), *map(decode, case.kwargs.values())]
    for value in waiting:  # which grows meanwhile
        if isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, list | tuple | set | frozenset):
            waiting += value
        elif isinstance(value, int | float) and value < 0:
            return True
    return False


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

"""New inputs for a problem, made from those of its cases: edges of every type, small changes, and fresh ones.

Promises: a function of the problem's id and inputs alone, the same in every process; types as in
`values`; no input twice, none that a case has. Does not promise that a program accepts them: lengths that belong
together and bounds that only the prompt states are not known here. Run a program on them before you rely on them.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import zip_longest
from random import Random
from typing import Any

from factory.inputs import stdin
from factory.inputs.relations import part_of
from factory.inputs.spread import DRAWS_AN_INPUT, Chance, OutOfChance, choose_spread
from factory.inputs.values import ValueGenerator
from factory.languages.python.calls import call_text
from factory.records import Case, Problem, sha256
from factory.records.values import Unencodable, decode, encode

MOST_CHARACTERS = 20_000
"""Longest input made, as JSON."""
_DIGITS = re.compile(r"[0-9]+")
_TRIES = 6


def inputs(problem: Problem, count: int) -> tuple[Case, ...]:
    """At most `count` new inputs of `problem`: all that `stream` makes."""
    return tuple(stream(problem, count))


def stream(problem: Problem, count: int, examples: Sequence[Case] = ()) -> Iterator[Case]:
    """At most `count` new inputs of `problem`, as cases that expect nothing (None, or an empty text), one by one.

    First come `examples` of what inputs may be beside those of the cases; others are made from both.
    Edges, small and larger changes and fresh values take turns, so that any beginning holds some of each.
    They are `public`, since they are not the problem's own.
    """
    known = {input_text(case) for case in problem.cases}
    random = Chance(sha256(json.dumps([problem.id, *sorted(known)])))
    seen = problem.model_copy(update={"cases": (*problem.cases, *examples)})
    source = _streams(seen, random) if problem.entry_point is None else _calls(seen, random)
    made = 0
    for _, case in zip(range(_TRIES * count), itertools.chain(examples, source), strict=False):
        text = input_text(case)
        if text not in known and len(text) <= MOST_CHARACTERS:
            known.add(text)
            made += 1
            yield case
        if made == count:
            return


def weight(case: Case) -> tuple[int, int]:
    """How heavy an input is: the digits of its longest whole number, and its length in characters."""
    text = input_text(case)
    return max(map(len, _DIGITS.findall(text)), default=0), len(text)


def heaviest(problem: Problem) -> tuple[int, int]:
    """The most of each that a case of the problem has, as `weight` gives them; zeros without cases."""
    weights = [weight(case) for case in problem.cases]
    return max((digits for digits, _ in weights), default=0), max((size for _, size in weights), default=0)


def input_text(case: Case) -> str:
    """The input of `case` as text; equal inputs have equal texts."""
    return case.stdin if case.stdin is not None else call_text(case)


def _streams(problem: Problem, random: Chance) -> Iterator[Case]:
    layout = stdin.Layout([case.stdin or "" for case in problem.cases])
    while random.left > 0:
        random.here = DRAWS_AN_INPUT
        try:
            yield Case(stdin=layout.changed(random, choose_spread(random)), stdout="", public=True)
        except OutOfChance:
            continue


class _Calls:
    """Makes calls like those of a problem's cases: as many positional arguments, the same keywords."""

    def __init__(self, problem: Problem) -> None:
        self.calls = [
            (list(decode(case.args)), {name: decode(value) for name, value in case.kwargs.items()})
            for case in problem.cases
        ]
        longest = max(len(args) for args, _ in self.calls)
        self.generators: dict[int | str, ValueGenerator] = {
            at: ValueGenerator(args[at] for args, _ in self.calls if at < len(args)) for at in range(longest)
        }
        for name in dict.fromkeys(name for _, kwargs in self.calls for name in kwargs):
            self.generators[name] = ValueGenerator(kwargs[name] for _, kwargs in self.calls if name in kwargs)

    def base(self, random: Random) -> dict[int | str, Any]:
        args, kwargs = random.choice(self.calls)
        call: dict[int | str, Any] = dict(enumerate(args))
        call.update(kwargs)
        return call

    def edges(self, random: Random) -> Iterator[dict[int | str, Any]]:
        """A case with one argument replaced by an edge, each argument in turn."""
        by_name = [[(name, edge) for edge in it.edges()] for name, it in self.generators.items()]
        for turn in zip_longest(*by_name):
            for found in turn:
                if found is not None and found[0] in (base := self.base(random)):
                    yield base | {found[0]: found[1]}

    def changed(self, random: Random, steps: int) -> dict[int | str, Any]:
        call, spread = self.base(random), choose_spread(random)
        for _ in range(steps if call else 0):
            name = random.choice(list(call))
            call[name] = self.generators[name].changed(random, call[name], spread)
        return call

    def fresh(self, random: Random) -> dict[int | str, Any]:
        call, spread = self.base(random), choose_spread(random)
        for name in call:
            call[name] = self.generators[name].fresh(random, spread)
        return call

    def made(self, random: Random, turn: int, edges: Iterator[dict[int | str, Any]]) -> dict[int | str, Any]:
        """A call by one of the ways, which take turns. Raises OutOfChance."""
        match turn % 6:
            case 0 | 1 | 2:
                return next(edges, None) or self.fresh(random)
            case 3:
                return self.changed(random, 1)
            case 4:
                makers = (partial(self.changed, steps=random.randrange(2, 5)), self.same, self.related)
                return makers[turn // 6 % 3](random)
        return self.fresh(random)

    def same(self, random: Random) -> dict[int | str, Any]:
        """Two arguments of one kind with equal values, or exchanged."""
        call = self.base(random)
        alike = [(a, b) for a in call for b in call if a != b and type(call[a]) is type(call[b])]
        if not alike:
            return self.changed(random, 2)
        a, b = random.choice(alike)
        return call | {a: call[b], b: call[b] if random.random() < 0.5 else call[a]}

    def related(self, random: Random) -> dict[int | str, Any]:
        """One argument made of another: an item of it, a part of it, a difference in it, its size. Limits lie there."""
        call = self.base(random)
        found = [(a, b) for a in call for b in call if a != b]
        for a, b in random.sample(found, len(found)):
            part = part_of(random, call[b], type(call[a]))
            if part is not None:
                return call | {a: part}
        return self.changed(random, 2)


def _calls(problem: Problem, random: Chance) -> Iterator[Case]:
    calls = _Calls(problem)
    edges = calls.edges(random)
    for turn in itertools.count():
        if random.left <= 0:
            return
        random.here = DRAWS_AN_INPUT
        try:
            call = calls.made(random, turn, edges)
            args = [encode(value) for name, value in call.items() if isinstance(name, int)]
            kwargs = {name: encode(value) for name, value in call.items() if isinstance(name, str)}
        except (Unencodable, OutOfChance):  # nested deeper than values may be; too large
            continue
        yield Case(args=args, kwargs=kwargs, expected=None, public=True)

"""New values for one argument of a problem's calls, made from those its cases have there.

Promises: a type stays what it is, at every depth; None comes only where None was seen; dicts that all have the
same keys keep them, tuples that all have one length keep it. All chance is the caller's `Random`, and no order
of a set is ever used, so equal seeds give equal values in every process.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from random import Random
from typing import Any

from factory.inputs.changes import changed
from factory.inputs.edges import edges
from factory.inputs.fresh import fresh
from factory.inputs.seen import SeenValues


class ValueGenerator:
    """Makes values like `values`; how far from them is said by `factory.inputs.spread`."""

    def __init__(self, values: Iterable[Any]) -> None:
        self._seen = SeenValues(values)

    def edges(self) -> Iterator[Any]:
        """The values that programs are often wrong about, the plainest first; the same ones every time."""
        return edges(self._seen)

    def fresh(self, random: Random, spread: str) -> Any:
        """A new value, made of the parts of those seen."""
        return fresh(self._seen, random, spread)

    def changed(self, random: Random, value: Any, spread: str) -> Any:
        """`value` with one small change somewhere in it."""
        return changed(self._seen, random, value, spread)

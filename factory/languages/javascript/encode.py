"""A problem's calls in the form that the harness reads, and the shapes of the values in them.

Only arguments are here, never what is expected. What Python's values are in JavaScript: None null; bool boolean;
int number, and bigint beyond ±2^53; float number; str string; bytes Uint8Array; list and tuple Array; set and
frozenset Set; complex {re, im}; a dict whose keys are strings in every case an object, any other a Map.
"""

from __future__ import annotations

import math
from typing import Any

from factory.languages.process import calls, counterpart, shapes
from factory.records import Problem

SAFE = 2**53
"""Up to here, both ways, every integer is a number of its own."""
_SEQUENCES = (list, tuple, set, frozenset)
_OWN = (bool, int, float, str, type(None))
_SAME: dict[type, type] = {float: int, tuple: list, frozenset: set}
"""Types that are one in JavaScript."""


class Shape:
    """What the values at one place are made of, over all cases: the types there, and the shapes inside."""

    def __init__(self) -> None:
        self.kinds: set[type] = set()
        self.large = False
        """Holds an int that no number is."""
        self._item: Shape | None = None
        self._key: Shape | None = None

    @property
    def item(self) -> Shape:
        """Of members, and of a dict's values."""
        self._item = self._item or Shape()
        return self._item

    @property
    def key(self) -> Shape:
        self._key = self._key or Shape()
        return self._key

    @property
    def keyed(self) -> bool:
        """Whether dicts here are Maps: some key is no string."""
        return bool(self.key.kinds - {str})

    def within(self, other: Shape) -> bool:
        """Whether in JavaScript all that is here is of types that `other` has; one that tells nothing has all."""
        if not other.kinds:
            return True
        same = {_SAME.get(kind, kind) for kind in self.kinds} <= {_SAME.get(kind, kind) for kind in other.kinds}
        if not same or self.large > other.large or (dict in self.kinds and self.keyed > other.keyed):
            return False
        return self.item.within(other.item) and self.key.within(other.key)

    def add(self, value: Any) -> Shape:
        """This shape, with `value` at its place too."""
        kind = type(value)
        self.kinds.add(kind)
        if kind is int:
            self.large = self.large or abs(value) > SAFE
        elif kind is dict:
            for key, item in value.items():
                self.key.add(key)
                self.item.add(item)
        elif kind in _SEQUENCES:
            for item in value:
                self.item.add(item)
        return self


def encode_calls(problem: Problem) -> list[Any]:
    """The calls of a problem as JSON-able [positional, [[name, value], ...]]."""
    every = calls(problem)
    positional, named = shapes(every, Shape)
    return [
        [
            [encode(value, shape) for value, shape in zip(args, positional, strict=False)],
            [[name, encode(value, named[name])] for name, value in kwargs.items()],
        ]
        for args, kwargs in every
    ]


def encode(value: Any, shape: Shape) -> Any:
    """One plain value, JSON-able and tagged for the harness, where values of `shape` stand."""
    kind = type(value)
    if kind is int and abs(value) > SAFE:
        return _tagged("int", str(value))
    if kind is float and not math.isfinite(value):
        return _tagged("float", repr(value))
    if kind is bytes:
        return _tagged("bytes", value.hex())
    if kind is complex:
        parts = Shape().add(value.real).add(value.imag)
        return _tagged("object", [["re", encode(value.real, parts)], ["im", encode(value.imag, parts)]])
    if kind is dict:
        pairs = [[encode(key, shape.key), encode(item, shape.item)] for key, item in value.items()]
        return _tagged("map" if shape.keyed else "object", pairs)
    if kind in _SEQUENCES:
        items = [encode(item, shape.item) for item in value]
        if kind in (list, tuple):
            return items
        return _tagged("set", sorted(items, key=repr))
    return value if kind in _OWN else encode(counterpart(value), shape)


def _tagged(kind: str, value: Any) -> dict[str, Any]:
    return {"$": kind, "v": value}

"""The values that all cases of a problem have at one position of their inputs, sorted by type, at every depth."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from factory.records.values import dumps

_SEQUENCES = (list, tuple, set, frozenset)
DEEPEST = 6
"""Levels of collections whose members are looked at; those below count as empty. Edges grow with the power of them."""


class SeenValues:
    """The values seen at one position, `level` collections down: an argument, an item of a list, a key of a dict."""

    def __init__(self, values: Iterable[Any], level: int = 0) -> None:
        self._level = level
        self.values: list[Any] = list(values)
        self.optional = any(value is None for value in self.values)
        self.by_kind: dict[type, list[Any]] = {}
        for value in self.values:
            if value is not None:
                self.by_kind.setdefault(type(value), []).append(value)
        self.kinds = tuple(self.by_kind)
        self.parts = self._parts()
        """Of tuples that all have one length, by position; else empty."""
        self.items = {
            kind: self._inside(item for value in self.by_kind[kind] for item in members(value))
            for kind in _SEQUENCES
            if any(self.by_kind.get(kind, ())) and level < DEEPEST
        }
        dicts = self.by_kind.get(dict, []) if level < DEEPEST else []
        self.fields: dict[Any, SeenValues] = {}
        """Of dicts that all have the same keys, by key; else empty."""
        if len({dumps(list(value)) for value in dicts}) == 1 and len(dicts) > 1 and dicts[0]:
            self.fields = {key: self._inside(value[key] for value in dicts) for key in dicts[0]}
        keys, values = [key for value in dicts for key in value], [item for value in dicts for item in value.values()]
        self.key, self.value = (self._inside(found) if found else None for found in (keys, values))

    def _parts(self) -> tuple[SeenValues, ...]:
        tuples = self.by_kind.get(tuple, []) if self._level < DEEPEST else []
        if len({len(value) for value in tuples}) != 1:
            return ()
        return tuple(map(self._inside, zip(*tuples, strict=True)))

    def _inside(self, values: Iterable[Any]) -> SeenValues:
        return SeenValues(values, self._level + 1)

    @property
    def nests(self) -> bool:
        """Whether lists hold both lists and other things: such have no fixed depth."""
        return list in self.items and list in self.items[list].kinds and len(self.items[list].kinds) > 1


def members(value: Any) -> list[Any]:
    """The members of a collection, in an order that does not depend on the process."""
    return sorted(value, key=dumps) if isinstance(value, set | frozenset) else list(value)

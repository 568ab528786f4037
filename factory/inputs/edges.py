"""The values that programs are often wrong about: empty, single, doubled, reversed, huge, foreign.

Promises: the same ones every time, the plainest first; types stay as seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from factory.inputs.seen import SeenValues, members
from factory.inputs.spread import (
    BYTES,
    EXTREME_FLOATS,
    EXTREME_INTS,
    FLOAT_EXACT,
    FLOATS,
    LETTERS,
    NESTING,
    STABLE_UP_TO,
)
from factory.records.values import dumps


def edges(seen: SeenValues) -> Iterator[Any]:
    """Edge values like those of `seen`, of all its types by turns."""
    if seen.optional:
        yield None
    yield from _round_robin([_BY_KIND[kind](seen) for kind in seen.kinds if kind in _BY_KIND])


def _ints(seen: SeenValues) -> Iterator[int]:
    known = seen.by_kind[int]
    most = FLOAT_EXACT if float in seen.kinds else 10**30
    near = (0, 1, -1, max(known) + 1, min(known) - 1, -max(known), 2, 46341)
    yield from (value for value in _round_robin([iter(near), iter(EXTREME_INTS)]) if abs(value) <= most)


def _floats(seen: SeenValues) -> Iterator[float]:
    yield from _round_robin([iter((*FLOATS, -max(seen.by_kind[float]))), iter(EXTREME_FLOATS)])


def _bools(seen: SeenValues) -> Iterator[bool]:
    yield from (False, True)


def _texts(seen: SeenValues) -> Iterator[str]:
    longest = max(seen.by_kind[str], key=len)
    letter = longest[:1] or "a"
    yield from ("", letter, letter * 2, longest[::-1], "é", f"{longest}é", f"日本{longest}", "e\u0301a")
    yield from (longest.upper(), longest.lower(), f" {longest} ", f"{longest}  {longest}", "😀", f"ñ{longest}😀")
    yield from (" ", letter * 20, (longest * 20)[:200], "\t\n", "Жук", "aé" * 8, "-1", "007")


def _byte_texts(seen: SeenValues) -> Iterator[bytes]:
    longest = max(seen.by_kind[bytes], key=len)
    yield from (*BYTES, longest[::-1], longest * 2, longest + b"\xc3")


def _lists(seen: SeenValues) -> Iterator[list[Any]]:
    longest = max(seen.by_kind[list], key=len)
    yield []
    for value in longest[:1]:
        yield from ([value], [value, value], [value] * (STABLE_UP_TO + 8))
    item = seen.items.get(list)
    if item:
        yield _different(item, STABLE_UP_TO // 2)
    if longest and all(type(value) in (int, float) for value in longest):
        yield [-value for value in longest]
    yield from (longest[::-1], longest * 2, longest[:-1], longest[1:])
    if item:
        yield _different(item, 2 * STABLE_UP_TO)
    try:
        yield from (sorted(longest), sorted(longest, reverse=True))
    except TypeError:  # mixed types have no order
        pass
    if seen.nests:
        nested: Any = longest
        for _ in range(NESTING):
            nested = [nested]
        yield nested
    for number, edge in enumerate(edges(item) if item else ()):
        yield ([edge], [*longest, edge], [edge, *longest])[number % 3]


def _different(seen: SeenValues, count: int) -> list[Any]:
    """`count` different values, like the seen ones where such can be made; fewer where there are no more."""
    more: list[Iterator[Any]] = [iter(seen.values)]
    if int in seen.kinds:
        more.append(iter(range(max(seen.by_kind[int]) + 1, max(seen.by_kind[int]) + count)))
    if str in seen.kinds:
        more.append(text + letter for text in seen.by_kind[str] for letter in LETTERS)
    different: dict[str, Any] = {}
    for value in chain(*more, edges(seen)):
        different.setdefault(dumps(value), value)
        if len(different) == count:
            break
    return list(different.values())


def _tuples(seen: SeenValues) -> Iterator[tuple[Any, ...]]:
    known = seen.by_kind[tuple]
    longest = max(known, key=len)
    if not seen.parts:
        yield from ((), longest[:1], longest[::-1], longest * 2)
        return
    for number, together in enumerate(zip(*(list(_first(edges(part), 20)) for part in seen.parts), strict=False)):
        yield together
        base = known[number % len(known)]
        for at, edge in enumerate(together):
            yield (*base[:at], edge, *base[at + 1 :])


def _sets(seen: SeenValues) -> Iterator[Any]:
    for kind in (set, frozenset):
        if kind in seen.by_kind:
            longest = members(max(seen.by_kind[kind], key=len))
            yield kind()
            yield kind(longest[:1])
            yield kind(longest[1:])
            for item in edges(seen.items[kind]) if kind in seen.items else ():
                yield kind([*longest, item])


def _dicts(seen: SeenValues) -> Iterator[dict[Any, Any]]:
    longest = max(seen.by_kind[dict], key=len)
    if seen.fields:
        for name, field in seen.fields.items():
            for edge in edges(field):
                yield longest | {name: edge}
        return
    yield {}
    yield dict(list(longest.items())[:1])
    yield dict(reversed(longest.items()))
    if seen.key and seen.value:
        known = next(iter(longest), None)
        for edge in edges(seen.value):
            yield longest | {known: edge}
        for edge in edges(seen.key):
            yield longest | {edge: next(iter(longest.values()), None)}


def _first(values: Iterator[Any], count: int) -> Iterator[Any]:
    for _, value in zip(range(count), values, strict=False):
        yield value


def _round_robin(sources: list[Iterator[Any]]) -> Iterator[Any]:
    while sources:
        for source in list(sources):
            try:
                yield next(source)
            except StopIteration:
                sources.remove(source)


_BY_KIND: dict[type, Callable[[SeenValues], Iterator[Any]]] = {
    int: _ints,
    float: _floats,
    bool: _bools,
    str: _texts,
    bytes: _byte_texts,
    list: _lists,
    tuple: _tuples,
    set: _sets,
    frozenset: _sets,
    dict: _dicts,
}

"""New values made by chance, of the parts of values seen.

Promises: a type stays what it is, at every depth; None comes only where None was seen; dicts that all have the same
keys keep them, tuples that all have one length keep it. All chance is the caller's `Random`.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from factory.inputs.seen import SeenValues
from factory.inputs.spread import (
    EXTREME,
    EXTREME_FLOATS,
    EXTREME_INTS,
    FLOAT_EXACT,
    FLOATS,
    FOREIGN,
    LARGE_INTS,
    LETTERS,
    NEAR,
    SMALL_INTS,
    STABLE_UP_TO,
    WIDE,
)
from factory.records.values import dumps


def fresh(seen: SeenValues, random: Random, spread: str) -> Any:
    """A new value like those of `seen`, as far from them as `spread` lets it be."""
    if not seen.kinds or (seen.optional and random.random() < 0.2):
        return None
    kind = random.choice(seen.kinds)
    if kind not in _BY_KIND:  # a date, a Fraction, a deque: one of those seen
        return random.choice(seen.by_kind[kind])
    return _BY_KIND[kind](seen, random, spread)


def with_ties(random: Random, items: list[Any]) -> list[Any]:
    """Composite items of which some now share one part and differ in another: ties for whoever sorts by it."""
    result = list(items)
    for at, item in enumerate(items):
        other = random.choice(items)
        if type(item) in (list, tuple) and type(other) is type(item) and len(item) == len(other) > 1:
            part = random.randrange(len(item))
            mixed = [*item[:part], other[part], *item[part + 1 :]]
            if type(item[part]) is type(other[part]):
                result[at] = mixed if type(item) is list else tuple(mixed)
        elif type(item) is str and len(item) > 1 and random.random() < 0.5:
            letters = list(item)  # as long as before, and of the same letters
            random.shuffle(letters)
            result[at] = "".join(letters)
    return result


def _int(seen: SeenValues, random: Random, spread: str) -> int:
    known = seen.by_kind[int]
    if spread == EXTREME and float not in seen.kinds and random.random() < 0.7:
        return random.choice(EXTREME_INTS) + random.randrange(-2, 3)
    if spread == WIDE and random.random() < 0.5:
        return random.choice(LARGE_INTS) + random.randrange(3)
    low, high = min(known), max(known)
    choices: tuple[Callable[[], int], ...] = (
        lambda: random.choice(known),
        lambda: random.choice(known) + random.randrange(-3, 4),
        lambda: random.randrange(low, high + 1) if high - low < FLOAT_EXACT else random.choice(known),
        lambda: -random.choice(known),
        lambda: random.choice(SMALL_INTS),
    )
    value = random.choice(choices)()
    return value if float not in seen.kinds or abs(value) <= FLOAT_EXACT else random.choice(SMALL_INTS)


def _float(seen: SeenValues, random: Random, spread: str) -> float:
    if spread == EXTREME and random.random() < 0.3:
        return random.choice(EXTREME_FLOATS)
    base = random.choice(seen.by_kind[float])
    choices = (base, -base, base * 10, base / 3, base + 0.5, random.choice(FLOATS), round(random.gauss(0, 50), 3))
    return float(random.choice(choices))


def _text(seen: SeenValues, random: Random, spread: str) -> str:
    known = seen.by_kind[str]
    alphabet = sorted(set("".join(known))) or list(LETTERS)
    if spread == EXTREME:
        alphabet += FOREIGN
    base = random.choice(known)
    length = random.choice((0, 1, 2, len(base), len(base) + 1, random.randrange(1, 16)))
    return "".join(random.choice(alphabet) for _ in range(min(length, 200)))


def _bytes(seen: SeenValues, random: Random, spread: str) -> bytes:
    alphabet = b"".join(seen.by_kind[bytes]) or b"ab"
    if spread != NEAR:
        alphabet += b"\x00\x7f\x80\xff"
    return bytes(random.choice(alphabet) for _ in range(random.randrange(12)))


def _list(seen: SeenValues, random: Random, spread: str) -> list[Any]:
    if list not in seen.items:
        return []
    inside = seen.items[list]
    length = _length(random, spread, seen.by_kind[list])
    items = [fresh(inside, random, NEAR if spread == WIDE and list in inside.kinds else spread) for _ in range(length)]
    if random.random() < 0.4:  # all different: each as frequent as the others, for whoever counts
        return list({dumps(item): item for item in items}.values())
    for at in range(length):
        if random.random() < 0.25:
            items[at] = random.choice(items)  # repeated elements
    return with_ties(random, items)


def _length(random: Random, spread: str, known: list[Any]) -> int:
    if spread == WIDE:
        return random.randrange(STABLE_UP_TO + 1, 41)
    near = len(random.choice(known)) + random.randrange(-2, 3)
    return min(max(near, 0), 60) if random.random() < 0.7 else random.randrange(3, STABLE_UP_TO)


def _tuple(seen: SeenValues, random: Random, spread: str) -> tuple[Any, ...]:
    if seen.parts:
        return tuple(fresh(part, random, spread) for part in seen.parts)
    if tuple not in seen.items:
        return ()
    length = _length(random, NEAR, seen.by_kind[tuple])
    return tuple(fresh(seen.items[tuple], random, spread) for _ in range(length))


def _set(seen: SeenValues, random: Random, spread: str) -> Any:
    kind = random.choice([kind for kind in (set, frozenset) if kind in seen.by_kind])
    if kind not in seen.items:
        return kind()
    length = _length(random, NEAR, seen.by_kind[kind])
    return kind(fresh(seen.items[kind], random, spread) for _ in range(length))


def _dict(seen: SeenValues, random: Random, spread: str) -> dict[Any, Any]:
    if seen.fields:
        return {key: fresh(field, random, spread) for key, field in seen.fields.items()}
    if seen.key is None or seen.value is None:
        return {}
    length = _length(random, NEAR, seen.by_kind[dict])
    return {fresh(seen.key, random, spread): fresh(seen.value, random, spread) for _ in range(length)}


_BY_KIND: dict[type, Callable[[SeenValues, Random, str], Any]] = {
    int: _int,
    float: _float,
    bool: lambda seen, random, spread: random.random() < 0.5,
    complex: lambda seen, random, spread: random.choice(seen.by_kind[complex]) * random.choice((1, -1, 1j, 0)),
    str: _text,
    bytes: _bytes,
    list: _list,
    tuple: _tuple,
    set: _set,
    frozenset: _set,
    dict: _dict,
}

"""Values like those that stand at one place of a problem's inputs: what they are made of, and new ones.

Promises: a type stays what it is, at every depth; None comes only where None was seen; dicts that all have the
same keys keep them, tuples that all have one length keep it. All chance is the caller's `Random`, and no order
of a set is ever used, so equal seeds give equal values in every process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from random import Random
from typing import Any

from factory.records.values import dumps

SMALL = (0, 1, -1, 2, -2, 3, -3, 7, 10, -10, 100)
LARGE = (999, 1000, -1000, 4096, 32768, 46341, -46341, 65536)
"""46341 is the least whole number whose square is no int32."""
WILD = (
    *(2**31 - 1, 2**31, -(2**31) - 1, 2**32 + 1, 3037000500, 2**53 + 1, -(2**53) - 1, 10**18, 2**63 - 1, 2**63),
    *(-(2**63), -(2**63) - 1, 2**64 + 1, 10**20, -(10**20)),
)
"""Around the ends of int32, of float64's whole numbers, of the squares of int64, and of int64."""
SAFE = 2**53
"""Where whole numbers and floats are mixed, whole ones stay within what a float64 holds exactly."""
FLOATS = (0.0, -0.0, 1.0, 0.5, -1.0, 2.5, -0.5, 1.5, -2.5, 0.1, 1 / 3, 2.675, 1.005, 1e-7, 123456789.125, -7.25)
FLOATS_FAR = (float("nan"), 1e16, float("inf"), 5e-324, 1e300, float("-inf"), 1e21, 1e22, 9007199254740993.0, -1e300)
LETTERS = "abcxyzABZ"
FOREIGN = ("é", "e\u0301", "ñ", "Ж", "日本", "😀", "ü")
"""Two, three and four bytes of UTF-8, and a letter with a combining accent: one character to the eye, two to Python."""
BYTES = (b"", b"\x00", b"a", b"\xff\xfe", b"\x80", "é".encode(), b"abc" * 5)
STABLE_UP_TO = 12
"""Sorts that are not stable are, in Go, on so few elements; ties matter only in longer lists."""
DEEP = 24
CALM, BROAD, FAR = "calm", "broad", "far"
_TEMPERS = (CALM, CALM, CALM, CALM, CALM, BROAD, BROAD, FAR)


def temper(random: Random) -> str:
    """How far from the seen values a new one may lie; the same for all parts of one input."""
    return random.choice(_TEMPERS)


class Place:
    """What stands at one place, told from the values seen there."""

    def __init__(self, values: Iterable[Any]) -> None:
        self.seen: list[Any] = list(values)
        self.optional = any(value is None for value in self.seen)
        there = [value for value in self.seen if value is not None]
        self._of: dict[type, list[Any]] = {}
        for value in there:
            self._of.setdefault(type(value), []).append(value)
        self.kinds = tuple(self._of)
        self.parts = self._parts()
        self.items = {
            kind: Place(item for value in self._of[kind] for item in _all(value))
            for kind in _SEQUENCES
            if any(self._of.get(kind, ()))
        }
        dicts = self._of.get(dict, [])
        keys = {dumps(list(value)) for value in dicts}
        self.fields: dict[Any, Place] = {}
        if len(keys) == 1 and len(dicts) > 1 and dicts[0]:
            self.fields = {key: Place(value[key] for value in dicts) for key in dicts[0]}
        self.key = self._place(key for value in dicts for key in value)
        self.value = self._place(item for value in dicts for item in value.values())

    @staticmethod
    def _place(values: Iterable[Any]) -> Place | None:
        there = list(values)
        return Place(there) if there else None

    def _parts(self) -> tuple[Place, ...]:
        tuples = self._of.get(tuple, [])
        if len({len(value) for value in tuples}) != 1:
            return ()
        return tuple(Place(values) for values in zip(*tuples, strict=True))

    # ---- edges ----

    def edges(self) -> Iterator[Any]:
        """The values that programs are wrong about, the plainest first; the same ones every time."""
        if self.optional:
            yield None
        yield from _round_robin([_EDGES[kind](self) for kind in self.kinds if kind in _EDGES])

    def _ints(self) -> Iterator[int]:
        seen = self._of[int]
        top = SAFE if float in self.kinds else 10**30
        near = (0, 1, -1, max(seen) + 1, min(seen) - 1, -max(seen), 2, 46341)
        yield from (value for value in _round_robin([iter(near), iter(WILD)]) if abs(value) <= top)

    def _floats(self) -> Iterator[float]:
        yield from _round_robin([iter((*FLOATS, -max(self._of[float]))), iter(FLOATS_FAR)])

    def _bools(self) -> Iterator[bool]:
        yield from (False, True)

    def _texts(self) -> Iterator[str]:
        seen = self._of[str]
        longest = max(seen, key=len)
        letter = longest[:1] or "a"
        yield from ("", letter, letter * 2, longest[::-1], "é", f"{longest}é", f"日本{longest}", "e\u0301a")
        yield from (longest.upper(), longest.lower(), f" {longest} ", f"{longest}  {longest}", "😀", f"ñ{longest}😀")
        yield from (" ", letter * 20, (longest * 20)[:200], "\t\n", "Жук", "aé" * 8, "-1", "007")

    def _byteses(self) -> Iterator[bytes]:
        longest = max(self._of[bytes], key=len)
        yield from (*BYTES, longest[::-1], longest * 2, longest + b"\xc3")

    def _lists(self) -> Iterator[list[Any]]:
        longest = max(self._of[list], key=len)
        yield []
        for value in longest[:1]:
            yield from ([value], [value, value], [value] * (STABLE_UP_TO + 8))
        item = self.items.get(list)
        if item:
            yield item.several(STABLE_UP_TO // 2)
        yield from (longest[::-1], longest * 2, longest[:-1], longest[1:])
        if item:
            yield item.several(2 * STABLE_UP_TO)
        try:
            yield from (sorted(longest), sorted(longest, reverse=True))
        except TypeError:  # mixed types have no order
            pass
        if self._nests():
            nested: Any = longest
            for _ in range(DEEP):
                nested = [nested]
            yield nested
        for number, edge in enumerate(item.edges() if item else ()):
            yield ([edge], [*longest, edge], [edge, *longest])[number % 3]

    def several(self, count: int) -> list[Any]:
        """`count` different values, like the seen ones where such can be made; fewer where there are no more."""
        more: list[Iterator[Any]] = [iter(self.seen)]
        if int in self.kinds:
            more.append(iter(range(max(self._of[int]) + 1, max(self._of[int]) + count)))
        if str in self.kinds:
            more.append(text + letter for text in self._of[str] for letter in LETTERS)
        different: dict[str, Any] = {}
        for value in chain(*more, self.edges()):
            different.setdefault(dumps(value), value)
            if len(different) == count:
                break
        return list(different.values())

    def _nests(self) -> bool:
        """Whether lists hold both lists and other things: such have no fixed depth."""
        return list in self.items and list in self.items[list].kinds and len(self.items[list].kinds) > 1

    def _tuples(self) -> Iterator[tuple[Any, ...]]:
        longest = max(self._of[tuple], key=len)
        if self.parts:
            for number, edges in enumerate(zip(*(list(_first(part.edges(), 20)) for part in self.parts), strict=False)):
                yield edges
                for at, edge in enumerate(edges):
                    base = self._of[tuple][number % len(self._of[tuple])]
                    yield (*base[:at], edge, *base[at + 1 :])
        else:
            yield from ((), longest[:1], longest[::-1], longest * 2)

    def _sets(self) -> Iterator[Any]:
        for kind in (set, frozenset):
            if kind in self._of:
                longest = _all(max(self._of[kind], key=len))
                yield kind()
                yield kind(longest[:1])
                yield kind(longest[1:])
                for item in self.items[kind].edges() if kind in self.items else ():
                    yield kind([*longest, item])

    def _dicts(self) -> Iterator[dict[Any, Any]]:
        longest = max(self._of[dict], key=len)
        if self.fields:
            for name, place in self.fields.items():
                for edge in place.edges():
                    yield longest | {name: edge}
            return
        yield {}
        yield dict(list(longest.items())[:1])
        yield dict(reversed(longest.items()))
        if self.key and self.value:
            known = next(iter(longest), None)
            for edge in self.value.edges():
                yield longest | {known: edge}
            for edge in self.key.edges():
                yield longest | {edge: next(iter(longest.values()), None)}

    # ---- chance ----

    def fresh(self, random: Random, mood: str) -> Any:
        """A new value, made of what was seen at every place inside."""
        if not self.kinds or (self.optional and random.random() < 0.2):
            return None
        return _FRESH[random.choice(self.kinds)](self, random, mood)

    def _int(self, random: Random, mood: str) -> int:
        seen = self._of[int]
        if mood == FAR and float not in self.kinds and random.random() < 0.7:
            return random.choice(WILD) + random.randrange(-2, 3)
        if mood == BROAD and random.random() < 0.5:
            return random.choice(LARGE) + random.randrange(3)
        low, high = min(seen), max(seen)
        choices: tuple[Callable[[], int], ...] = (
            lambda: random.choice(seen),
            lambda: random.choice(seen) + random.randrange(-3, 4),
            lambda: random.randrange(low, high + 1) if high - low < SAFE else random.choice(seen),
            lambda: -random.choice(seen),
            lambda: random.choice(SMALL),
        )
        value = random.choice(choices)()
        return value if float not in self.kinds or abs(value) <= SAFE else random.choice(SMALL)

    def _float(self, random: Random, mood: str) -> float:
        if mood == FAR and random.random() < 0.3:
            return random.choice(FLOATS_FAR)
        base = random.choice(self._of[float])
        choices = (base, -base, base * 10, base / 3, base + 0.5, random.choice(FLOATS), round(random.gauss(0, 50), 3))
        return float(random.choice(choices))

    def _text(self, random: Random, mood: str) -> str:
        seen = self._of[str]
        alphabet = sorted(set("".join(seen))) or list(LETTERS)
        if mood == FAR:
            alphabet += FOREIGN
        base = random.choice(seen)
        length = random.choice((0, 1, 2, len(base), len(base) + 1, random.randrange(1, 16)))
        return "".join(random.choice(alphabet) for _ in range(min(length, 200)))

    def _bytes(self, random: Random, mood: str) -> bytes:
        alphabet = b"".join(self._of[bytes]) or b"ab"
        if mood != CALM:
            alphabet += b"\x00\x7f\x80\xff"
        return bytes(random.choice(alphabet) for _ in range(random.randrange(12)))

    def _list(self, random: Random, mood: str) -> list[Any]:
        if list not in self.items:
            return []
        inside = self.items[list]
        length = self._length(random, mood, self._of[list])
        items = [inside.fresh(random, CALM if mood == BROAD and list in inside.kinds else mood) for _ in range(length)]
        if random.random() < 0.4:  # all different: each as frequent as the others, for whoever counts
            return list({dumps(item): item for item in items}.values())
        for at in range(length):
            if random.random() < 0.25:
                items[at] = random.choice(items)  # repeated elements
        return _tied(random, items)

    def _length(self, random: Random, mood: str, seen: list[Any]) -> int:
        if mood == BROAD:
            return random.randrange(STABLE_UP_TO + 1, 41)
        near = len(random.choice(seen)) + random.randrange(-2, 3)
        return min(max(near, 0), 60) if random.random() < 0.7 else random.randrange(3, STABLE_UP_TO)

    def _tuple(self, random: Random, mood: str) -> tuple[Any, ...]:
        if self.parts:
            return tuple(part.fresh(random, mood) for part in self.parts)
        if tuple not in self.items:
            return ()
        length = self._length(random, CALM, self._of[tuple])
        return tuple(self.items[tuple].fresh(random, mood) for _ in range(length))

    def _set(self, random: Random, mood: str) -> Any:
        kind = random.choice([kind for kind in (set, frozenset) if kind in self._of])
        if kind not in self.items:
            return kind()
        length = self._length(random, CALM, self._of[kind])
        return kind(self.items[kind].fresh(random, mood) for _ in range(length))

    def _dict(self, random: Random, mood: str) -> dict[Any, Any]:
        if self.fields:
            return {key: place.fresh(random, mood) for key, place in self.fields.items()}
        if self.key is None or self.value is None:
            return {}
        length = self._length(random, CALM, self._of[dict])
        return {self.key.fresh(random, mood): self.value.fresh(random, mood) for _ in range(length)}

    # ---- small changes ----

    def changed(self, random: Random, value: Any, mood: str) -> Any:
        """`value` with one small change somewhere in it."""
        kind = type(value)
        if kind is list and list in self.items:
            return _changed_list(random, value, self.items[list], mood)
        if kind is tuple and self.parts and len(value) == len(self.parts) and value:
            at = random.randrange(len(value))
            return (*value[:at], self.parts[at].changed(random, value[at], mood), *value[at + 1 :])
        if kind is dict and value and (self.fields or self.value):
            key = random.choice(list(value))
            place = self.fields.get(key, self.value)
            if not self.fields and random.random() < 0.3:
                return {name: item for name, item in value.items() if name != key}
            return value | {key: place.changed(random, value[key], mood) if place else value[key]}
        if kind is str and value:
            return _changed_text(random, value, mood)
        if kind is int and kind in self.kinds and mood == CALM:
            return value + random.choice((1, -1, 2, -2, 10))
        return self.fresh(random, mood)


def _changed_list(random: Random, items: list[Any], place: Place, mood: str) -> list[Any]:
    if not items:
        return [place.fresh(random, mood)]
    at, other = random.randrange(len(items)), random.randrange(len(items))
    match random.randrange(7):
        case 0:
            return items[:at] + items[at + 1 :]
        case 1:
            return [*items[:at], place.fresh(random, mood), *items[at:]]
        case 2:
            return [*items, items[at]]
        case 3:
            swapped = list(items)
            swapped[at], swapped[other] = items[other], items[at]
            return swapped
        case 4:
            return _tied(random, (items * STABLE_UP_TO)[: STABLE_UP_TO + 6])
        case _:
            return [*items[:at], place.changed(random, items[at], mood), *items[at + 1 :]]


def _tied(random: Random, items: list[Any]) -> list[Any]:
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


def _changed_text(random: Random, text: str, mood: str) -> str:
    at = random.randrange(len(text))
    letter = random.choice(FOREIGN) if mood == FAR or random.random() < 0.2 else random.choice(text)
    letters = list(text)
    random.shuffle(letters)
    return random.choice(
        (
            text[:at] + text[at + 1 :],
            text[:at] + letter + text[at:],
            text[:at] + letter + text[at + 1 :],
            text[:at] + text[at].swapcase() + text[at + 1 :],
            text + text[at:],
            "".join(letters),
        )
    )


def _all(value: Any) -> list[Any]:
    """The members of a collection, in an order that does not depend on the process."""
    return sorted(value, key=dumps) if isinstance(value, set | frozenset) else list(value)


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


_SEQUENCES = (list, tuple, set, frozenset)
_EDGES: dict[type, Callable[[Place], Iterator[Any]]] = {
    int: Place._ints,
    float: Place._floats,
    bool: Place._bools,
    str: Place._texts,
    bytes: Place._byteses,
    list: Place._lists,
    tuple: Place._tuples,
    set: Place._sets,
    frozenset: Place._sets,
    dict: Place._dicts,
}
_FRESH: dict[type, Callable[[Place, Random, str], Any]] = {
    int: Place._int,
    float: Place._float,
    bool: lambda place, random, mood: random.random() < 0.5,
    complex: lambda place, random, mood: random.choice(place._of[complex]) * random.choice((1, -1, 1j, 0)),
    str: Place._text,
    bytes: Place._bytes,
    list: Place._list,
    tuple: Place._tuple,
    set: Place._set,
    frozenset: Place._set,
    dict: Place._dict,
}

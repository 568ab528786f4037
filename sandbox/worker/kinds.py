"""Less common types of the standard library whose objects may equal others by `==`, and how the codec writes them.

Promises: an object goes over the wire as a plain value, and the object that is built from it equals whatever the first
one equals. Building runs no code of a candidate, and takes time and memory linear in the size of the value. Does not
promise what `==` does not look at: a deque's maximal length, the maps of a ChainMap, the fold of a time are lost.
"""

import base64
from array import array
from collections import Counter, OrderedDict, UserDict, UserList, UserString, deque
from collections.abc import Callable, ItemsView, Iterable, Mapping, Set
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from types import EllipsisType, MappingProxyType
from typing import Any, NamedTuple

MAX_ALIKE = 100
"""Different members of a set, or keys of a dict, that may have one hash: each is compared with all those before it.
Honest ones share theirs with few (-1 with -2); any number can be made (multiples of 2^61 - 1, tuples of -1 and -2)."""
MAX_EXPONENT = 10_000
"""Largest exponent of a Decimal, either way: as an int, one of a few characters may take gigabytes."""
MAX_RANGE = 100_000
"""Most members of a range: as a list, one of a few characters may take gigabytes."""


class Unencodable(ValueError):
    """A value that is not plain; the message names its type."""


def apart(items: Iterable[Any]) -> list[Any]:
    """`items` as they are, for a set or for keys. Raises ValueError where too many different ones have one hash."""
    every = list(items)
    if len(every) > MAX_ALIKE and max(Counter(map(hash, every)).values()) > MAX_ALIKE:
        different: dict[int, list[Any]] = {}
        for item in every:
            alike = different.setdefault(hash(item), [])
            if item not in alike:
                alike.append(item)
            if len(alike) > MAX_ALIKE:
                raise ValueError(f"more than {MAX_ALIKE} different members of one hash")
    return every


class Kind(NamedTuple):
    """How objects of `bases` are written. An object of a subclass counts as one of the base."""

    bases: tuple[type, ...]
    parts: Callable[[Any], Any]
    """Of an object: what it is made of, whatever the methods of its own class say."""
    build: Callable[[Any], Any]
    """Of its parts: an object. Raises TypeError, ValueError or OverflowError where they are no parts of one."""


# ---- the parts of objects, where that is not one call ----


def _pairs(value: Any) -> list[Any]:
    return [list(pair) for pair in value]


def _view(value: memoryview) -> str:
    if value.format != "B" or value.ndim != 1:
        raise Unencodable("memoryview")
    return _text_of(value)


def _ratio(value: Fraction) -> list[int]:
    exact = Fraction.__pos__(value)
    return [exact.numerator, exact.denominator]


def _span(value: timedelta) -> list[int]:
    exact = timedelta.__pos__(value)
    return [exact.days, exact.seconds, exact.microseconds]


def _text_of(data: Any) -> str:
    return base64.b64encode(bytes(data)).decode("ascii")


# ---- what is built: parts are claims, so their types are looked at, lest few characters build much ----


def _of(kind: type, parts: Any) -> Any:
    if type(parts) is not kind:
        raise TypeError(f"expected a {kind.__name__}, found a {type(parts).__name__}")
    return parts


def _row(parts: Any, *kinds: type) -> list[Any]:
    """A list of as many parts as `kinds`, each of its kind."""
    if len(_of(list, parts)) != len(kinds):
        raise ValueError(f"expected {len(kinds)} parts, found {len(parts)}")
    return [_of(kind, part) for kind, part in zip(kinds, parts, strict=True)]


def bytes_of(text: Any) -> bytes:
    """The bytes that `text` writes in base64. Raises TypeError, ValueError."""
    return base64.b64decode(_of(str, text), validate=True)


def dict_of(pairs: Any) -> dict[Any, Any]:
    """The dict of a list of pairs. Raises TypeError, ValueError."""
    if not all(type(pair) is list and len(pair) == 2 for pair in _of(list, pairs)):
        raise ValueError("expected a list of [key, value] pairs")
    apart(pair[0] for pair in pairs)
    return {pair[0]: pair[1] for pair in pairs}


def _fraction(parts: Any) -> Fraction:
    numerator, denominator = _row(parts, int, int)
    if denominator < 1:
        raise ValueError("expected [numerator, denominator]")
    return Fraction(numerator, denominator)


def _decimal(text: Any) -> Decimal:
    try:
        value = Decimal(_of(str, text))
    except ArithmeticError:
        raise ValueError("expected a number") from None
    if value.is_snan() or (value.is_finite() and abs(value.adjusted()) > MAX_EXPONENT):
        raise ValueError(f"a signal, or an exponent beyond {MAX_EXPONENT}")
    return value


def _range(parts: Any) -> range:
    value = range(*_row(parts, int, int, int))
    if len(value) > MAX_RANGE:
        raise ValueError(f"a range of more than {MAX_RANGE} members")
    return value


def _slice(parts: Any) -> Any:
    start, stop, step = _of(list, parts)
    return slice(start, stop, step)


def _array(parts: Any) -> Any:
    code, items = _row(parts, str, list)
    return array(code, items)


_KEYS: tuple[type, ...] = (type({}.keys()), type(OrderedDict().keys()), Set)
_ITEMS: tuple[type, ...] = (type({}.items()), type(OrderedDict().items()), ItemsView)
KINDS: dict[str, Kind] = {
    "keys": Kind(_KEYS, list, lambda parts: dict.fromkeys(apart(_of(list, parts))).keys()),
    "items": Kind(_ITEMS, _pairs, lambda parts: dict_of(parts).items()),
    "counter": Kind((Counter,), lambda value: _pairs(dict.items(value)), dict_of),
    "ordereddict": Kind((OrderedDict,), lambda value: _pairs(OrderedDict.items(value)), dict_of),
    "mapping": Kind((Mapping,), lambda value: dict(value.items()), lambda parts: UserDict(_of(dict, parts))),
    "mappingproxy": Kind((MappingProxyType,), MappingProxyType.copy, lambda parts: MappingProxyType(_of(dict, parts))),
    "userlist": Kind((UserList,), lambda value: list(value.data), lambda parts: UserList(_of(list, parts))),
    "userstring": Kind((UserString,), lambda value: value.data, lambda parts: UserString(_of(str, parts))),
    "deque": Kind((deque,), lambda value: list(deque.__iter__(value)), lambda parts: deque(_of(list, parts))),
    "array": Kind((array,), lambda value: [value.typecode, array.tolist(value)], _array),
    "range": Kind((range,), lambda value: [value.start, value.stop, value.step], _range),
    "slice": Kind((slice,), lambda value: [value.start, value.stop, value.step], _slice),
    "ellipsis": Kind((EllipsisType,), lambda value: None, lambda parts: ...),
    "bytearray": Kind(
        (bytearray,), lambda value: _text_of(bytearray.copy(value)), lambda parts: bytearray(bytes_of(parts))
    ),
    "memoryview": Kind((memoryview,), _view, lambda parts: memoryview(bytes_of(parts))),
    "fraction": Kind((Fraction,), _ratio, _fraction),
    "decimal": Kind((Decimal,), Decimal.__str__, _decimal),
    "date": Kind((date,), date.isoformat, lambda parts: date.fromisoformat(_of(str, parts))),
    "datetime": Kind((datetime,), datetime.isoformat, lambda parts: datetime.fromisoformat(_of(str, parts))),
    "time": Kind((time,), time.isoformat, lambda parts: time.fromisoformat(_of(str, parts))),
    "timedelta": Kind((timedelta,), _span, lambda parts: timedelta(*_row(parts, int, int, int))),
    "timezone": Kind((timezone,), lambda value: value.utcoffset(None), lambda parts: timezone(_of(timedelta, parts))),
}
"""By the name that is a value's tag. A Counter and an OrderedDict are built as dicts, but see `codec.keep_dicts`."""

"""Whether what a case gives is of the types that a Go function declares to take.

The host decides, by the types that our own tool read from the source. What the program's process says does not
count. What a value may be in Go is `harness/arguments.go`'s to say; here is what of it can be known without
running anything. Types are written as in `tool/declared.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from factory.languages.base import Call
from factory.languages.go.fit import CHARACTERS
from factory.languages.source import plain
from factory.records import Misfit

_INT64 = range(-(2**63), 2**63)
_EXACT = 2**53
Type = list[Any]


def misfit(call: Call, parameters: dict[str, Any]) -> Misfit:
    """How arguments of `call` do not fit the declared `parameters` ({"names", "types", "variadic"}); "" if they do."""
    args, kwargs = call
    names, types = parameters["names"], parameters["types"]
    found: list[Misfit] = []
    if parameters["variadic"]:
        *types, last = types
        rest = args[len(types) :]
        single = rest[0] if len(rest) == 1 and type(rest[0]) in (list, tuple) else rest
        found.append(min(_misfit(rest, last), _misfit(single, last), key=_ORDER.index))
    found += map(_misfit, args, types)
    by_name = {plain(name): kind for name, kind in zip(names, types, strict=False)}
    found += [_misfit(value, by_name.get(plain(name), ["any"])) for name, value in kwargs.items()]
    return _worst(found)


_ORDER: tuple[Misfit, ...] = ("", "range", "type")


def _worst(found: Iterable[Misfit]) -> Misfit:
    return max(found, key=_ORDER.index, default="")


def _misfit(value: Any, kind: Type) -> Misfit:
    name, *more = kind
    return _KINDS[name](value, *more)


def _bool(value: Any) -> Misfit:
    return "" if type(value) is bool else "type"


def _int(value: Any, name: str) -> Misfit:
    if type(value) is str and name in CHARACTERS:
        return "" if len(value) == 1 and ord(value) < CHARACTERS[name] else "type"
    if type(value) is not int or (value < 0 and name.startswith("u")):
        return "type"
    if name in ("uint", "uint64"):
        return "" if value < 2**64 else "range"
    return "" if value in _INT64 else "range"  # who declares less than 64 bits is held to them


def _float(value: Any) -> Misfit:
    if type(value) is int:
        return "" if -_EXACT <= value <= _EXACT else "range"
    return "" if type(value) is float else "type"


def _complex(value: Any) -> Misfit:
    return "" if type(value) is complex else _float(value)


def _string(value: Any) -> Misfit:
    return "" if type(value) is str else "type"


def _bigint(value: Any) -> Misfit:
    return "" if type(value) is int else "type"


def _slice(value: Any, item: Type) -> Misfit:
    return "" if value is None else _sequence(value, item)


def _array(value: Any, length: int, item: Type) -> Misfit:
    return _worst([_sequence(value, item), "" if _length(value, item) == length else "type"])


def _length(value: Any, item: Type) -> int:
    if type(value) is str and item == ["int", "uint8"]:
        return len(value.encode("utf-8", "surrogatepass"))
    return len(value) if hasattr(value, "__len__") else -1


def _sequence(value: Any, item: Type) -> Misfit:
    if type(value) in (list, tuple, set, frozenset):
        return _worst(_misfit(one, item) for one in value)
    letters = type(value) is str and item in (["int", "uint8"], ["int", "int32"])
    return "" if letters or (type(value) is bytes and item == ["int", "uint8"]) else "type"


def _map(value: Any, key: Type, item: Type) -> Misfit:
    if value is None:
        return ""
    if type(value) is dict:
        return _worst(_misfit(one, kind) for pair in value.items() for one, kind in zip(pair, (key, item), strict=True))
    if type(value) in (set, frozenset) and item in (["bool"], ["struct"]):
        return _worst(_misfit(one, key) for one in value)
    return "type"


def _pointer(value: Any, item: Type) -> Misfit:
    return "" if value is None else _misfit(value, item)


def _struct(value: Any, *fields: Type) -> Misfit:
    if type(value) not in (list, tuple, dict) or len(value) != len(fields):
        return "type"
    if type(value) is not dict:
        return _worst(_misfit(one, kind) for one, (_, kind) in zip(value, fields, strict=True))
    given = {plain(name): one for name, one in value.items() if type(name) is str}
    return _worst(_misfit(given[plain(name)], kind) if plain(name) in given else "type" for name, kind in fields)


def _any(value: Any) -> Misfit:
    return ""


_KINDS: dict[str, Callable[..., Misfit]] = {
    "bool": _bool,
    "int": _int,
    "float": _float,
    "complex": _complex,
    "string": _string,
    "bigint": _bigint,
    "slice": _slice,
    "array": _array,
    "map": _map,
    "pointer": _pointer,
    "struct": _struct,
    "any": _any,
}

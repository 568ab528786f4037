"""A Go answer in the form of the expected Python value: typed, never by way of printed text.

Go has several forms for what Python means (a slice, an array, a struct or several results for a tuple), so
the form of the expected value picks one; the values themselves come from the answer alone, and whether they
are right is the comparison's to say. Where no form fits, the value keeps its own: slices are lists, structs
dicts, runes ints. Answers are hostile: all that can be wrong in them ends in `Unfit`.

An answer is JSON {"results": [[type, data], ...], "types": [[kind, Go's name, ...], ...]}, where a type is
an index into "types". Kinds and their data: bool, int (with its width), float, complex, string (text, or
["base64"] when it is no UTF-8), bytes (base64), bigint (hexadecimal), error, slice and array (element type),
map (key and value type; pairs), struct (names with types; values in order), pointer ([data]),
interface ([type, data]), other. `null` is nil.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from functools import partial
from typing import Any

from factory.languages.base import Unfit
from factory.languages.go.answers import GoAnswer
from factory.languages.process import ANYTHING, Forms, Wanted, bigint, hashed, line, reading
from factory.languages.source import plain

Type = list[Any]
CHARACTERS = {"int32": 0x110000, "uint8": 0x80, "int8": 0x80}
"""Go types that may also mean one character, and the first number that is too large for such a character."""


def fit(answer: GoAnswer, expected: Any) -> Any:
    """The plain value that `answer` means where `expected` is expected. Raises Unfit."""
    with reading():
        data = json.loads(answer.text, parse_int=_integer)
        return _Answer(_is(data["types"], list)).results(_is(data["results"], list), expected)


def _integer(digits: str) -> int:
    if len(digits) > 20:
        raise ValueError("no Go integer is that long")
    return int(digits)


class _Answer:
    def __init__(self, types: list[Type]) -> None:
        self._types = types
        self._forms = Forms(_suits)
        self._fields: dict[int, dict[str, str]] = {}
        """Keys of expected dicts by their spelling in Go; the dict is found by its id, as in `Forms`."""

    # ---- several results ----

    def results(self, results: list[Any], want: Any) -> Any:
        """What the results of one call mean together: a tuple, a value with its `ok` or `error`, or the value."""
        if not results:
            return None
        if len(results) == 1:
            return self._together(results, want)
        *values, (last, flag) = results
        kind = self._types[last][0]
        whole = type(want) is tuple and len(want) == len(results)
        if kind == "error" and not (whole and want[-1] is None and flag is None):
            if flag is not None and want is None:
                return None
            self._value(last, flag, None)  # raises when there is an error
            return self._together(values, want)
        if kind == "bool" and not (whole and type(want[-1]) is bool) and type(flag) is bool:
            return self._together(values, want) if flag else None
        return self._together(results, want)

    def _together(self, results: list[Any], want: Any) -> Any:
        if len(results) == 1:
            ((place, data),) = results
            return self._value(place, data, want)
        wants = want if type(want) is tuple and len(want) == len(results) else [ANYTHING] * len(results)
        return tuple(self._value(place, data, inner) for (place, data), inner in zip(results, wants, strict=True))

    # ---- one value ----

    def _value(self, place: int, data: Any, want: Any) -> Any:
        kind, name, *more = self._types[_index(place)]
        if kind in _SCALARS:
            return _SCALARS[kind](data)
        match kind:
            case "int":
                return _character(_is(data, int), more[0], want)
            case "error" if data is not None:
                raise Unfit(line(f"returned an error: {_text(data)}"))
            case "interface" if data is not None:
                inner, content = data
                return self._value(inner, content, want)
            case "pointer" if data is not None:
                (content,) = data
                return self._value(more[0], content, want)
            case "error" | "interface" | "pointer":
                return None
            case "bytes" | "slice" | "array":
                return self._sequence(kind, more, data, want)
            case "map":
                return self._map(more, data, want)
            case "struct":
                return self._struct(more[0], data, want)
        raise Unfit(f"a Go {line(str(name))} is no plain value")

    def _sequence(self, kind: str, more: list[Any], data: Any, want: Any) -> Any:
        if data is None and want is None:
            return None
        if kind == "bytes":
            content = base64.b64decode(_is(data, str), validate=True) if data is not None else b""
            if type(want) not in (list, tuple, set, frozenset):
                return content
            wanted = self._forms.members(want)
            items = [_character(byte, "uint8", wanted.at(i, "int", byte)) for i, byte in enumerate(content)]
        else:
            wanted = self._forms.members(want)
            items = [self._member(more[0], item, wanted, i) for i, item in enumerate(_is(data or [], list))]
        if type(want) is tuple:
            return tuple(items)
        if type(want) in (set, frozenset):
            members = _hashed(items)
            return type(want)(members) if len(set(members)) == len(members) else items
        return items

    def _member(self, place: int, data: Any, wanted: Wanted, i: int | None) -> Any:
        kind, content = self._dynamic(place, data)
        return self._value(place, data, wanted.at(i, kind, content))

    def _dynamic(self, place: int, data: Any) -> tuple[str, Any]:
        """A value's kind and data, seen through interfaces and pointers."""
        kind = self._types[_index(place)][0]
        while kind in ("interface", "pointer") and data is not None:
            if kind == "interface":
                place, data = data
            else:
                place, (data,) = self._types[place][2], data
            kind = self._types[_index(place)][0]
        return kind, data

    def _map(self, more: list[Any], data: Any, want: Any) -> Any:
        if data is None and want is None:
            return None
        key_type, value_type = more
        pairs = _is(data or [], list)
        kind, _, *fields = self._types[_index(value_type)]
        empty = kind == "struct" and not fields[0]
        if (type(want) in (set, frozenset) and (empty or kind == "bool")) or (empty and type(want) is not dict):
            return self._set(key_type, [key for key, value in pairs if empty or _is(value, bool)], want)
        known = want if type(want) is dict else {}
        keys, values = self._forms.keys(want), self._forms.values(want)
        names = _hashed(self._member(key_type, key, keys, None) for key, _ in pairs)
        result = {}
        for name, (_, value) in zip(names, pairs, strict=True):
            if name in result:
                raise Unfit("a Go map with keys that Python holds equal")
            kind, content = self._dynamic(value_type, value)
            fits = name in known and _suits(known[name], kind, content)
            result[name] = self._value(value_type, value, known[name] if fits else values.at(None, kind, content))
        return result

    def _set(self, key_type: int, keys: list[Any], want: Any) -> Any:
        wanted = self._forms.members(want)
        members = _hashed(self._member(key_type, key, wanted, None) for key in keys)
        if len(set(members)) < len(members):
            raise Unfit("a Go map with keys that Python holds equal")
        return frozenset(members) if type(want) is frozenset else set(members)

    def _struct(self, fields: list[Any], data: Any, want: Any) -> Any:
        content = list(zip(fields, _is(data, list), strict=True))
        if type(want) is tuple:
            wanted = self._forms.members(want)
            return tuple(self._member(place, item, wanted, i) for i, ((_, place), item) in enumerate(content))
        if id(want) not in self._fields:
            keys = want if type(want) is dict else ()
            self._fields[id(want)] = {plain(key): key for key in keys if type(key) is str}
        known = self._fields[id(want)]
        result = {}
        for (name, place), item in content:
            key = known.get(plain(_is(name, str)), name)
            if key in result:
                raise Unfit("a Go struct with fields of one name")
            result[key] = self._value(place, item, want[key] if type(want) is dict and key in want else ANYTHING)
        return result


_SUITABLE: dict[str, tuple[type, ...]] = {
    "bool": (bool,),
    "int": (int, float, str),
    "bigint": (int, float),
    "float": (float, int),
    "complex": (complex,),
    "string": (str,),
    "bytes": (bytes, list, tuple, set, frozenset),
    "slice": (list, tuple, set, frozenset),
    "array": (list, tuple, set, frozenset),
    "map": (dict, set, frozenset),
    "struct": (tuple, dict),
}


def _suits(want: Any, kind: str, data: Any) -> bool:
    if data is None and want is None:
        return True
    return type(want) in _SUITABLE.get(kind, ())


_hashed = partial(hashed, dicts="Go map or struct")


def _index(place: Any) -> int:
    if type(place) is not int or place < 0:
        raise ValueError("a type is a number")
    return place


def _is(data: Any, kind: type) -> Any:
    if type(data) is not kind:
        raise TypeError(f"expected {kind.__name__}")
    return data


def _character(code: int, width: str, want: Any) -> int | str:
    """A rune, byte or int8 is a character where one is expected, unless no character has that number."""
    return chr(code) if type(want) is str and 0 <= code < CHARACTERS.get(width, 0) else code


def _float(data: Any) -> float:
    if type(data) is float or data in ("nan", "inf", "-inf"):
        return float(data)
    raise TypeError("expected a float")


def _text(data: Any) -> str:
    if type(data) is list:
        (encoded,) = data
        return base64.b64decode(_is(encoded, str), validate=True).decode("utf-8", "surrogateescape")
    return str(_is(data, str))


def _complex(data: Any) -> complex:
    real, imaginary = data
    return complex(_float(real), _float(imaginary))


_SCALARS: dict[str, Callable[[Any], Any]] = {
    "bool": lambda data: _is(data, bool),
    "float": _float,
    "complex": _complex,
    "string": _text,
    "bigint": lambda data: bigint(_is(data, str)),
}

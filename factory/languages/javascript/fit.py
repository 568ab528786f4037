"""A JavaScript answer in the form of the expected Python value.

JavaScript has one number for Python's int and float, and an Array for a list and a tuple: there the form of
the expected value picks one; the values themselves come from the answer alone, and whether they are right is
the comparison's to say. Where no form is expected, a whole number up to ±2^53 is an int, an Array a list, an
object or Map a dict. Answers are hostile: all that can be wrong in them ends in `Unfit`.

An answer is JSON: null, booleans, strings, Arrays, and numbers as JavaScript prints them; tagged
{"$": kind, "v": ...} are float ("nan", "inf", "-inf"), int (a bigint, hexadecimal), bytes (hexadecimal), set
(members), map and object (pairs).
"""

from __future__ import annotations

import json
import re
from collections.abc import Set
from functools import partial
from typing import Any

from factory.languages.base import Unfit
from factory.languages.javascript.answers import JavaScriptAnswer
from factory.languages.javascript.encode import SAFE
from factory.languages.process import Forms, bigint, hashed, reading


def fit(answer: JavaScriptAnswer, expected: Any) -> Any:
    """The plain value that `answer` means where `expected` is expected. Raises Unfit."""
    with reading():
        return _Answer().value(json.loads(answer.text, parse_int=float, parse_constant=_refuse), expected)


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


class _Answer:
    def __init__(self) -> None:
        self._forms = Forms(_suits)

    def value(self, data: Any, want: Any) -> Any:
        if type(data) is float:
            return _number(data, want)
        if type(data) is list:
            return self._sequence(data, want)
        if type(data) is not dict:
            return data
        kind, content = data["$"], data["v"]
        match kind:
            case "float" if content in ("nan", "inf", "-inf"):
                return _number(float(content), want)
            case "int":
                return bigint(content)
            case "bytes":
                whole = bytes.fromhex(content)
                return self._sequence(list(whole), want) if type(want) in (list, tuple) else whole
            case "set":
                return self._set(content, want)
            case "map" | "object":
                return self._dict(kind, content, want)
        raise ValueError("an unknown tag")

    def _sequence(self, data: list[Any], want: Any) -> Any:
        wanted = self._forms.members(want)
        items = [self.value(item, wanted.at(place, item)) for place, item in enumerate(data)]
        if type(want) is tuple:
            return tuple(items)
        if type(want) in (set, frozenset):
            # JavaScript's own Set tells Arrays apart that hold the same: an Array without repeats may mean a set.
            found = set(_hashed(items))
            return type(want)(found) if len(found) == len(items) else items
        return items

    def _set(self, data: list[Any], want: Any) -> Any:
        wanted = self._forms.members(want)
        found = set(_hashed(self.value(item, wanted.at(None, item)) for item in data))
        if len(found) < len(data):
            raise Unfit("a Set with members that Python holds equal")
        return frozenset(found) if type(want) is frozenset else found

    def _dict(self, kind: str, pairs: list[Any], want: Any) -> Any:
        if type(want) is complex and {key for key, _ in pairs} == {"re", "im"} and kind == "object":
            parts = {key: self.value(item, 0.0) for key, item in pairs}
            return complex(parts["re"], parts["im"])
        known = want if type(want) is dict else {}
        keys, values = self._forms.keys(want), self._forms.values(want)
        if kind == "object":
            names = _hashed(_own_key(key, keys.kinds) for key, _ in pairs)
        else:
            names = _hashed(self.value(key, keys.at(None, key)) for key, _ in pairs)
        result = {}
        for name, (_, item) in zip(names, pairs, strict=True):
            if name in result:
                raise Unfit("a Map with keys that Python holds equal")
            fits = name in known and _suits(known[name], item)
            result[name] = self.value(item, known[name] if fits else values.at(None, item))
        return result


def _number(value: float, want: Any) -> Any:
    """An int where an int is expected and the number is whole, or where nothing is and it is surely one."""
    kind = type(want)
    if kind is complex:
        return complex(value)
    if kind is float or not value.is_integer():
        return value
    return int(value) if kind in (int, bool) or abs(value) <= SAFE else value


def _own_key(text: str, kinds: Set[type]) -> Any:
    """An object's key, which is a text in JavaScript whatever was meant: a number where all expected keys are."""
    if type(text) is not str:
        raise TypeError("an object's keys are texts")
    if kinds == {int} and re.fullmatch(r"0|-?[1-9][0-9]{0,15}", text):
        return int(text)
    if kinds == {float} and re.fullmatch(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:e[+-][0-9]+)?", text):
        return float(text)
    if kinds == {bool} and text in ("true", "false"):
        return text == "true"
    return text


_SUITABLE: dict[str, tuple[type, ...]] = {
    "float": (int, float, complex),
    "int": (int,),
    "bytes": (bytes, list, tuple),
    "set": (set, frozenset),
    "map": (dict,),
    "object": (dict, complex),
}


def _suits(want: Any, data: Any) -> bool:
    """Whether `data` could be meant for `want`, by its type."""
    kind = type(data)
    if kind is list:
        return type(want) in (list, tuple, set, frozenset)
    if kind is float:
        return type(want) in ((int, float, complex) if data.is_integer() else (float, complex))
    if kind is dict:
        return type(want) in _SUITABLE.get(data["$"], ())
    return type(want) is kind


_hashed = partial(hashed, dicts="Map or object")

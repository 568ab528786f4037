"""A problem's calls in the form that the harness reads, and the shapes of what they give.

Only arguments are here, never what is expected. The form is binary, so that the harness needs no JSON:
one letter for the kind, then big-endian sizes and contents (`harness/request.go` is the other side).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any

from factory.languages import process
from factory.languages.base import Call
from factory.languages.process import calls, counterpart
from factory.records import Problem

_KINDS: dict[type, bytes] = {list: b"l", tuple: b"u", set: b"e", frozenset: b"z"}


def encode_calls(problem: Problem) -> bytes:
    """The calls of a problem, counted, as the harness reads them."""
    every = [_items(args) + _named(kwargs) for args, kwargs in calls(problem)]
    return _size(len(every)) + b"".join(every)


def request(nonce: str, max_stack: int, max_output: int, encoded_calls: bytes) -> bytes:
    """What the harness is sent. `max_stack` and `max_output` are bytes, the former of one goroutine's stack."""
    limits = (min(size, 2**31 - 1) for size in (max_stack, max_output))
    return _blob(nonce.encode()) + b"".join(_size(size) for size in limits) + encoded_calls


def encode(value: Any) -> bytes:
    """One plain value. A str with lone surrogates becomes the bytes that it represents, where it represents any."""
    kind = type(value)
    if value is None:
        return b"n"
    if kind is bool:
        return b"t" + _blob(b"1" if value else b"0")
    if kind is int:
        return b"i" + _blob(format(value, "x").encode())
    if kind is float:
        return b"d" + struct.pack(">d", value)
    if kind is complex:
        return b"c" + struct.pack(">dd", value.real, value.imag)
    if kind is str:
        return b"s" + _blob(_text(value))
    if kind is bytes:
        return b"b" + _blob(value)
    if kind is dict:
        return b"m" + _size(len(value)) + b"".join(encode(key) + encode(item) for key, item in value.items())
    if kind not in _KINDS:
        return encode(counterpart(value))
    items = [encode(item) for item in value]
    if kind in (set, frozenset):
        items.sort()
    return _KINDS[kind] + _size(len(items)) + b"".join(items)


def _text(value: str) -> bytes:
    try:
        return value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogatepass")


def _items(values: list[Any]) -> bytes:
    return _size(len(values)) + b"".join(encode(value) for value in values)


def _named(values: dict[str, Any]) -> bytes:
    return _size(len(values)) + b"".join(_blob(_text(name)) + encode(value) for name, value in values.items())


def _size(count: int) -> bytes:
    return struct.pack(">I", count)


def _blob(data: bytes) -> bytes:
    return _size(len(data)) + data


def arities(every: Iterable[Call]) -> list[dict[str, Any]]:
    """The different ways in which the cases call: how many positional arguments, which keywords."""
    ways = {(len(args), tuple(sorted(kwargs))) for args, kwargs in every}
    return [{"positional": count, "keywords": keywords} for count, keywords in sorted(ways)]


class Shape:
    """What the values at one place are made of, over all cases: Python's type names, and the shapes inside."""

    def __init__(self) -> None:
        self.kinds: set[str] = set()
        self.item: Shape | None = None
        self.key: Shape | None = None
        self.value: Shape | None = None

    def add(self, value: Any) -> None:
        kind = type(value)
        if value is None:
            return
        self.kinds.add(kind.__name__)
        if kind is dict:
            self.key, self.value = self.key or Shape(), self.value or Shape()
            for key, item in value.items():
                self.key.add(key)
                self.value.add(item)
        elif kind in _KINDS:
            self.item = self.item or Shape()
            for item in value:
                self.item.add(item)

    def plain(self) -> dict[str, Any]:
        inner = {"item": self.item, "key": self.key, "value": self.value}
        return {"kinds": sorted(self.kinds)} | {name: shape.plain() if shape else None for name, shape in inner.items()}


def shapes(every: Iterable[Call]) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """The shapes of the arguments: by position, and by keyword."""
    positional, named = process.shapes(every, Shape)
    return [shape.plain() for shape in positional], {name: shape.plain() for name, shape in named.items()}

"""Plain values as Python source, for models (`literal`) and, cut short, for people (`show`).

Promises: the same text for equal values in every process: a set's members, which have no order, are sorted. `show`
also sorts the pairs of a dict, whose order another language may not keep.
"""

from __future__ import annotations

from collections import UserDict, UserList, deque
from collections.abc import Callable, ItemsView, Iterable, KeysView
from types import MappingProxyType
from typing import Any

from factory.records import Case
from factory.records.values import decode

SHOWN = 160
"""Characters of a value shown in a verdict."""


def literal(value: Any) -> str:
    """`value` in Python syntax; as `repr`, with sets in one order and floats that can be read back."""
    return _written(value, _readable, None)


def show(value: Any) -> str:
    """`value` as `repr` writes it, at most `SHOWN` characters; sets and dicts in one order."""
    try:
        text = _written(value, repr, SHOWN)
    except (RecursionError, ValueError):
        return f"a {type(value).__name__} too large to show"
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def show_input(case: Case) -> str:
    """What `case` gives a program: the text of its standard input, or the arguments of its call."""
    return show(case.stdin) if case.stdin is not None else arguments(case, show)


def arguments(case: Case, written: Callable[[Any], str]) -> str:
    """The arguments of a call, each as `written`, with commas between: `1, [2], key=3`."""
    given = [written(decode(value)) for value in case.args or ()]
    return ", ".join([*given, *(f"{name}={written(decode(value))}" for name, value in case.kwargs.items())])


def _written(value: Any, scalar: Callable[[Any], str], longest: int | None) -> str:
    """`value` with what is no collection as `scalar` writes it.

    `longest` is how many items of a list or tuple are written, as the text is cut after them anyhow; None is all.
    """

    def each(items: Iterable[Any]) -> list[str]:
        return [_written(item, scalar, longest) for item in items]

    match value:
        case dict():
            pairs = [f"{key}: {item}" for key, item in zip(each(value), each(value.values()), strict=True)]
            return f"{{{', '.join(pairs if longest is None else sorted(pairs))}}}"
        case list():
            return f"[{', '.join(each(value[:longest]))}]"
        case tuple():
            return f"({', '.join(each(value[:longest]))}{',' * (len(value) == 1)})"
        case str() | bytes() if longest is not None:
            return scalar(value[: 64 * longest])
        case UserDict() | MappingProxyType():
            return f"{type(value).__name__}({each([dict(value)])[0]})"
        case deque() | KeysView() | ItemsView() | UserList():
            return f"{type(value).__name__}([{', '.join(each(value))}])"
        case memoryview():
            return f"memoryview({each([bytes(value)])[0]})"
        case set() | frozenset() if value:
            members = f"{{{', '.join(sorted(each(value)))}}}"
            return members if isinstance(value, set) else f"frozenset({members})"
        case _:
            return scalar(value)


def _readable(value: Any) -> str:
    """`repr`, but for floats that are no number or infinite, which Python has no literal for."""
    infinite = isinstance(value, float) and (value != value or abs(value) == float("inf"))
    return f'float("{value}")' if infinite else repr(value)

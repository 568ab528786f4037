"""Marks of pytest for test code, which runs where pytest is not: what they are, and what they say of a test."""

import os
import platform
import sys
import types
from collections.abc import Sequence
from typing import Any, NoReturn


class Outcome(BaseException):
    """How a test ends by its own word; no `except Exception` of a test catches it, as in pytest."""


class Skipped(Outcome):
    pass


class XFailed(Outcome):
    pass


class Failed(Outcome):
    pass


def skip(reason: str = "", *, allow_module_level: bool = False) -> NoReturn:
    raise Skipped(reason)


def xfail(reason: str = "") -> NoReturn:
    raise XFailed(reason)


def fail(reason: str = "", pytrace: bool = True) -> NoReturn:
    raise Failed(reason)


for _function, _kind in ((skip, Skipped), (xfail, XFailed), (fail, Failed)):
    vars(_function)["Exception"] = _kind


class Mark:
    """`pytest.mark.NAME`, perhaps with arguments; called with a function or class alone, it marks that."""

    def __init__(self, name: str, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> None:
        self.name, self.args, self.kwargs = name, args, kwargs or {}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        bare = len(args) == 1 and not kwargs and (isinstance(args[0], type) or _is_function(args[0]))
        if not bare:
            return Mark(self.name, (*self.args, *args), self.kwargs | kwargs)
        own = vars(args[0]).get("pytestmark", [])
        args[0].pytestmark = [*(own if isinstance(own, list) else [own]), self]
        return args[0]


def _is_function(value: object) -> bool:
    return isinstance(value, types.FunctionType) and value.__name__ != "<lambda>"


class Marks:
    def __getattr__(self, name: str) -> Mark:
        if name.startswith("_"):
            raise AttributeError(name)
        return Mark(name)


def of(marked: Any) -> list[Mark]:
    """The marks of a function, or those in a `pytestmark`."""
    own = getattr(marked, "pytestmark", marked)
    if isinstance(own, Mark):
        return [own]
    return [one for one in own if isinstance(one, Mark)] if isinstance(own, list | tuple) else []


def of_class(kind: type) -> list[Mark]:
    """The marks of a class and its bases."""
    return [mark for base in kind.__mro__ for mark in of(vars(base).get("pytestmark"))]


def _holds(mark: Mark, where: dict[str, Any]) -> bool:
    """Whether one of a mark's conditions does; a text is an expression."""
    conditions = [*mark.args, *([mark.kwargs["condition"]] if "condition" in mark.kwargs else [])]
    names = {"sys": sys, "os": os, "platform": platform, **where}
    return any(eval(one, names) if isinstance(one, str) else one for one in conditions) or not conditions


def skips(marks: Sequence[Mark], where: dict[str, Any]) -> bool:
    return any(mark.name == "skip" or (mark.name == "skipif" and _holds(mark, where)) for mark in marks)


def expects_failure(marks: Sequence[Mark], where: dict[str, Any]) -> Mark | None:
    """The mark by which a test may fail, or has to if it is strict; of several, the first."""
    return next((mark for mark in marks if mark.name == "xfail" and _holds(mark, where)), None)


# ---- parameters ----


class Param:
    """`pytest.param(…)`: one set of values, with marks of its own."""

    def __init__(self, values: tuple[Any, ...], marks: list[Mark]) -> None:
        self.values, self.marks = values, marks


def param(*values: Any, id: object = None, marks: Any = ()) -> Param:
    return Param(values, [marks] if isinstance(marks, Mark) else list(marks))


class Set:
    """One set of parameters: `values` by name, those that go `through` a fixture, and its marks."""

    def __init__(self, values: dict[str, Any], through: dict[str, Any], marks: list[Mark]) -> None:
        self.values, self.through, self.marks = values, through, marks


def sets_of(mark: Mark) -> list[Set]:
    """The sets of a `parametrize`. Raises ValueError where names and values do not go together."""
    arguments = dict(zip(("argnames", "argvalues", "indirect"), mark.args, strict=False)) | mark.kwargs
    names, indirect = arguments["argnames"], arguments.get("indirect", False)
    alone = isinstance(names, str)  # one name in a list has values in lists, too
    names = [one.strip() for one in names.split(",") if one.strip()] if alone else list(names)
    through = set(names) if indirect is True else set(indirect or ())
    found = []
    for one in arguments["argvalues"]:
        given = one.values if isinstance(one, Param) else (one,) if alone and len(names) == 1 else tuple(one)
        if len(given) != len(names):
            raise ValueError(f"parametrize: {given!r} for {', '.join(names)}")
        values = dict(zip(names, given, strict=True))
        found.append(
            Set(
                {name: value for name, value in values.items() if name not in through},
                {name: value for name, value in values.items() if name in through},
                one.marks if isinstance(one, Param) else [],
            )
        )
    return found

"""`pytest.approx` for test code, which runs where pytest is not: equal within a tolerance, by pytest's own rules.

The rules are those of pytest 9 (docs.pytest.org, "pytest.approx"): of a number, the larger of 1e-6 of it and 1e-12, or
what `rel` and `abs` say; of a list, tuple or dict each value so, and the same length or keys. Numpy arrays and dates
are not known: they raise TypeError, as nested containers do in pytest.
"""

from collections.abc import Callable, Collection, Mapping, Sized
from datetime import date, timedelta
from decimal import Decimal
from numbers import Complex
from typing import Any

Tolerance = float | Decimal | None


class Approx:
    """What `approx` gives: equal to whatever `holds` says."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, shown: str, holds: Callable[[Any], bool]) -> None:
        self._shown, self._holds = shown, holds

    def __eq__(self, actual: object) -> bool:
        return self._holds(actual)

    def __repr__(self) -> str:
        return f"approx({self._shown})"

    def __bool__(self) -> bool:
        raise AssertionError("approx() has no truth value; did you mean `assert a == approx(b)`?")


def approx(expected: Any, rel: Tolerance = None, abs: Tolerance = None, nan_ok: bool = False) -> Approx:
    """Raises TypeError for what pytest does not compare, ValueError for an invalid tolerance."""

    def scalar(value: Any) -> Callable[[Any], bool]:
        return _scalar(value, rel, abs, nan_ok)

    if isinstance(expected, Mapping):
        values = {key: scalar(_leaf(value)) for key, value in expected.items()}
        return Approx(repr(expected), lambda actual: _same_mapping(actual, values))
    if hasattr(expected, "__getitem__") and isinstance(expected, Sized) and not isinstance(expected, str | bytes):
        items = [scalar(_leaf(value)) for value in iter(expected)]  # type: ignore[call-overload]
        return Approx(repr(expected), lambda actual: _same_sequence(actual, items))
    if isinstance(expected, Collection) and not isinstance(expected, str | bytes):
        raise TypeError(f"approx() compares ordered sequences, not {expected!r}")
    return Approx(repr(expected), scalar(expected))


def _leaf(value: Any) -> Any:
    if isinstance(value, Collection) and not isinstance(value, str | bytes | bytearray):
        raise TypeError(f"approx() does not compare nested containers such as {value!r}")
    return value


def _same_mapping(actual: Any, values: dict[Any, Callable[[Any], bool]]) -> bool:
    if not hasattr(actual, "keys") or set(actual.keys()) != set(values):
        return False
    return all(holds(actual[key]) for key, holds in values.items())


def _same_sequence(actual: Any, items: list[Callable[[Any], bool]]) -> bool:
    try:
        if len(actual) != len(items):
            return False
    except TypeError:
        return False
    return all(holds(value) for holds, value in zip(items, actual, strict=True))


def _scalar(expected: Any, rel: Tolerance, abs_: Tolerance, nan_ok: bool) -> Callable[[Any], bool]:
    if isinstance(expected, date | timedelta):
        raise TypeError(f"approx() of a {type(expected).__name__} is not known here")
    for name, given in (("rel", rel), ("abs", abs_)):
        if given is not None and not isinstance(given, int | float | Decimal):
            raise TypeError(f"{name}: {given!r} is no number")

    def holds(actual: Any) -> bool:
        if isinstance(expected, bool) and not isinstance(actual, bool):
            return False
        if actual == expected:
            return True
        numbers = isinstance(expected, Complex | Decimal) and isinstance(actual, Complex | Decimal)
        if isinstance(expected, bool) or not numbers:
            return False
        size = abs(expected)
        if size != size:
            return nan_ok and abs(actual) != abs(actual)
        if size == float("inf"):
            return False
        return bool(abs(expected - actual) <= _within(expected, rel, abs_))

    return holds


def _within(expected: Any, rel: Tolerance, abs_: Tolerance) -> Any:
    """The largest difference that is granted. Raises ValueError where a tolerance is negative or no number."""
    exact = isinstance(expected, Decimal)

    def number(given: Tolerance, otherwise: str) -> Any:
        value = otherwise if given is None else given
        return Decimal(value) if exact else float(value)

    granted = [] if rel is not None or abs_ is None else [number(abs_, "0")]
    granted = granted or [number(abs_, "1e-12"), number(rel, "1e-6") * abs(expected)]
    if not all(one >= 0 for one in granted):
        raise ValueError(f"tolerances of {granted} are none")
    return max(granted)

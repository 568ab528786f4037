"""What contest formats share: streams and calls as cases, and which of several solutions is a reference."""

from __future__ import annotations

import ast
import hashlib
import re
import warnings
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from factory.records import Case, Comparison
from factory.records.values import encode

MOST_SOLUTIONS = 8
"""Solutions of a row that are tried, of the hundreds that some have."""
AGREEING = 4
"""Solutions of a row that have to give the recorded answers where its statement leaves a doubt."""


def streams(inputs: Sequence[Any], outputs: Sequence[Any], *, public: bool = False) -> tuple[Case, ...]:
    """A case for each input and its output: texts, or lists of lines. Raises ValueError."""
    if len(inputs) != len(outputs):
        raise ValueError(f"{len(inputs)} inputs and {len(outputs)} outputs")
    return tuple(
        Case(stdin=_text(given), stdout=_text(output), public=public)
        for given, output in zip(inputs, outputs, strict=True)
    )


def _text(value: object) -> str:
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(f"{line}\n" for line in value)
    if not isinstance(value, str):
        raise ValueError(f"a test of type {type(value).__name__}, where text for a stream is due")
    return value


def call(args: Sequence[Any], expected: Any, *, public: bool = False) -> Case:
    """The case of a call with positional arguments, all plain values."""
    return Case(args=[encode(arg) for arg in args], expected=encode(expected), public=public)


def pythons(solutions: Iterable[str]) -> list[str]:
    """Those of `solutions` that are Python 3, as far as their syntax tells; the first `MOST_SOLUTIONS`."""
    return list(islice(filter(_is_python, dict.fromkeys(solutions)), MOST_SOLUTIONS))


def _is_python(text: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return bool(ast.parse(text).body)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False


DOUBLES = 1e-5
"""The absolute error that LeetCode's judge allows a double, as its statements say: "within 10^-5 of the actual"."""


def of_doubles(comparison: Comparison, cases: Sequence[Case]) -> Comparison:
    """`comparison`, with what LeetCode's judge allows floats where it grants nothing and a case expects any."""
    if comparison.kind != "equal" or not any(_holds_float(case.expected) for case in cases):
        return comparison
    return comparison.model_copy(update={"kind": "float", "rel": 0.0, "abs": DOUBLES})


def _holds_float(value: Any) -> bool:
    """Whether a float is anywhere in a value of tagged JSON."""
    if isinstance(value, list | dict):
        return any(map(_holds_float, value.values() if isinstance(value, dict) else value))
    return isinstance(value, float)


def method(starter_code: str, name: str) -> str:
    """The entry point `name`, as a method where the starter code opens another class for it."""
    match = re.search(r"^class\s+(\w+)", starter_code, re.MULTILINE)
    return f"{match[1]}.{name}" if match and match[1] != name else name


def refuse_objects(starter_code: str) -> None:
    """Raise ValueError where arguments or results are linked objects other than ListNode and TreeNode."""
    objects = r"^[ \t]*(?:async\s+)?def\b.*\b(Node|NestedInteger)\b"
    match = re.search(objects, starter_code, re.MULTILINE)
    if match:
        raise ValueError(f"starter_code: takes or gives {match[1]} objects, which are no plain values")


def name_of(prefix: str, text: str) -> str:
    """An id for a row that has none: made from its statement, so that it is the same wherever in the set the row is."""
    return f"{prefix}/{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"

"""The fields of raw rows, read for what they are: nothing but a text is read as a text."""

from __future__ import annotations

import ast
import json
from typing import Any

Row = dict[str, Any]
"""One row of a problem set in its own format: JSON, or a parquet row, of which nothing is known yet."""


def text(row: Row, field: str) -> str:
    """A field that holds text. Raises KeyError, or ValueError naming it."""
    value = row[field]
    if not isinstance(value, str):
        raise ValueError(f"{field}: is a JSON {type(value).__name__}, not a string")
    return value


def statement(row: Row, field: str) -> str:
    """What a model is asked. Raises KeyError, or ValueError where that is nothing."""
    value = text(row, field)
    if not value.strip():
        raise ValueError(f"{field}: is empty, so that a model is asked nothing")
    return value


def optional(row: Row, *fields: str) -> str:
    """The first of `fields` that holds anything: its text, or a number written out; "" where none does."""
    for field in fields:
        value = row.get(field)
        if value is not None and value != "":
            return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else text(row, field)
    return ""


def parsed(row: Row, field: str) -> Any:
    """What a field holds as JSON text; what is no text is itself. Raises KeyError, or ValueError naming the field."""
    return json_of(field, row[field])


def statements(name: str, source: str) -> list[ast.stmt]:
    """Python source as its statements. Raises ValueError naming it."""
    try:
        return ast.parse(source).body
    except SyntaxError as error:
        raise ValueError(f"{name}: line {error.lineno}: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"{name}: cannot be parsed: {error or type(error).__name__}") from None


def json_of(name: str, value: Any) -> Any:
    """`value` parsed where it is JSON text. Raises ValueError naming it."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name}: is not JSON: {error}") from None

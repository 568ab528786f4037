"""How a record class lies in parquet columns: derived from its annotations, once for each class.

A number, truth value, text or enum is a plain column; `X | None` may be null; `tuple[X, ...]` is a list; a frozen
dataclass is a struct; `dict[str, X]` is a map, sorted by key. What may hold any value is JSON text: `dict[str, Any]`,
and a pydantic record, by its `as_json`. Promises: equal records give equal cells. Does not promise anything about
other annotations: they raise TypeError, naming the field, when the class is first used.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pyarrow as pa
from pydantic import BaseModel, JsonValue

Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Column:
    """The arrow type of a field, and how its values become cells and back; None is as it is, either way."""

    type: pa.DataType
    encode: Convert | None = None
    decode: Convert | None = None

    def cells(self, values: Sequence[Any]) -> Sequence[Any]:
        return _each(self.encode, values)

    def values(self, cells: Sequence[Any]) -> Sequence[Any]:
        return _each(self.decode, cells)


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a record class, by field; `required` are the fields without a default."""

    by_name: Mapping[str, Column]
    required: frozenset[str]

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([pa.field(name, column.type) for name, column in self.by_name.items()])


_KNOWN: dict[type, Columns] = {}


def columns_of(kind: type[Any]) -> Columns:
    """The columns of a record class, by its annotations, which are read once. Raises TypeError."""
    if kind not in _KNOWN:
        _KNOWN[kind] = _derived(kind)
    return _KNOWN[kind]


def _derived(kind: type[Any]) -> Columns:
    hints = typing.get_type_hints(kind)
    if issubclass(kind, BaseModel):
        required = {name: field.is_required() for name, field in kind.model_fields.items()}
    else:
        required = {
            field.name: field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
            for field in dataclasses.fields(kind)
        }
    return Columns(
        {name: _column(hints[name], f"{kind.__name__}.{name}") for name in required},
        frozenset(name for name, needed in required.items() if needed),
    )


_PLAIN = {bool: pa.bool_(), int: pa.int64(), float: pa.float64()}


def _column(hint: Any, field: str) -> Column:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint in _PLAIN:
        return Column(_PLAIN[hint])
    if hint is str or origin is typing.Literal:
        return Column(pa.string(), encode=_text)
    if origin in (types.UnionType, typing.Union) and len(args) == 2 and type(None) in args:
        (other,) = (arg for arg in args if arg is not type(None))
        return _column(other, field)
    if origin in (tuple, list):
        return _list(origin, _column(args[0], field))
    if origin is dict and args[0] is str:
        return _JSON if args[1] in (Any, JsonValue) else _map(_column(args[1], field))
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return Column(pa.string(), encode=str, decode=hint)
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return Column(pa.string(), encode=_record_text, decode=hint.model_validate_json)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return _struct(hint)
    raise TypeError(f"{field}: {hint} has no column; what may hold any value is dict[str, JsonValue], kept as JSON")


def _list(origin: Convert, item: Column) -> Column:
    def decode(cell: Sequence[Any]) -> Any:
        return origin(item.values(cell))

    def encode(values: Sequence[Any]) -> list[Any]:
        return list(item.cells(values))

    return Column(pa.list_(item.type), encode, decode)


def _map(item: Column) -> Column:
    def decode(cell: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in cell]
        return dict(zip(keys, item.values([value for _, value in cell]), strict=True))

    def encode(values: Mapping[str, Any]) -> list[tuple[str, Any]]:
        keys = sorted(values)
        return list(zip(map(_text, keys), item.cells([values[key] for key in keys]), strict=True))

    return Column(pa.map_(pa.string(), item.type), encode, decode)


def _struct(kind: type[Any]) -> Column:
    inner = columns_of(kind).by_name

    def decode(cell: Mapping[str, Any]) -> Any:
        # A field that the part does not have takes its default; one that the class does not have raises TypeError.
        return kind(**{name: inner[name].values([it])[0] if name in inner else it for name, it in cell.items()})

    def encode(record: Any) -> dict[str, Any]:
        return {name: column.cells([getattr(record, name)])[0] for name, column in inner.items()}

    return Column(pa.struct([pa.field(name, column.type) for name, column in inner.items()]), encode, decode)


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=True)


_JSON = Column(pa.string(), encode=_json, decode=json.loads)


def _record_text(record: Any) -> str:
    return json.dumps(record.as_json())  # in its own order: that of an expected dict's keys is part of the answer


def _text(text: str) -> str:
    """`text` as a file can hold it: halves of surrogate pairs become U+FFFD."""
    if text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text):
        return text
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _each(convert: Convert | None, values: Sequence[Any]) -> Sequence[Any]:
    if convert is None:
        return values
    return [None if value is None else convert(value) for value in values]

"""Parts: immutable parquet files of records, the only thing a run keeps.

Promises: a part that exists is whole (temporary name, fsync, rename, fsync of the folder); equal
records give equal bytes; any damaged byte is found when it is read (a part's sha256 lies beside
it), and named. Does not promise anything about files half written under temporary names: they are
ignored, and overwritten.
"""

from __future__ import annotations

import dataclasses
import io
import json
import types
import typing
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel

from factory.errors import PartError
from factory.storage.files import checked, put

T = TypeVar("T")


def write(path: Path, kind: type[T], records: Sequence[T]) -> str:
    """Write `records`, all of `kind` (a record class), to `path`, at once or not at all; the part's sha256."""
    schema = schema_of(kind)
    columns = {name: [_cell(getattr(record, name)) for record in records] for name in schema.names}
    return put(path, as_parquet(pa.table(columns, schema=schema)))


def as_parquet(table: pa.Table) -> bytes:
    """`table` as a parquet file (zstd); equal tables give equal bytes."""
    sink = io.BytesIO()
    with parquet_writer(sink, table.schema) as writer:
        if table.num_rows:  # `datasets` cannot load a row group of no rows
            writer.write_table(table, row_group_size=8192)
    return sink.getvalue()


def parquet_writer(sink: IO[bytes] | str, schema: pa.Schema) -> pq.ParquetWriter:
    """Writes parquet (zstd) to `sink`, a file or its path; equal tables in equal groups give equal bytes."""
    return pq.ParquetWriter(sink, schema, compression="zstd", store_schema=False)


def read(path: Path, kind: type[T]) -> list[T]:
    """The records of `kind` in the part at `path`.

    Raises DamagedPart naming it where its bytes are not those that were written, PartError where it
    cannot be read otherwise.
    """
    try:
        data = checked(path)
        # Not `read_table`: its threads may outlive it by a moment, and abort a process that ends then (arrow#34314).
        table = pq.ParquetFile(pa.BufferReader(data)).read(use_threads=False)
        if table.schema.names != schema_of(kind).names:
            raise PartError(f"{path}: has the columns of another version; remedy: delete it, and run again")
        return list(_records(kind, table.to_pylist()))
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError) as error:
        raise PartError(f"{path}: is damaged ({error}); remedy: delete it, and run again") from None


def _records(kind: type[T], rows: Iterable[dict[str, Any]]) -> Iterator[T]:
    hints = typing.get_type_hints(kind)
    loose = [name for name, hint in hints.items() if _is_dict(hint)]
    tuples = [name for name, hint in hints.items() if typing.get_origin(hint) is tuple]
    enums = {
        name: hint
        for name, hint in hints.items()
        if isinstance(hint, type) and issubclass(hint, str) and hint is not str
    }
    for row in rows:
        for name in loose:
            row[name] = json.loads(row[name]) if row[name] is not None else None
        for name in tuples:
            row[name] = tuple(row[name])
        for name, enum in enums.items():
            row[name] = enum(row[name])
        yield kind(**row)


def schema_of(kind: type[Any]) -> pa.Schema:
    """The parquet schema of a record class, by its annotations."""
    hints = typing.get_type_hints(kind)
    names = (
        list(kind.model_fields) if issubclass(kind, BaseModel) else [field.name for field in dataclasses.fields(kind)]
    )
    return pa.schema([pa.field(name, _arrow(hints[name])) for name in names])


def _arrow(hint: Any) -> pa.DataType:
    for option in typing.get_args(hint) if typing.get_origin(hint) in (types.UnionType, typing.Union) else (hint,):
        if option is type(None):
            continue
        if option is bool:
            return pa.bool_()
        if option is int:
            return pa.int64()
        if option is float:
            return pa.float64()
        if typing.get_origin(option) in (tuple, list):
            return pa.list_(_arrow(typing.get_args(option)[0]))
    return pa.string()


def _is_dict(hint: Any) -> bool:
    options = typing.get_args(hint) if typing.get_origin(hint) in (types.UnionType, typing.Union) else (hint,)
    return any(typing.get_origin(option) is dict for option in options)


def _cell(value: Any) -> Any:
    if isinstance(value, dict):
        return json.dumps(value, sort_keys=True, ensure_ascii=True)
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace") if _has_surrogates(value) else value
    return value


def _has_surrogates(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text) if not text.isascii() else False

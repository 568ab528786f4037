"""Parts: immutable parquet files of records, the only thing a run keeps.

Promises: a part that exists is whole (temporary name, fsync, rename; fsync of the folder, unless its records can be
made again); equal records give equal bytes; any damaged byte is found when it is read (a part's sha256 lies beside
it), and named; a part of an older version of its format (`factory.records.formats`) is read as today's records: a
column that it has not takes the field's default, one that was renamed or held JSON text is converted. Does not promise
anything about files half written under temporary names: they are ignored, and overwritten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel

from factory.errors import PartError
from factory.records.formats import part_format
from factory.storage.columns import columns_of
from factory.storage.files import MOVE_ASIDE, checked, put

T = TypeVar("T")
RECORD, VERSION, NAME = b"factory.record", b"factory.version", b"factory.part"
"""Keys of the parquet metadata: the kind of record that a part holds, the version of its format, and its name, which
says of which problem and rollouts it is."""
SMALL = 16384
"""Bytes of a table up to which it is written without compression, dictionaries and statistics. These cost some 40 µs of
CPU a column, written and read again, and save little: a part of a few rollouts takes a third of the time without."""
_PLAIN = {"compression": "none", "use_dictionary": False, "write_statistics": False}


def write(path: Path, kind: type[T], rows: Sequence[T], name: str = "", lasting: bool = True) -> str:
    """Write `rows`, all of `kind` (a record class), to `path`, at once or not at all; the part's sha256.

    `name` is the end of `path` that the part keeps inside, so that it cannot be taken for another. `lasting` as of
    `put`.
    """
    return put(path, as_part(kind, rows, name), lasting)


def as_part(kind: type[T], rows: Sequence[T], name: str = "") -> bytes:
    """The bytes that `write` writes. Equal records give equal bytes."""
    table = as_table(kind, rows)
    if name:
        table = table.replace_schema_metadata({**table.schema.metadata, NAME: name.encode("utf-8", "surrogateescape")})
    return as_parquet(table)


def as_table(kind: type[T], rows: Sequence[T]) -> pa.Table:
    """`rows`, which are records of `kind`, as the columns of today's format."""
    cells = [
        pa.array(column.cells([getattr(record, name) for record in rows]), column.type)
        for name, column in columns_of(kind).by_name.items()
    ]
    return pa.Table.from_arrays(cells, schema=schema_of(kind))


_SCHEMAS: dict[type, pa.Schema] = {}


def schema_of(kind: type[Any]) -> pa.Schema:
    """The parquet schema of parts of a record class, with the kind and the version of its format."""
    if kind not in _SCHEMAS:
        form = part_format(kind)
        _SCHEMAS[kind] = columns_of(kind).schema.with_metadata({RECORD: form.name, VERSION: str(form.version)})
    return _SCHEMAS[kind]


def as_parquet(table: pa.Table) -> bytes:
    """`table` as a parquet file, with zstd unless it is small; equal tables give equal bytes."""
    sink = pa.BufferOutputStream()  # a third less CPU than a file object of Python's, which gets each piece alone
    with parquet_writer(sink, table.schema, plain=table.nbytes <= SMALL) as writer:
        if table.num_rows:  # `datasets` cannot load a row group of no rows
            writer.write_table(table, row_group_size=8192)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def parquet_writer(
    sink: IO[bytes] | pa.NativeFile, schema: pa.Schema, plain: bool = False, checksums: bool = False
) -> pq.ParquetWriter:
    """Writes parquet (zstd, or as `plain` as it can be) to `sink`, an open file.

    Equal tables in equal groups give equal bytes. With `checksums` every page has its own, so that of a damaged file
    the other pages can be read.
    """
    form = _PLAIN if plain else {"compression": "zstd"}
    writer = pq.ParquetWriter(sink, schema, store_schema=False, write_page_checksum=checksums, **form)
    if schema.metadata:  # which is otherwise lost with `store_schema`
        writer.add_key_value_metadata(schema.metadata)
    return writer


def read(path: Path, kind: type[T], recorded: str | None = None, mend: bool = False) -> list[T]:
    """The records of `kind` in the part at `path`, whichever version of their format it has.

    `recorded` and `mend` as of `checked`. Raises DamagedPart naming it where its bytes are not those that were
    written, PartError where it cannot be read otherwise: it is another part, of another kind, of a newer version, or
    has columns that are not known.
    """
    return records(path, kind, read_table(path, kind, recorded, mend))


def read_table(path: Path, kind: type[Any], recorded: str | None = None, mend: bool = False) -> pa.Table:
    """The columns of a part of `kind` as they were written; raises as `read` does."""
    data = checked(path, recorded, mend)
    try:
        # Not `read_table`: its threads may outlive it by a moment, and abort a process that ends then (arrow#34314).
        table = pq.ParquetFile(pa.BufferReader(data)).read(use_threads=False)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise PartError(f"{path}: is no parquet file ({error}); {MOVE_ASIDE}") from None
    _see_version(path, kind, table.schema.metadata or {})
    return table


def records(path: Path, kind: type[T], table: pa.Table) -> list[T]:
    """The records of `kind` in the rows of `table`, of any version of its format, which came from `path`.

    Raises PartError where it has columns that are not known, or values that are none of them.
    """
    try:
        return _records(kind, _named(path, kind, table))
    except (pa.ArrowException, ValueError, TypeError, KeyError) as error:
        raise PartError(f"{path}: cannot be read ({error}); {MOVE_ASIDE}") from None


def _see_version(path: Path, kind: type[Any], metadata: Mapping[bytes, bytes]) -> None:
    """Raise PartError where the part says that it is another, of another kind, or of a version to come."""
    form = part_format(kind)
    name = metadata.get(RECORD, form.name.encode()).decode()
    version = int(metadata.get(VERSION, b"1"))
    if name != form.name:
        raise PartError(f"{path}: holds {name}, not {form.name}; remedy: put back the part that belongs here")
    own = metadata.get(NAME, b"").decode("utf-8", "surrogateescape")
    if own and not path.as_posix().endswith(f"/{own}"):
        raise PartError(f"{path}: holds the part {own}; remedy: put back the part that belongs here")
    if version > form.version:
        raise PartError(
            f"{path}: is of version {version} of the format of {name}, and this factory knows {form.version}; "
            "remedy: a newer version of rollout-factory"
        )


def _named(path: Path, kind: type[Any], table: pa.Table) -> dict[str, pa.ChunkedArray]:
    """The columns of a part by the names of today. Raises PartError for unknown and missing ones."""
    columns, form = columns_of(kind), part_format(kind)
    names = [name if name in columns.by_name else form.renamed.get(name, name) for name in table.schema.names]
    unknown = [name for name in names if name not in columns.by_name]
    if unknown:
        raise PartError(
            f"{path}: has columns that {form.name} do not have in this version: {', '.join(unknown)}; "
            "remedy: the version of rollout-factory that wrote it"
        )
    missing = sorted(columns.required - set(names))
    if missing:
        raise PartError(
            f"{path}: has no {', '.join(missing)}, which {form.name} need; "
            "remedy: the version of rollout-factory that wrote it"
        )
    return dict(zip(names, table.columns, strict=True))


def _records(kind: type[T], arrays: Mapping[str, pa.ChunkedArray]) -> list[T]:
    columns, texts = columns_of(kind).by_name, part_format(kind).texts
    values: dict[str, Sequence[Any]] = {}
    for name, array in arrays.items():
        cells = array.to_pylist()
        if name in texts and pa.types.is_string(array.type) and not pa.types.is_string(columns[name].type):
            values[name] = [None if cell is None else texts[name](cell) for cell in cells]
        else:
            values[name] = columns[name].values(cells)
    names = tuple(values)
    rows = zip(*values.values(), strict=True)
    if issubclass(kind, BaseModel):
        return [kind.model_validate(dict(zip(names, row, strict=True))) for row in rows]
    return [kind(**dict(zip(names, row, strict=True))) for row in rows]

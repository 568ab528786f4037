"""Rows of files that others wrote: JSON lines, JSON, CSV or parquet, the texts also as .gz or .zst.

Promises: a stream (one line, or one batch of parquet rows, in memory at a time; a .json file is read whole), every row
with its place, and a row that cannot be read is reported, and those after it still come. A byte order mark, and files
that were put together of several, are no fault. Raises UnreadableFile where the file itself ends in damage.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from factory.records import bounds

SUFFIXES = (".jsonl", ".json", ".csv", ".parquet")
"""Kinds of files; all but the last also as .gz or .zst."""
_BOM = b"\xef\xbb\xbf"
_BATCH_ROWS = 64
_SHORTEN = "shorten its tests, or leave the row out"


class UnreadableFile(Exception):
    """A file that is not there, or is damaged; `no_file` tells which. The message does not name it."""

    def __init__(self, reason: str, *, no_file: bool = False) -> None:
        super().__init__(reason)
        self.no_file = no_file


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row: any JSON value, or a dict by column. `fault` says why there is none."""

    place: str
    """file:line, or file:number of the item or row, counted from 1."""
    data: Any = None
    fault: str = ""
    escaped: bool = False
    """Its text writes characters as \\ud800 to \\udfff, of which halves may be left over."""


def kind_of(path: Path) -> str:
    """Which of `SUFFIXES` the file has, or ""."""
    name = path.name.removesuffix(".gz").removesuffix(".zst")
    kind = next((suffix for suffix in SUFFIXES if name.endswith(suffix) and not name.startswith(".")), "")
    return "" if kind == ".parquet" and name != path.name else kind


def read(path: Path) -> Iterator[RawRow]:
    """The rows of a file, which is JSON lines if its name tells nothing. Raises UnreadableFile."""
    kind = kind_of(path)
    number: int | None = None
    try:
        if kind == ".parquet":
            yield from map(bounded, _parquet(path))
            return
        with _open(path) as stream:
            if kind == ".json":
                yield from map(bounded, _document(path, stream.read()))
            elif kind == ".csv":
                yield from map(bounded, _csv(path, stream))
            else:
                number = 0
                for number, (line, size) in enumerate(_lines(stream), 1):
                    if fault := bounds.refusal("holds", size, bounds.MAX_ROW, _SHORTEN, "bytes"):
                        yield RawRow(f"{path}:{number}", fault=fault)
                    else:
                        yield from _line(f"{path}:{number}", line)
    except FileNotFoundError:
        raise UnreadableFile("no such file", no_file=True) from None
    except (OSError, EOFError, zlib.error, pa.ArrowException, csv.Error, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        where = "" if number is None else f" after line {number}"
        raise UnreadableFile(f"cannot be read{where}: {(reason.splitlines() or [type(error).__name__])[0]}") from None


def bounded(row: RawRow) -> RawRow:
    """`row`, or its refusal where its texts are too long together. Of `{key: row}` each row is bounded by itself."""
    if any(by_key(row.data)):
        return row
    fault = bounds.refusal("holds", bounds.characters(row.data), bounds.MAX_ROW, _SHORTEN)
    return RawRow(row.place, fault=fault) if fault else row


def by_key(data: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows of `{key: row}`; none where `data` is something else, such as one row."""
    if isinstance(data, dict) and all(isinstance(row, dict) for row in data.values()):
        yield from data.items()


def _open(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return gzip.open(path)  # type: ignore[return-value]
    if path.suffix == ".zst":
        return io.BufferedReader(pa.input_stream(path, compression="zstd"))
    return path.open("rb")


def _lines(stream: IO[bytes]) -> Iterator[tuple[bytes, int]]:
    """(line, its size in bytes); of a line beyond the bound the rest is passed over, and is never held."""
    while line := stream.readline(bounds.MAX_ROW + 1):
        size, more = len(line), line
        while size > bounds.MAX_ROW and not more.endswith(b"\n") and (more := stream.readline(1 << 20)):
            size += len(more)
        yield line, size


def _line(place: str, line: bytes) -> Iterator[RawRow]:
    """The row of a line; several where files without an end of line were put together."""
    text = line.removeprefix(_BOM).strip()
    if not text:
        return
    row = _parsed(place, text)
    if not row.fault or b"}{" not in text.replace(_BOM, b""):
        yield row
        return
    decoder, rest, rows = json.JSONDecoder(), text.replace(_BOM, b"").decode("utf-8", "replace"), []
    try:
        while rest:
            data, end = decoder.raw_decode(rest)
            rows.append(RawRow(place, data, escaped=True))
            rest = rest[end:].lstrip()
    except (ValueError, RecursionError):
        yield row
        return
    yield from rows


def _document(path: Path, data: bytes) -> Iterator[RawRow]:
    """The items of a JSON array, or the one value of a JSON text; lines, where it is JSON lines by another name."""
    whole = _parsed(str(path), data.removeprefix(_BOM))
    if whole.fault and b"\n" in data.strip():
        rows = [row for number, line in enumerate(data.split(b"\n"), 1) for row in _line(f"{path}:{number}", line)]
        if not rows[0].fault and isinstance(rows[0].data, dict):
            yield from rows
            return
    if isinstance(whole.data, list):
        yield from (RawRow(f"{path}:{number}", one, "", whole.escaped) for number, one in enumerate(whole.data, 1))
    else:
        yield RawRow(f"{path}:1", whole.data, whole.fault, whole.escaped)


def _csv(path: Path, stream: IO[bytes]) -> Iterator[RawRow]:
    """Rows by the names in the first line, all of texts."""
    csv.field_size_limit(sys.maxsize)
    with io.TextIOWrapper(stream, "utf-8-sig", newline="") as text:
        reader = csv.DictReader(text)
        for row in reader:
            place = f"{path}:{reader.line_num}"
            if None in row or None in row.values():
                yield RawRow(
                    place, fault=f"has other columns than the {len(reader.fieldnames or ())} of the first line"
                )
            else:
                yield RawRow(place, dict(row))


def _parquet(path: Path) -> Iterator[RawRow]:
    number = 0
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=_BATCH_ROWS):
            for item in _of_batch(batch):
                number += 1
                where = f"{path}:{number}"
                yield RawRow(where, fault=item) if isinstance(item, str) else RawRow(where, item)


def _of_batch(batch: pa.RecordBatch) -> list[dict[str, Any] | str]:
    """The rows; for one with a date beyond the year 9999, or text that is not UTF-8, why there is none."""
    try:
        return list(batch.to_pylist())
    except (ValueError, OverflowError) as error:
        if batch.num_rows == 1:
            return [f"holds a value that cannot be read: {error}"]
    return [row for at in range(batch.num_rows) for row in _of_batch(batch.slice(at, 1))]


def _parsed(place: str, data: bytes) -> RawRow:
    try:
        return RawRow(place, json.loads(data.decode("utf-8")), escaped=b"\\ud" in data or b"\\uD" in data)
    except UnicodeDecodeError as error:
        return RawRow(place, fault=f"byte {data[error.start]:#04x} at {error.start} is not UTF-8")
    except json.JSONDecodeError as error:
        return RawRow(place, fault=f"is not JSON: {error.msg} (column {error.colno})")
    except (ValueError, RecursionError) as error:
        return RawRow(place, fault=f"is not JSON that can be read: {error}")

"""Reading rollouts that others recorded: JSON lines, JSON, parquet, or a directory of these.

Promises: a stream (one row, or one batch of parquet rows, in memory at a time; a `.json` array is
read whole), every row validated, and a RolloutError that names file, line, field, value and what
is allowed. Does not promise that indices are unique or complete; unknown fields are ignored.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from pydantic import ValidationError

from factory.errors import RolloutError
from factory.records import Rollout

SUFFIXES = (".jsonl", ".jsonl.gz", ".json", ".json.gz", ".parquet")
_BATCH_ROWS = 512


def read_rollouts(path: Path) -> Iterator[Rollout]:
    """Every rollout of `path`, in the file's order; of a directory, its files in order of name.

    Raises RolloutError at the first fault, and for a file without any rollout.
    """
    empty = True
    for file in _files(path):
        for place, row in _rows(file):
            empty = False
            yield _rollout(place, row)
    if empty:
        raise RolloutError(f"{path}: holds no rollouts; each is one JSON object a line, or a parquet row")


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        if not path.exists():
            raise RolloutError(f"{path}: no such file of rollouts")
        if not path.name.endswith(SUFFIXES):
            raise RolloutError(f"{path}: the name of a rollout file ends in one of {', '.join(SUFFIXES)}")
        return [path]
    files = sorted(file for file in path.rglob("*") if file.is_file() and file.name.endswith(SUFFIXES))
    if not files:
        raise RolloutError(f"{path}: no file in this directory ends in one of {', '.join(SUFFIXES)}")
    return files


def _rows(file: Path) -> Iterator[tuple[str, Any]]:
    """(place, row) of every row, the place as an error names it."""
    if file.name.endswith(".parquet"):
        return _parquet_rows(file)
    if file.name.endswith((".jsonl", ".jsonl.gz")):
        return _json_lines(file)
    return _json_array(file)


def _json_lines(file: Path) -> Iterator[tuple[str, Any]]:
    number = 0
    try:
        with _open(file) as stream:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    place = f"{file}:{number}"
                    yield place, _parsed(place, line)
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(file, error, f" after line {number}") from None


def _json_array(file: Path) -> Iterator[tuple[str, Any]]:
    try:
        with _open(file) as stream:
            rows = _parsed(str(file), stream.read())
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(file, error) from None
    if not isinstance(rows, list):
        raise RolloutError(f"{file}: holds {_kind(rows)}, not an array of rollouts; one object a line is .jsonl")
    for number, row in enumerate(rows, 1):
        yield f"{file}: item {number}", row


def _parquet_rows(file: Path) -> Iterator[tuple[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(file) as parquet:
            columns = [name for name in parquet.schema_arrow.names if name in Rollout.model_fields]
            number = 0
            for batch in parquet.iter_batches(batch_size=_BATCH_ROWS, columns=columns):
                for row in batch.to_pylist():
                    number += 1
                    yield f"{file}: row {number}", {key: value for key, value in row.items() if value is not None}
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(file, error) from None


def _open(file: Path) -> IO[bytes]:
    return gzip.open(file) if file.name.endswith(".gz") else file.open("rb")  # type: ignore[return-value]


def _parsed(place: str, data: bytes) -> Any:
    try:
        return json.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise RolloutError(f"{place}: byte {data[error.start]:#04x} at {error.start} is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise RolloutError(f"{place}: is not JSON: {error.msg} (column {error.colno})") from None
    except (ValueError, RecursionError) as error:
        raise RolloutError(f"{place}: is not JSON that can be read: {error}") from None


def _unreadable(file: Path, error: Exception, where: str = "") -> RolloutError:
    told = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return RolloutError(f"{file}: cannot be read{where}: {told.splitlines()[0] if told else type(error).__name__}")


def _rollout(place: str, row: Any) -> Rollout:
    if not isinstance(row, dict):
        wanted = "a rollout is an object with problem_id, index, text and mode"
        raise RolloutError(f"{place}: {_shown(row)} is {_kind(row)}; {wanted}")
    if isinstance(row.get("sampling"), str):  # parquet files often hold it as JSON text
        row = row | {"sampling": _parsed(f"{place}: sampling", row["sampling"].encode("utf-8", "surrogatepass"))}
    try:
        return Rollout.model_validate(row)
    except ValidationError as error:
        raise RolloutError("\n".join(_fault(place, item) for item in error.errors())) from None


def _fault(place: str, item: Any) -> str:
    field = ".".join(str(part) for part in item["loc"])
    if item["type"] == "missing":
        return f"{place}: {field}: is missing; a rollout has problem_id, index, text and mode"
    return f"{place}: {field}: {_shown(item['input'])}: {item['msg']}"


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 80 else text[:79] + "…"


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")

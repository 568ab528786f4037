"""Raw rows of problem sets, from wherever they lie: a file, a directory of files, a dataset of the hub.

Promises: rows come in the order of the set, each with its place, and one at a time where the file allows it; a row
that cannot be read is reported, and those after it still come. Raises ProblemError where
nothing can be read: no such file, damage in the middle of one, no such dataset.
"""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import pyarrow as pa
import pyarrow.parquet as pq

from factory.config import Source
from factory.errors import ProblemError

SUFFIXES = (".jsonl", ".json", ".parquet")
_STATEMENT = "question.txt"
_PARTS = {"input_output.json": "input_output", "solutions.json": "solutions", "starter_code.py": "starter_code"}
"""Files of a folder that is one problem, as APPS has them, and the columns that they are in its tables."""


_HALF = "holds half of a surrogate pair (\\ud800-\\udfff), which is no text"


@dataclass(frozen=True, slots=True)
class Row:
    """One raw row. `fault` says why it is none, when it is none."""

    place: str
    """file:line, file:row or dataset:row, counted from 1."""
    data: dict[str, Any]
    fault: str = ""


def rows(config: Source) -> Iterator[Row]:
    """The rows that a config names. Raises ProblemError."""
    if config.path is None:
        yield from _hub_rows(config)
        return
    folders = sorted(config.path.rglob(_STATEMENT)) if config.path.is_dir() else []
    if folders:
        yield from (_folder_row(file.parent) for file in folders)
        return
    for file in _files(config.path):
        yield from _parquet_rows(file) if file.suffix == ".parquet" else _json_rows(file)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.rglob("*") if _kind(file) and file.is_file())
    if not files:
        raise ProblemError(f"{path}: holds no file of problems ({', '.join(SUFFIXES)}; .gz, .zst)")
    return files


def _folder_row(folder: Path) -> Row:
    files = {_STATEMENT: "question", **_PARTS}
    try:
        data: dict[str, Any] = {
            column: (folder / name).read_text(encoding="utf-8")
            for name, column in files.items()
            if (folder / name).exists()
        }
        about = folder / "metadata.json"
        data |= json.loads(about.read_text(encoding="utf-8")) if about.exists() else {}
    except (OSError, ValueError, TypeError) as error:
        return Row(str(folder), {}, f"cannot be read: {error}")
    data = {"problem_id": folder.name, "solutions": "", **data}
    return Row(str(folder), data, _HALF if _half_pair(data) else "")


def _kind(path: Path) -> str:
    """Which of `SUFFIXES` the file has, or ""."""
    name = path.name.removesuffix(".gz").removesuffix(".zst")
    return next((suffix for suffix in SUFFIXES if name.endswith(suffix) and not name.startswith(".")), "")


def _json_rows(path: Path) -> Iterator[Row]:
    for number, text in _documents(path):
        place = f"{path}:{number}"
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            yield Row(place, {}, f"is not JSON: {error}; one problem is one JSON object on one line")
            continue
        if "\\ud" in text.lower() and _half_pair(data):
            yield Row(place, {}, _HALF)
            continue
        for item in data if isinstance(data, list) else [data]:
            if isinstance(item, dict):
                yield Row(place, item)
            else:
                yield Row(place, {}, f"is a JSON {type(item).__name__}, not an object")


def _half_pair(row: object) -> bool:
    try:
        json.dumps(row, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def _documents(path: Path) -> Iterator[tuple[int, str]]:
    """(line, JSON text) of each document: a line of JSON Lines, or the whole of a .json file."""
    try:
        with _open(path) as file:
            if _kind(path) == ".json":
                yield 1, file.read()
            else:
                yield from ((number, line) for number, line in enumerate(file, 1) if line.strip())
    except FileNotFoundError:
        raise ProblemError(f"{path}: no such problem file") from None
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise ProblemError(f"{path}: cannot be read: {error}") from None


def _open(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8")
    if path.suffix == ".zst":
        return io.TextIOWrapper(pa.input_stream(path, compression="zstd"), encoding="utf-8")
    return path.open(encoding="utf-8")


def _parquet_rows(path: Path) -> Iterator[Row]:
    number = 0
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=64):
                for item in batch.to_pylist():
                    number += 1
                    yield Row(f"{path}:{number}", item)
    except FileNotFoundError:
        raise ProblemError(f"{path}: no such problem file") from None
    except (OSError, pa.ArrowException) as error:
        raise ProblemError(f"{path}: cannot be read: {error}") from None


def _hub_rows(config: Source) -> Iterator[Row]:
    import datasets  # takes seconds, and most runs read files
    from huggingface_hub.errors import HfHubHTTPError

    name = f"{config.dataset}[{config.split}]"
    try:
        table = datasets.load_dataset(str(config.dataset), config.subset, split=config.split, revision=config.revision)
    except (OSError, ValueError, RuntimeError, HfHubHTTPError, datasets.exceptions.DatasetsError) as error:
        raise ProblemError(f"problems.dataset: {name}: cannot be loaded: {error}") from None
    for number, item in enumerate(table, 1):
        yield Row(f"{name}:{number}", dict(item))

"""Raw rows of problem sets, from wherever they lie: a file, a directory of files, a dataset of the hub.

Promises: rows come in the order of the set, each with its place, and one at a time where the file allows it; a row
that cannot be read is reported, and those after it still come. Raises ProblemError where
nothing can be read: no such file, damage in the middle of one, no such dataset.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from factory import environment, network
from factory.config import Source
from factory.errors import ProblemError
from factory.storage import inputs, raw_rows

_STATEMENT = "question.txt"
_PARTS = {"input_output.json": "input_output", "solutions.json": "solutions", "starter_code.py": "starter_code"}
"""Files of a folder that is one problem, as APPS has them, and the columns that they are in its tables."""


_HALF = "holds half of a surrogate pair (\\ud800-\\udfff), which is no text"


@dataclass(frozen=True, slots=True)
class Row:
    """One raw row. `fault` says why it could not be read, when it could not."""

    place: str
    """file:line, file:row or dataset:row, counted from 1."""
    data: dict[str, Any]
    fault: str = ""


def rows(config: Source) -> Iterator[Row]:
    """The rows that a config names. Raises ProblemError."""
    if config.path is None:
        yield from _hub_rows(config)
        return
    given = inputs.local(config.path)
    if not given.is_copy:
        yield from _local_rows(given.path)
        return
    try:
        for row in _local_rows(given.path):
            yield replace(row, place=given.named(row.place))
    except ProblemError as error:
        raise ProblemError(given.named(str(error))) from None


def _local_rows(path: Path) -> Iterator[Row]:
    folders = sorted(path.rglob(_STATEMENT)) if path.is_dir() else []
    if folders:
        yield from (_folder_row(file.parent) for file in folders)
        return
    for file in _files(path):
        yield from _file_rows(file)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.rglob("*") if raw_rows.kind_of(file) and file.is_file())
    if not files:
        raise ProblemError(f"{path}: holds no file of problems ({', '.join(raw_rows.SUFFIXES)}; .gz, .zst)")
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
    fault = raw_rows.bounded(raw_rows.RawRow(str(folder), data)).fault
    return Row(str(folder), data, fault or (_HALF if _half_pair(data) else ""))


def _file_rows(path: Path) -> Iterator[Row]:
    try:
        for row in raw_rows.read(path):
            keyed = [*raw_rows.by_key(row.data)]
            if not keyed:
                yield _row(row.place, row.data, row)
            for key, data in keyed:
                place = f"{row.place}: {key}"
                one = raw_rows.bounded(raw_rows.RawRow(place, _with_id(key, data), escaped=row.escaped))
                yield _row(place, one.data, one)
    except raw_rows.UnreadableFile as error:
        reason = "no such problem file" if error.no_file else str(error)
        raise ProblemError(f"{path}: {reason}") from None


def _row(place: str, data: Any, raw: raw_rows.RawRow) -> Row:
    if raw.fault:
        remedy = "; one problem is one JSON object on one line" if "JSON" in raw.fault else ""
        return Row(place, {}, raw.fault + remedy)
    if not isinstance(data, dict):
        return Row(place, {}, f"is a JSON {type(data).__name__}, not an object")
    return Row(place, {}, _HALF) if raw.escaped and _half_pair(data) else Row(place, data)


def _with_id(key: str, data: dict[str, Any]) -> dict[str, Any]:
    """A row of `{id: row}`, which need not hold its id."""
    name = "id" if {"cases", "test_code"} & data.keys() else "task_id"
    return data if name in data else {name: key, **data}


def _half_pair(row: object) -> bool:
    try:
        json.dumps(row, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def _hub_rows(config: Source) -> Iterator[Row]:
    environment.check_network()
    import datasets  # takes seconds, and most runs read files
    from huggingface_hub.errors import HfHubHTTPError

    name = f"{config.dataset}[{config.split}]"
    try:
        table = datasets.load_dataset(str(config.dataset), config.subset, split=config.split, revision=config.revision)
    except (OSError, ValueError, RuntimeError, HfHubHTTPError, datasets.exceptions.DatasetsError) as error:
        raise ProblemError(f"problems.dataset: {name}: cannot be loaded: {_why(error)}") from None
    for number, item in enumerate(table, 1):
        row = raw_rows.bounded(raw_rows.RawRow(f"{name}:{number}", dict(item)))
        yield Row(row.place, row.data or {}, row.fault)


def _why(error: Exception) -> str:
    """Why the hub gives no dataset: its client's words where they are of the dataset, else ours."""
    import datasets

    if isinstance(error, datasets.exceptions.DatasetNotFoundError):
        return "there is no such dataset, or HF_TOKEN holds no token that may read it"
    if network.is_from_network(error):
        return f"the hub does not give it: {network.reason(error)} (see HF_ENDPOINT, HF_TOKEN)"
    return network.words(str(error)) or type(error).__name__

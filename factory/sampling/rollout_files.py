"""Reading rollouts that others recorded: a file or directory of `factory.storage.raw_rows`, or EvalPlus's folders.

Promises: a stream; every row becomes rollouts (`rollout_forms` says which forms are known) or an `Unread` that names
file, line, field, value and what is allowed, and those after it still come; a rollout that does not say its index has
the next one of its problem; an index that is given twice is an error. Unknown fields are ignored. An answer that was
broken off or withheld is no rollout.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from factory import escape
from factory.errors import RolloutError
from factory.records import Rollout
from factory.records.bounds import MAX_RECORDED, refusal
from factory.sampling import positions, rollout_forms
from factory.sampling.engines.base import UnusableAnswer, check_end
from factory.storage import inputs, raw_rows

_WANTED = "a rollout has problem_id, index, text and mode"
_NEEDED = {name for name, field in Rollout.model_fields.items() if field.is_required()}
_OPTIONAL = Rollout.model_fields.keys() - _NEEDED
_SHAPE_ERRORS = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What a form raises, and what a field of another shape than its own leads to."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A row that is no rollout, and why."""

    place: str
    reason: str

    def __str__(self) -> str:
        return escape.line(f"{self.place}: {self.reason}")


def read_rollouts(
    place: Path | str,
    mapping: Mapping[str, str] | None = None,
    order: Sequence[str] = (),
    say: Callable[[str], None] = lambda _: None,
) -> Iterator[Rollout | Unread]:
    """Every rollout of a path or a URL, in the file's order; of a directory, its files in order of name.

    `mapping` gives the column of each field, for files of no known form; `order` and `say` are those of
    `positions.with_ids`. Raises RolloutError where an index is given twice, a file is damaged or goes by position and
    does not fit `order`, or no row is a rollout; of a URL also ConfigError and StoreError.
    """
    given = inputs.local(place)
    if not given.is_copy:
        yield from _read(given.path, mapping, order, say)
        return
    try:
        for one in _read(given.path, mapping, order, lambda text: say(given.named(text))):
            yield Unread(given.named(one.place), given.named(one.reason)) if isinstance(one, Unread) else one
    except RolloutError as error:
        raise RolloutError(given.named(str(error))) from None


def _read(
    path: Path, mapping: Mapping[str, str] | None, order: Sequence[str], say: Callable[[str], None]
) -> Iterator[Rollout | Unread]:
    numbers = _Numbers()
    first: Unread | None = None
    any_rollout = False
    for raw in _rows(path, order, say):
        try:
            for rollout in _rollouts(raw, mapping or {}, numbers):
                any_rollout = True
                yield _ended(rollout, raw.place)
        except _SHAPE_ERRORS as error:
            unread = Unread(
                raw.place, str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
            )
            first = first or unread
            yield unread
    if not any_rollout:
        message = (
            str(first) if first else f"{path}: holds no rollouts; each is one JSON object a line, or a parquet row"
        )
        raise RolloutError(message)


def _ended(rollout: Rollout, place: str) -> Rollout | Unread:
    """The rollout, unless its finish reason says that no model ended it."""
    try:
        check_end(rollout.finish_reason, rollout.text)
    except UnusableAnswer as fault:
        return Unread(place, f"index {rollout.index}: {fault}: no model is to blame, so it is not graded")
    return rollout


def _rows(path: Path, order: Sequence[str], say: Callable[[str], None]) -> Iterator[raw_rows.RawRow]:
    for file in _files(path):
        if file.suffix == ".py":  # EvalPlus: TASK_ID/INDEX.py, with "_" for "/"
            yield _program(file)
            continue
        try:
            for raw in positions.with_ids(file, raw_rows.read(file), order, say):
                yield from _by_key(raw)
        except raw_rows.UnreadableFile as error:
            raise RolloutError(f"{file}: {error}") from None


def _program(file: Path) -> raw_rows.RawRow:
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        return raw_rows.RawRow(str(file), fault=f"is not UTF-8: {error}")
    except OSError as error:
        raise RolloutError(f"{file}: cannot be read: {error.strerror}") from None
    row = {"problem_id": file.parent.name.replace("_", "/"), "text": text, "index": int(file.stem), "mode": "code"}
    return raw_rows.RawRow(str(file), row)


def _files(path: Path) -> list[Path]:
    suffixes = ", ".join(raw_rows.SUFFIXES)
    if not path.is_dir():
        if not path.exists():
            raise RolloutError(f"{path}: no such file of rollouts")
        if not raw_rows.kind_of(path):
            raise RolloutError(
                f"{path}: the name of a rollout file ends in one of {suffixes}, or these and .gz or .zst"
            )
        return [path]
    files = sorted(file for file in path.rglob("*") if file.is_file() and raw_rows.kind_of(file))
    programs = (file for file in path.glob("*/*.py") if file.stem.isdecimal() and file.is_file())
    files = files or sorted(programs, key=lambda file: (file.parent.name, int(file.stem)))
    if not files:
        raise RolloutError(f"{path}: no file in this directory ends in one of {suffixes}")
    return files


def _by_key(raw: raw_rows.RawRow) -> Iterator[raw_rows.RawRow]:
    """The rows of `{id: row}`; any other row is itself."""
    keyed = [*raw_rows.by_key(raw.data)]
    for key, data in keyed:
        named = data if "problem_id" in data else {"problem_id": key, **data}
        yield raw_rows.bounded(raw_rows.RawRow(f"{raw.place}: {key}", named))
    if not keyed:
        yield raw


def _rollouts(raw: raw_rows.RawRow, mapping: Mapping[str, str], numbers: _Numbers) -> list[Rollout]:
    """The rollouts of a row. Raises ValueError and the like, RolloutError where an index is given twice."""
    if raw.fault:
        raise ValueError(raw.fault)
    if not isinstance(raw.data, dict):
        raise ValueError(f"{_shown(raw.data)} is {_kind(raw.data)}; a rollout is an object: {_WANTED}")
    row = {name: value for name, value in raw.data.items() if value is not None or name in _NEEDED}
    row = {name: value for name, value in row.items() if value != "" or name not in _OPTIONAL}  # a cell of a table
    made = []
    for fields in rollout_forms.fields_of(row, mapping):
        if isinstance(fields.get("sampling"), str):  # parquet files often hold it as JSON text
            fields = fields | {"sampling": json.loads(fields["sampling"])}
        if isinstance(fields.get("problem_id"), int):
            fields = fields | {"problem_id": str(fields["problem_id"])}
        try:
            made.append(Rollout.model_validate({"index": 0, **fields}))
        except ValidationError as error:
            raise ValueError("; ".join(map(_fault, error.errors()))) from None
        for name in ("text", "reasoning"):
            text = getattr(made[-1], name) or ""
            if fault := refusal(f"{name}: {_shown(text[:40])}… holds", len(text), MAX_RECORDED, "leave the row out"):
                raise ValueError(fault)
        made[-1] = numbers.given(raw.place, made[-1], "index" in fields)
    return made


class _Numbers:
    """The indices given so far, by whose they are."""

    def __init__(self) -> None:
        self._given: dict[tuple[object, ...], set[int]] = {}

    def given(self, place: str, rollout: Rollout, has_index: bool) -> Rollout:
        """The rollout with its index, the next one if it has none. Raises RolloutError if it is given twice."""
        key = rollout.problem_id, rollout.language, rollout.parent, rollout.repair_of, rollout.generator, rollout.round
        known = self._given.setdefault(key, set())
        if not has_index:
            rollout = rollout.model_copy(update={"index": len(known)})
        if rollout.index in known:
            raise RolloutError(
                f"{place}: problem_id {rollout.problem_id!r}, index {rollout.index}: is there twice; "
                "an index is given once a problem, language and parent"
            )
        known.add(rollout.index)
        return rollout


def _fault(item: Any) -> str:
    field = ".".join(str(part) for part in item["loc"])
    if item["type"] == "missing":
        return f"{field}: is missing; {_WANTED}"
    return f"{field}: {_shown(item['input'])}: {item['msg']}"


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 80 else text[:79] + "…"


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")

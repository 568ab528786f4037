"""Rollouts without ids, which go by position: `generations.json` of bigcode-evaluation-harness.

One list of whole programs a problem, or one program alone, in the order of the set's rows; refused rows have their
place in it. Promises: where a file has another number of lists than the set has rows, nothing of it is read. Does not
promise that the file was made from that set, in that order: nothing in it says so. Texts are of mode `code`: that
harness puts prompt and completion together (`postprocess_generation`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from factory.errors import RolloutError
from factory.storage.raw_rows import RawRow

NO_PROBLEM = "the problem at its place in the set cannot be used"


def with_ids(path: Path, rows: Iterator[RawRow], order: Sequence[str], say: Callable[[str], None]) -> Iterator[RawRow]:
    """`rows` of the file at `path`; those that go by position as one row a text, with the id that `order` has there.

    `order` has the id of each row of the problem set, "" for a row without a usable id; without it, nothing goes
    by position. `say` gets a line that tells what belongs to what. Raises RolloutError where the numbers differ.
    """
    ahead: list[RawRow] = []
    for row in rows:
        ahead.append(row)
        if not row.fault:
            break
    if not order or not ahead or not _is_positional(ahead[-1].data):
        yield from ahead
        yield from rows
        return
    found = [*ahead, *rows]
    if len(found) != len(order):
        raise RolloutError(
            f"{path}: holds {len(found):,} lists of texts without ids, and {len(order):,} rows of the problem set were "
            "read: a list belongs to the row at its place, so there have to be as many; remedy: the whole set that the "
            "file was made from, in its order, without problems.limit"
        )
    say(f"{path}: goes by position: list 1 is of {order[0] or '?'!r}, list {len(order):,} of {order[-1] or '?'!r}")
    for row, problem_id in zip(found, order, strict=True):
        yield from _texts(row, problem_id)


def _is_positional(data: Any) -> bool:
    return isinstance(data, str) or (isinstance(data, list) and all(isinstance(text, str | None) for text in data))


def _texts(row: RawRow, problem_id: str) -> Iterator[RawRow]:
    texts = [row.data] if isinstance(row.data, str) else row.data
    if row.fault or not isinstance(texts, list):
        yield row
        return
    for number, text in enumerate(texts, 1):
        place = f"{row.place}, text {number}"
        if problem_id:
            yield RawRow(place, {"problem_id": problem_id, "text": text, "mode": "code"})
        else:
            yield RawRow(place, fault=NO_PROBLEM)

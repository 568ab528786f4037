"""Reading recorded rollouts: every format, and every fault told with its place."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from factory.errors import RolloutError
from factory.sampling.rollout_files import read_rollouts


def row(index: int = 0, **more: Any) -> dict[str, Any]:
    return {"problem_id": "a", "index": index, "text": "é\u2028\n", "mode": "chat", **more}


def lines(*rows: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in rows)


def test_every_format_gives_the_same_rollouts(tmp_path: Path) -> None:
    rows = [row(3, sampling={"temperature": 0.5}), row(1, language="go", parent="p")]
    (tmp_path / "r.jsonl").write_bytes(lines(*rows) + b"\n")
    (tmp_path / "r.jsonl.gz").write_bytes(gzip.compress(lines(*rows)))
    (tmp_path / "r.json").write_text(json.dumps(rows))
    table = [one | {"sampling": json.dumps(one["sampling"]) if "sampling" in one else None} for one in rows]
    pq.write_table(pa.Table.from_pylist(table, schema=_schema()), tmp_path / "r.parquet")
    expected = list(read_rollouts(tmp_path / "r.jsonl"))
    assert [(one.index, one.language, one.parent, one.text) for one in expected] == [
        (3, "python", None, "é\u2028\n"),
        (1, "go", "p", "é\u2028\n"),
    ]
    assert expected[0].sampling == {"temperature": 0.5}
    for name in ("r.jsonl.gz", "r.json", "r.parquet"):
        assert list(read_rollouts(tmp_path / name)) == expected, name


def _schema() -> pa.Schema:
    text = ("problem_id", "text", "mode", "sampling", "language", "parent", "unknown")
    return pa.schema([("index", pa.int64()), *((name, pa.string()) for name in text)])


def test_a_directory_is_read_file_by_file_in_order_of_name(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_bytes(lines(row(1)))
    (tmp_path / "a.jsonl").write_bytes(lines(row(0)))
    (tmp_path / "README.md").write_text("not one")
    assert [one.index for one in read_rollouts(tmp_path)] == [0, 1]


def test_unknown_fields_are_ignored(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(lines(row(prompt="whatever")))
    assert len(list(read_rollouts(path))) == 1


def test_rows_before_a_fault_are_given_first(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(lines(row()) + b"nonsense\n")
    rollouts = read_rollouts(path)
    assert next(rollouts).index == 0
    with pytest.raises(RolloutError, match=r"r\.jsonl:2: is not JSON"):
        next(rollouts)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (lines({"problem_id": "a", "index": 0, "text": "x"}), r"r\.jsonl:1: mode: is missing; .*index, text and mode"),
        (lines(row(-1)), r"r\.jsonl:1: index: -1: .*greater than or equal to 0"),
        (lines(row(mode="talk")), r"r\.jsonl:1: mode: \"talk\": .*'chat', 'completion' or 'code'"),
        (lines(row(text=None)), r"r\.jsonl:1: text: null: .*valid string"),
        (lines(row(), row(text=["x" * 200])), r"r\.jsonl:2: text: \[\"x{70,80}…: .*valid string"),
        (b'"a string"\n', r"r\.jsonl:1: \"a string\" is a string; a rollout is an object"),
        (b"{\n", r"r\.jsonl:1: is not JSON"),
        (b'{"problem_id": "\xff"}\n', r"r\.jsonl:1: byte 0xff at 16 is not UTF-8"),
        (b'{"a": ' * 5000 + b"\n", r"r\.jsonl:1: is not JSON that can be read"),
        (b"", r"r\.jsonl: holds no rollouts"),
    ],
)
def test_a_bad_line_is_told_with_file_line_field_and_value(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(content)
    with pytest.raises(RolloutError, match=told):
        list(read_rollouts(path))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("r.jsonl.gz", lines(row()), r"cannot be read after line 0: Not a gzipped file"),
        ("r.jsonl.gz", gzip.compress(lines(*map(row, range(2000))))[:-40], r"cannot be read after line \d+: "),
        ("r.parquet", b"PAR1 not really", r"r\.parquet: cannot be read: "),
        ("r.json", b"{}", r"r\.json: holds an object, not an array"),
        ("r.txt", b"", r"ends in one of \.jsonl, "),
        ("", b"", r"no such file"),
    ],
)
def test_a_file_that_is_none_is_told(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    path = tmp_path / (name or "missing.jsonl")
    if name:
        path.write_bytes(content)
    with pytest.raises(RolloutError, match=told):
        list(read_rollouts(path))

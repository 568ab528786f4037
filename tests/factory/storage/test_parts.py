"""Parts: whole or not there, the same bytes for the same records, damage found when it is read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import JsonValue

from factory.errors import PartError
from factory.records import (
    BenchmarkMatch,
    Case,
    Difference,
    Differential,
    Failure,
    Record,
    RejectedProgram,
    Review,
    Rollout,
    Status,
    Survivor,
    Verdict,
)
from factory.storage import files, parts

ROLLOUTS = [
    Rollout(problem_id="a/1", index=0, text="", mode="chat"),
    Rollout(
        problem_id="é", index=2**40, text="x\r\n\x00\u2028😀", mode="code", language="go", parent="p", model="m",
        sampling={},
        template="t", seed=-1, finish_reason="stop", prompt_tokens=0, completion_tokens=9, reasoning="", logprobs=[],
    ),
    Rollout(problem_id="b", index=1, text="y", mode="completion", sampling={"z": [1, None, {"k": 0.1}], "a": "é"},
            logprobs=[-0.5, float("-inf")]),
]  # fmt: skip
FAILURE = Failure(1, True, "1, 'é'", "2", "3")
CASE = '{"args": [1], "expected": 2}'
COMPARED = Differential(9, 1, 0, (Difference("range", CASE, "3"),), (CASE, CASE))
REVIEWS = [
    Review("a", "print", {}, {}),
    Review(
        "a",
        "print",
        {
            "z": RejectedProgram("derived", Status.WRONG_ANSWER, "why", FAILURE),
            "b": RejectedProgram("unstable", Status.FLAKY, ""),
        },
        {"y": "1", "x": "2"},
        (Case(args=[[1]], kwargs={"k": 1.5}, expected=None),),
        (Case(stdin="a", stdout="b", public=True),),
        kill_rate=0.5,
    ),
]
VERDICTS = [Verdict("a/1", index, "python", status) for index, status in enumerate(Status)] + [
    Verdict("a/1", 99, "go", Status.WRONG_ANSWER, "detail", ("one", "two: é"), 1, 2, FAILURE, 0.1, 0.2, 0.3,
            "code\n", "sha", "normal_form", 0),
    Verdict("a/1", 100, "go", Status.CONTAMINATED, contaminated_by=BenchmarkMatch("b", "b/1"), differential=COMPARED),
]  # fmt: skip
SURVIVORS = [
    Survivor("a/1", 0, "python", 0, "code", "sha", "normal_form", 1, 2, 0.1, 3.0),
    Survivor(
        "a/1", 1, "go", 1, "c", "s", "f", 1, 2, 0.1, 3.0, ("r",), "parent", "model", {"n": 1}, "template", COMPARED
    ),
]


@pytest.mark.parametrize(
    ("kind", "records"), [(Rollout, ROLLOUTS), (Verdict, VERDICTS), (Survivor, SURVIVORS), (Review, REVIEWS)]
)
def test_every_field_of_every_record_survives(tmp_path: Path, kind: type, records: list[Any]) -> None:
    path = tmp_path / "deep" / "down" / "p.parquet"
    parts.write(path, kind, records)
    back: list[Any] = parts.read(path, kind)
    assert back == records
    assert [[type(getattr(one, name)) for name in parts.schema_of(kind).names] for one in back] == [
        [type(getattr(one, name)) for name in parts.schema_of(kind).names] for one in records
    ]


@pytest.mark.parametrize("kind", [Rollout, Verdict, Survivor, Review])
def test_no_records_are_a_part_too(tmp_path: Path, kind: type) -> None:
    parts.write(tmp_path / "p.parquet", kind, [])
    assert parts.read(tmp_path / "p.parquet", kind) == []


@pytest.mark.parametrize(
    ("kind", "records"), [(Rollout, ROLLOUTS), (Verdict, VERDICTS), (Survivor, SURVIVORS), (Review, REVIEWS)]
)
def test_equal_records_give_equal_bytes(tmp_path: Path, kind: type, records: list[Any]) -> None:
    parts.write(tmp_path / "one.parquet", kind, records)
    parts.write(tmp_path / "two.parquet", kind, parts.read(tmp_path / "one.parquet", kind))
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


def test_the_order_of_a_dict_does_not_reach_the_bytes(tmp_path: Path) -> None:
    for name, sampling in (("one", {"a": 1, "b": 2}), ("two", {"b": 2, "a": 1})):
        record = Rollout(problem_id="a", index=0, text="", mode="chat", sampling=sampling)
        parts.write(tmp_path / name, Rollout, [record])
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_many_records_in_several_row_groups(tmp_path: Path) -> None:
    records = [Rollout(problem_id="a", index=n, text=f"text {n}", mode="chat") for n in range(20_000)]
    parts.write(tmp_path / "p.parquet", Rollout, records)
    assert parts.read(tmp_path / "p.parquet", Rollout) == records


def test_half_a_surrogate_pair_is_replaced_when_a_rollout_is_made_and_so_the_same_before_and_after(
    tmp_path: Path,
) -> None:
    record = Rollout(problem_id="a", index=0, text="a\ud800b \ud83d\ude00", mode="chat", reasoning="\udfff")
    assert (record.text, record.reasoning) == ("a\ufffdb 😀", "\ufffd")
    parts.write(tmp_path / "p.parquet", Rollout, [record])
    assert parts.read(tmp_path / "p.parquet", Rollout) == [record]


def test_half_a_surrogate_pair_in_a_detail_does_not_stop_a_verdict_from_being_written(tmp_path: Path) -> None:
    parts.write(tmp_path / "p.parquet", Verdict, [Verdict("a", 0, "python", Status.RUNTIME_ERROR, "x\ud800")])
    (back,) = parts.read(tmp_path / "p.parquet", Verdict)
    assert back.detail.startswith("x\ufffd")


def test_any_flipped_byte_is_found_and_the_part_named(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    parts.write(path, Verdict, VERDICTS)
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        with pytest.raises(PartError, match=r"p\.parquet: is damaged .*; remedy: move it aside, and run again"):
            parts.read(path, Verdict)
    path.write_bytes(whole)
    assert parts.read(path, Verdict) == VERDICTS


def test_a_damaged_or_missing_digest_is_found(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    parts.write(path, Verdict, VERDICTS)
    digest = files.digest_file(path)
    assert digest.read_text().split()[1] == "p.parquet"
    whole = digest.read_bytes()
    for data in (b"", b"\xe9", *(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in range(len(whole)))):
        digest.write_bytes(data)
        with pytest.raises(PartError, match=r"p\.parquet: is damaged"):
            parts.read(path, Verdict)
    digest.unlink()
    with pytest.raises(PartError, match=r"p\.parquet: is damaged"):
        parts.read(path, Verdict)


@pytest.mark.parametrize("size", [0, 1, 4, 100, -1, -8])
def test_a_part_that_was_cut_is_found(tmp_path: Path, size: int) -> None:
    path = tmp_path / "p.parquet"
    parts.write(path, Verdict, VERDICTS)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(PartError, match=r"p\.parquet: is damaged .*; remedy: move it aside, and run again"):
        parts.read(path, Verdict)


def test_a_part_of_another_kind_is_refused(tmp_path: Path) -> None:
    parts.write(tmp_path / "p.parquet", Verdict, VERDICTS)
    with pytest.raises(PartError, match=r"p\.parquet: holds verdicts, not rollouts"):
        parts.read(tmp_path / "p.parquet", Rollout)


def test_a_status_that_there_is_not_is_damage(tmp_path: Path) -> None:
    row = dict.fromkeys(parts.schema_of(Verdict).names) | {"status": "splendid", "import_fixes": [], "lint": []}
    data = parts.as_parquet(pa.Table.from_pylist([row], schema=parts.schema_of(Verdict)))
    files.put(tmp_path / "p.parquet", data)
    with pytest.raises(PartError, match="splendid"):
        parts.read(tmp_path / "p.parquet", Verdict)


def test_a_missing_part_is_named(tmp_path: Path) -> None:
    with pytest.raises(PartError, match=r"none\.parquet"):
        parts.read(tmp_path / "none.parquet", Verdict)


def test_a_write_that_fails_leaves_nothing_and_spoils_nothing(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    parts.write(path, Verdict, VERDICTS)
    before = path.read_bytes()

    def fail() -> None:
        with files.atomic(path) as temporary:
            temporary.write_bytes(b"half")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        fail()
    assert path.read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == ["p.parquet", "p.parquet.sha256"]


@pytest.mark.parametrize("renamed", [0, 1])
def test_a_kill_while_a_part_is_replaced_leaves_none_rather_than_one_that_looks_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, renamed: int
) -> None:
    path, replace = tmp_path / "p", Path.replace
    done: list[Any] = []
    files.put(path, b"old")

    def killed(source: Path, target: Path) -> Path:
        if len(done) == renamed:
            raise KeyboardInterrupt
        done.append(target)
        return replace(source, target)

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        files.put(path, b"new")
    assert not path.exists()
    monkeypatch.undo()
    files.put(path, b"new")
    assert files.checked(path) == b"new"


@pytest.mark.parametrize(("lasting", "due"), [(True, 3), (False, 1)])
def test_a_part_that_can_be_made_again_is_brought_to_the_disk_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lasting: bool, due: int
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    parts.write(tmp_path / "a.parquet", Rollout, [], lasting=lasting)
    assert len(synced) == due  # of the part, its sha256 and the folder
    assert parts.read(tmp_path / "a.parquet", Rollout) == []


def test_arrow_takes_series_of_pandas_as_ever_in_a_process_that_has_read_parts() -> None:
    """A gap in a series is null: not where arrow was kept from loading pandas."""
    pytest.importorskip("pandas")
    code = (
        "import factory.storage.parts\nimport pyarrow as pa\npa.array([1])\nimport pandas as pd\n"
        "assert pa.array(pd.Series([1.0, float('nan')])).null_count == 1"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_nothing_is_seen_under_the_name_before_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    with files.atomic(path) as temporary:
        temporary.write_bytes(b"half")
        assert not path.exists()
        assert not list(tmp_path.glob("*.parquet"))
    assert path.read_bytes() == b"half"


# ---- other versions ----


def put(path: Path, row: dict[str, Any], record: str = "", version: int = 0) -> None:
    """A part of one row as another version wrote it: by hand, and as it was before parts had a version."""
    schema = pa.Table.from_pylist([row]).schema
    if record:
        schema = schema.with_metadata({parts.RECORD: record, parts.VERSION: str(version)})
    files.put(path, parts.as_parquet(pa.Table.from_pylist([row], schema=schema)))


def test_a_part_says_what_it_holds_and_in_which_version(tmp_path: Path) -> None:
    parts.write(tmp_path / "p.parquet", Rollout, ROLLOUTS)
    metadata = pq.ParquetFile(tmp_path / "p.parquet").metadata.metadata
    assert (metadata[parts.RECORD], metadata[parts.VERSION]) == (b"rollouts", b"2")


def test_a_column_that_a_part_was_written_without_takes_its_default(tmp_path: Path) -> None:
    put(tmp_path / "r.parquet", {"problem_id": "a", "index": 3, "text": "x", "mode": "chat"})
    assert parts.read(tmp_path / "r.parquet", Rollout) == [Rollout(problem_id="a", index=3, text="x", mode="chat")]
    put(tmp_path / "v.parquet", {"problem_id": "a", "index": 3, "language": "go", "status": "timeout"})
    assert parts.read(tmp_path / "v.parquet", Verdict) == [Verdict("a", 3, "go", Status.TIMEOUT)]


def test_a_column_that_has_no_default_is_missed_by_name(tmp_path: Path) -> None:
    put(tmp_path / "p.parquet", {"problem_id": "a", "text": "x", "mode": "chat"})
    with pytest.raises(PartError, match=r"p\.parquet: has no index, which rollouts need; remedy: the version"):
        parts.read(tmp_path / "p.parquet", Rollout)


def test_columns_are_read_under_the_names_that_they_have_now(tmp_path: Path) -> None:
    known = {"problem_id": "a", "index": 3, "language": "go"}
    path = tmp_path / "p.parquet"
    put(path, {**known, "status": "passed", "repairs": ["a: added"], "findings": ["line 1: b"], "form": "f",
               "scrutiny": "derived"})  # fmt: skip
    assert parts.read(path, Verdict) == [
        Verdict("a", 3, "go", Status.PASSED, import_fixes=("a: added",), lint=("line 1: b",), normal_form="f",
                review="derived")
    ]  # fmt: skip
    put(path, {"problem_id": "a", "index": 3, "text": "x", "mode": "chat", "mends": "sha"})
    assert parts.read(path, Rollout)[0].repair_of == "sha"


def test_columns_that_held_json_text_are_read_as_the_records_of_today(tmp_path: Path) -> None:
    failure = {"case": 1, "public": True, "input": "1, 'é'", "got": "2", "expected": "3"}
    decided = [{"label": "range", "args": [1], "expected": 2, "got": "3"}]
    inputs = [{"args": [1], "expected": 2}, {"args": [1], "expected": 2}]
    compared = json.dumps({"compared": 9, "range": 1, "rounding": 0, "decided": decided, "inputs": inputs})
    path = tmp_path / "p.parquet"
    put(path, {"problem_id": "a", "index": 3, "language": "go", "status": "contaminated", "differential": compared,
               "first_failure": json.dumps(failure), "repeats": '["b", "b/1"]'})  # fmt: skip
    assert parts.read(path, Verdict) == [
        Verdict("a", 3, "go", Status.CONTAMINATED, differential=COMPARED, first_failure=FAILURE,
                contaminated_by=BenchmarkMatch("b", "b/1"))
    ]  # fmt: skip
    (survivor,) = SURVIVORS[1:]
    row = {name: getattr(survivor, name) for name in parts.schema_of(Survivor).names if name != "repair_of"}
    put(path, row | {"sampling": '{"n": 1}', "differential": compared, "mends": None})
    assert parts.read(path, Survivor) == [survivor]
    derived = {"by": "derived", "status": "wrong_answer", "detail": "why", "first_failure": json.dumps(failure)}
    unstable = {"by": "unstable", "status": "flaky", "detail": "", "first_failure": None}
    put(path, {"problem_id": "a", "fingerprint": "print", "fallen": json.dumps({"z": derived, "b": unstable}),
               "standing": '{"y": "1", "x": "2"}',
               "harvested": '[{"args": [[1]], "kwargs": {"k": 1.5}, "expected": null}]',
               "derived": '[{"stdin": "a", "stdout": "b", "public": true}]', "kill_rate": 0.5})  # fmt: skip
    assert parts.read(path, Review) == REVIEWS[1:]


@pytest.mark.parametrize("record", ["", "rollouts"])
def test_columns_that_nobody_knows_are_named_and_nothing_is_to_be_deleted(tmp_path: Path, record: str) -> None:
    row = {"problem_id": "a", "index": 3, "text": "x", "mode": "chat", "colour": "red", "size": 1}
    put(tmp_path / "p.parquet", row, record, version=2)
    with pytest.raises(PartError, match=r"p\.parquet: has columns .*: colour, size; remedy: the version") as caught:
        parts.read(tmp_path / "p.parquet", Rollout)
    assert "delete" not in str(caught.value)


def test_a_part_of_a_version_to_come_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "p.parquet", {"problem_id": "a", "index": 3, "text": "x", "mode": "chat"}, "rollouts", version=99)
    with pytest.raises(PartError, match=r"is of version 99 of the format of rollouts, .*remedy: a newer version"):
        parts.read(tmp_path / "p.parquet", Rollout)


# ---- records within records ----


class Colour(StrEnum):
    RED = "red"


class Open(Record):
    anything: JsonValue = None


@dataclass(frozen=True, slots=True)
class Inner:
    name: str
    size: int = 7
    colour: Colour | None = None


@dataclass(frozen=True, slots=True)
class Outer:
    one: Inner | None
    many: tuple[Inner, ...] = ()
    by_name: dict[str, Inner] = field(default_factory=dict)
    numbers: dict[str, float] = field(default_factory=dict)
    loose: dict[str, JsonValue] | None = None
    values: tuple[Open, ...] = ()


OUTER = [
    Outer(None),
    Outer(
        Inner("a", 1, Colour.RED), (Inner("b"), Inner("c")), {"y": Inner("d"), "x": Inner("é")}, {"b": 0.5, "a": 1.0},
        {"z": [1, "x", None]}, (Open(anything={"b": 1, "a": [None, 2.5]}), Open()),
    ),
]  # fmt: skip


def test_records_within_records_survive(tmp_path: Path) -> None:
    parts.write(tmp_path / "p.parquet", Outer, OUTER)
    back = parts.read(tmp_path / "p.parquet", Outer)
    assert back == OUTER
    assert isinstance(back[1].by_name["x"], Inner)
    assert back[1].one is not None
    assert back[1].one.colour is Colour.RED
    types = {name: str(parts.schema_of(Outer).field(name).type) for name in ("one", "by_name", "loose", "values")}
    assert types["one"] == "struct<name: string, size: int64, colour: string>"
    assert types["by_name"].startswith("map<string, struct<name")
    assert (types["loose"], types["values"]) == ("string", "list<item: string>")


def test_equal_nested_records_give_equal_bytes_whatever_the_order_of_their_keys(tmp_path: Path) -> None:
    turned = [replace(one, by_name=dict(reversed(one.by_name.items()))) for one in OUTER]
    assert turned == OUTER
    parts.write(tmp_path / "one", Outer, OUTER)
    parts.write(tmp_path / "two", Outer, turned)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_nested_record_that_was_written_without_a_field_takes_its_default(tmp_path: Path) -> None:
    put(tmp_path / "p.parquet", {"one": {"name": "a"}})
    assert parts.read(tmp_path / "p.parquet", Outer) == [Outer(Inner("a", 7))]


def test_a_nested_field_that_nobody_knows_is_named(tmp_path: Path) -> None:
    put(tmp_path / "p.parquet", {"one": {"name": "a", "weight": 3}})
    with pytest.raises(PartError, match=r"p\.parquet: cannot be read .*'weight'"):
        parts.read(tmp_path / "p.parquet", Outer)


def test_half_a_surrogate_pair_within_a_record_does_not_stop_it_from_being_written(tmp_path: Path) -> None:
    parts.write(tmp_path / "p.parquet", Outer, [Outer(Inner("x\ud800"), by_name={"\ud800": Inner("y")})])
    (back,) = parts.read(tmp_path / "p.parquet", Outer)
    assert back.one is not None
    assert back.one.name.startswith("x\ufffd")


def test_a_field_that_no_column_can_hold_is_named() -> None:
    @dataclass(frozen=True)
    class Wrong:
        either: int | str

    with pytest.raises(TypeError, match=r"Wrong\.either: .* has no column"):
        parts.schema_of(Wrong)


def test_annotations_are_evaluated_once_a_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts.write(tmp_path / "p.parquet", Outer, OUTER)

    def again(*_: object) -> None:
        raise AssertionError("the annotations of a known class were evaluated again")

    monkeypatch.setattr(typing, "get_type_hints", again)
    parts.write(tmp_path / "q.parquet", Outer, OUTER)
    assert parts.read(tmp_path / "q.parquet", Outer) == OUTER

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
from factory.records import Rollout
from factory.sampling.rollout_files import Unread, read_rollouts


def read(path: Path, **mapping: str) -> list[Rollout]:
    return [one for one in read_rollouts(path, mapping) if isinstance(one, Rollout)]


def unread(path: Path, **mapping: str) -> list[str]:
    return [one.reason for one in read_rollouts(path, mapping) if isinstance(one, Unread)]


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
    expected = read(tmp_path / "r.jsonl")
    assert [(one.index, one.language, one.parent, one.text) for one in expected] == [
        (3, "python", None, "é\u2028\n"),
        (1, "go", "p", "é\u2028\n"),
    ]
    assert expected[0].sampling == {"temperature": 0.5}
    for name in ("r.jsonl.gz", "r.json", "r.parquet"):
        assert read(tmp_path / name) == expected, name


def _schema() -> pa.Schema:
    text = ("problem_id", "text", "mode", "sampling", "language", "parent", "unknown")
    return pa.schema([("index", pa.int64()), *((name, pa.string()) for name in text)])


def test_a_directory_is_read_file_by_file_in_order_of_name(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_bytes(lines(row(1)))
    (tmp_path / "a.jsonl").write_bytes(lines(row(0)))
    (tmp_path / "README.md").write_text("not one")
    assert [one.index for one in read(tmp_path)] == [0, 1]


def test_unknown_fields_are_ignored(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(lines(row(prompt="whatever")))
    assert len(list(read_rollouts(path))) == 1


def test_a_row_that_is_none_costs_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(lines(row()) + b"nonsense\n" + lines(row(1, text=None), row(2))[:-1] + b"\n" + lines(row(3))[:-9])
    assert [one.index for one in read(path)] == [0, 2]
    assert [reason.split(":")[0] for reason in unread(path)] == ["is not JSON", "text", "is not JSON"]
    assert str(next(one for one in read_rollouts(path) if isinstance(one, Unread))).startswith(f"{path}:2: is not")


def test_an_index_that_is_given_twice_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(lines(row(0), row(0, language="go"), row(0, problem_id="b"), row(0, text="another")))
    with pytest.raises(RolloutError, match=r"r\.jsonl:4: problem_id 'a', index 0: is there twice"):
        read(path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (lines({"problem_id": "a", "index": 0, "text": "x"}), r"r\.jsonl:1: mode: is missing; .*index, text and mode"),
        (lines(row(-1)), r"r\.jsonl:1: index: -1: .*greater than or equal to 0"),
        (lines(row(mode="talk")), r"r\.jsonl:1: mode: \"talk\": .*'chat', 'completion' or 'code'"),
        (lines(row(text=None)), r"r\.jsonl:1: text: null: .*valid string"),
        (lines(row(text=["x" * 200])), r"r\.jsonl:1: text: \[\"x{70,80}…: .*valid string"),
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
        ("r.json", b"{}", r"r\.json:1: problem_id: is missing"),
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


# ---- forms of others ----

BATCH = {
    "id": "batch_req_1",
    "custom_id": "a",
    "response": {
        "status_code": 200,
        "request_id": "r",
        "body": {
            "object": "chat.completion",
            "model": "m",
            "choices": [
                {"index": 0, "message": {"role": "assistant", "content": "one", "reasoning_content": "hm"}},
                {"index": 1, "message": {"role": "assistant", "content": "two"}, "finish_reason": "length"},
            ],
            "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
        },
    },
    "error": None,
}
CHAT = [{"role": "user", "content": "?"}, {"role": "assistant", "content": "one"}]
FORMS: dict[str, tuple[list[dict[str, Any]], list[tuple[str, int, str, str]]]] = {
    "human-eval": (
        [{"task_id": "HumanEval/0", "completion": text} for text in ("    one", "    two")],
        [("HumanEval/0", 0, "    one", "completion"), ("HumanEval/0", 1, "    two", "completion")],
    ),
    "human-eval, graded": (
        [{"task_id": "HumanEval/0", "completion": "one", "result": "passed", "passed": True, "completion_id": 0}],
        [("HumanEval/0", 0, "one", "completion")],
    ),
    "EvalPlus": (
        [{"task_id": "Mbpp/2", "solution": "one", "_identifier": "Mbpp/2_0"}],
        [("Mbpp/2", 0, "one", "code")],
    ),
    "LiveCodeBench": (
        [{"question_id": "abc301_a", "code_list": ["one", "two"], "output_list": ["```one```", "```two```"]}],
        [("livecodebench/abc301_a", 0, "one", "code"), ("livecodebench/abc301_a", 1, "two", "code")],
    ),
    "OpenAI batch": ([BATCH], [("a", 0, "one", "chat"), ("a", 1, "two", "chat")]),
    "messages": (
        [{"problem_id": "a", "messages": CHAT}, {"task_id": 7, "messages": json.dumps(CHAT)}],
        [("a", 0, "one", "chat"), ("7", 0, "one", "chat")],
    ),
    "own, without index": (
        [{"problem_id": name, "text": "x", "mode": "code"} for name in "aba"],
        [("a", 0, "x", "code"), ("b", 0, "x", "code"), ("a", 1, "x", "code")],
    ),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("suffix", ["jsonl", "json"])
def test_sample_files_of_others_are_rollouts(tmp_path: Path, form: str, suffix: str) -> None:
    rows, expected = FORMS[form]
    path = tmp_path / f"samples.{suffix}"
    path.write_bytes(lines(*rows) if suffix == "jsonl" else json.dumps(rows, indent=1).encode())
    assert [(one.problem_id, one.index, one.text, one.mode) for one in read(path)] == expected


def test_what_a_batch_tells_beside_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    failed = BATCH | {"custom_id": "b", "response": {"status_code": 429, "body": {}}}
    path.write_bytes(lines(BATCH, failed, BATCH | {"custom_id": "c", "response": None, "error": {"code": "expired"}}))
    first, second = read(path)
    assert (first.model, first.reasoning, first.prompt_tokens) == ("m", "hm", None)
    assert second.finish_reason == "length"
    assert [reason.partition("failed: ")[2][:9] for reason in unread(path)] == ['{"status_', '{"code": ']


def test_folders_of_evalplus_are_rollouts(tmp_path: Path) -> None:
    for name in ("HumanEval_0/0.py", "HumanEval_0/10.py", "HumanEval_0/2.py", "HumanEval_1/0.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    found = [(one.problem_id, one.index, one.mode) for one in read(tmp_path)]
    assert found == [("HumanEval/0", n, "code") for n in (0, 2, 10)] + [("HumanEval/1", 0, "code")]


def test_a_program_of_evalplus_that_is_no_text_costs_only_itself(tmp_path: Path) -> None:
    (tmp_path / "HumanEval_0").mkdir()
    (tmp_path / "HumanEval_0" / "0.py").write_bytes(b"x = '\xff'")
    (tmp_path / "HumanEval_0" / "1.py").write_text("x = 1")
    (tmp_path / "HumanEval_0" / "2.py").mkdir()
    assert [one.index for one in read(tmp_path)] == [1]
    assert "is not UTF-8" in unread(tmp_path)[0]


NO_TEXT = pa.Array.from_buffers(
    pa.string(), 2, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0\2\0\0\0"), pa.py_buffer(b"a\xff")]
)
ODD_COLUMNS = {
    "a date": pa.array([0, 10**8], pa.int32()).view(pa.date32()),
    "a time": pa.array([0, 2**62], pa.int64()).view(pa.timestamp("us")),
    "a duration": pa.array([0, 2**62], pa.int64()).view(pa.duration("ms")),
    "bytes": NO_TEXT,
}


@pytest.mark.parametrize("name", ODD_COLUMNS)
def test_a_parquet_value_that_python_cannot_hold_costs_only_its_row(tmp_path: Path, name: str) -> None:
    table = pa.Table.from_pylist([row(0), row(1)]).append_column("of", ODD_COLUMNS[name])
    pq.write_table(table, tmp_path / "r.parquet")
    assert [one.index for one in read(tmp_path / "r.parquet")] == [0]
    assert "holds a value that cannot be read" in unread(tmp_path / "r.parquet")[0]


def test_rows_by_their_id_are_rollouts(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text(json.dumps({"a": {"text": "one", "mode": "code"}, "b": {"messages": CHAT}}))
    assert [(one.problem_id, one.text, one.mode) for one in read(path)] == [("a", "one", "code"), ("b", "one", "chat")]


def test_csv_is_read_by_the_names_in_its_first_line(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(
        b'\xef\xbb\xbfproblem_id,index,mode,text,prompt_tokens\r\na,3,code,"def f():\r\n    return ""1"", 2\r\n",\r\n'
        b"a,4,code\r\na,5,code,x,12\r\n"
    )
    first, second = read(path)
    assert (first.index, first.text, first.prompt_tokens) == (3, 'def f():\r\n    return "1", 2\r\n', None)
    assert (second.index, second.prompt_tokens) == (5, 12)
    assert unread(path) == ["has other columns than the 5 of the first line"]


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + lines(row(0), row(1)),
        lines(row(0)) + b"\xef\xbb\xbf" + lines(row(1)),
        lines(row(0))[:-1] + lines(row(1)),
        lines(row(0))[:-1] + b"\xef\xbb\xbf" + lines(row(1)),
    ],
)
def test_files_put_together_of_several_are_read_as_one(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "r.jsonl").write_bytes(data)
    half = data.index(b"}") + 1
    (tmp_path / "r.jsonl.gz").write_bytes(gzip.compress(data[:half]) + gzip.compress(data[half:]))
    for name in ("r.jsonl", "r.jsonl.gz"):
        assert [one.index for one in read(tmp_path / name)] == [0, 1]
        assert not unread(tmp_path / name)


def test_columns_that_a_mapping_names(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(
        lines(
            {"task": {"name": "a"}, "answers": ["one", "two"]},
            {"task": json.dumps({"name": "b"}), "answers": CHAT},
            {"task": {}, "answers": "x"},
        )
    )
    mapping = {"problem_id": "task.name", "text": "answers", "mode": "chat"}
    found = [(one.problem_id, one.index, one.text) for one in read(path, **mapping)]
    assert found == [("a", 0, "one"), ("a", 1, "two"), ("b", 0, "one")]
    assert unread(path, **mapping) == ["task.name: no such column (mapping.problem_id)"]


@pytest.mark.parametrize(
    ("messages", "told"),
    [([{"role": "user", "content": "?"}], "the last is of 'user'"), ([], "no list of messages"), ("{", "is not JSON")],
)
def test_a_chat_without_an_answer_is_none(tmp_path: Path, messages: Any, told: str) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(lines(row(), {"problem_id": "a", "messages": messages}))
    (reason,) = unread(path)
    assert told in reason


def test_an_answer_that_was_broken_off_is_no_rollout(tmp_path: Path) -> None:
    reasons = ["stop", "abort", "content_filter", None]
    rows = [
        {"problem_id": "p", "mode": "chat", "text": "t", "index": at, "finish_reason": it}
        for at, it in enumerate(reasons)
    ]
    path = tmp_path / "r.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = list(read_rollouts(path))
    assert [one.index for one in found if isinstance(one, Rollout)] == [0, 3]
    unread = [str(one) for one in found if not isinstance(one, Rollout)]
    assert [line.partition(":2: ")[2] or line.partition(":3: ")[2] for line in unread] == [
        "index 1: broken off: finish_reason 'abort': no model is to blame, so it is not graded",
        "index 2: withheld by a filter: finish_reason 'content_filter': no model is to blame, so it is not graded",
    ]


# ---- by position ----

ORDER = ("s/0", "", "s/2")


@pytest.mark.parametrize(
    ("suffix", "content"),
    [
        ("json", json.dumps([["one", "two"], ["x"], ["three"]])),
        ("json", json.dumps([["one", "two"], [], "three"])),
        ("json.gz", json.dumps([["one", "two"], "x", ["three"]])),
        ("jsonl", '["one", "two"]\n["x"]\n["three"]\n'),
    ],
)
def test_lists_of_texts_go_by_the_order_of_the_set(tmp_path: Path, suffix: str, content: str) -> None:
    path = tmp_path / f"generations.{suffix}"
    path.write_bytes(gzip.compress(content.encode()) if suffix.endswith("gz") else content.encode())
    said: list[str] = []
    found = [one for one in read_rollouts(path, order=ORDER, say=said.append) if isinstance(one, Rollout)]
    assert [(one.problem_id, one.index, one.text, one.mode) for one in found] == [
        ("s/0", 0, "one", "code"),
        ("s/0", 1, "two", "code"),
        ("s/2", 0, "three", "code"),
    ]
    assert said == [f"{path}: goes by position: list 1 is of 's/0', list 3 of 's/2'"]


def test_single_texts_go_by_the_order_of_the_set_too(tmp_path: Path) -> None:
    path = tmp_path / "generations.json"
    path.write_text('["one", "two", "three"]')
    found = list(read_rollouts(path, order=ORDER))
    assert [(one.problem_id, one.text) for one in found if isinstance(one, Rollout)] == [
        ("s/0", "one"),
        ("s/2", "three"),
    ]
    assert [str(one) for one in found if isinstance(one, Unread)] == [
        f"{path}:2, text 1: the problem at its place in the set cannot be used"
    ]


@pytest.mark.parametrize("content", ['[["one"], ["two"]]', '["one", "two", "x", "y"]', '[["one", "two", "x"]]'])
def test_another_number_of_lists_than_the_set_has_rows_is_an_error(tmp_path: Path, content: str) -> None:
    path = tmp_path / "generations.json"
    path.write_text(content)
    rows = len(json.loads(content))
    with pytest.raises(RolloutError, match=rf"holds {rows} lists of texts without ids, and 3 rows of the problem set"):
        next(iter(read_rollouts(path, order=ORDER)))


def test_a_list_that_holds_other_things_costs_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "generations.json"
    path.write_text('[["one", null], {"text": "x"}, ["two", 3]]')
    found = list(read_rollouts(path, order=("a", "b", "c")))
    assert [(one.problem_id, one.text) for one in found if isinstance(one, Rollout)] == [("a", "one"), ("c", "two")]
    places = [str(one).split(": ")[0] for one in found if isinstance(one, Unread)]
    assert places == [f"{path}:1, text 2", f"{path}:2", f"{path}:3, text 2"]


def test_without_a_set_nothing_goes_by_position(tmp_path: Path) -> None:
    path = tmp_path / "generations.json"
    path.write_text('[["one"], ["two"]]')
    with pytest.raises(RolloutError, match="is an array; a rollout is an object"):
        read(path)

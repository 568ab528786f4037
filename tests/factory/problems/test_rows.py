"""Where rows come from: every kind of file, directories, datasets."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from factory.config import ProblemsConfig
from factory.errors import ProblemError
from factory.problems import Loaded, read
from factory.problems.rows import rows

ROWS: list[dict[str, Any]] = [{"id": f"p/{n}", "tests": {"input": [str(n)], "output": ["ä"]}} for n in range(3)]


def lines(data: list[dict[str, Any]] = ROWS) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in data).encode()


def data_of(**config: Any) -> list[dict[str, Any]]:
    return [row.data for row in rows(ProblemsConfig(**config))]


def zstd(path: Path, data: bytes) -> Path:
    with pa.output_stream(path, compression="zstd") as stream:
        stream.write(data)
    return path


def test_parquet_and_zstd_hold_the_same_rows(tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "p.parquet")
    assert data_of(path=tmp_path / "p.parquet") == ROWS
    assert data_of(path=zstd(tmp_path / "p.jsonl.zst", lines())) == ROWS
    assert data_of(path=zstd(tmp_path / "p.json.zst", json.dumps(ROWS).encode())) == ROWS
    places = [row.place for row in rows(ProblemsConfig(path=tmp_path / "p.parquet"))]
    assert places == [f"{tmp_path}/p.parquet:{n}" for n in (1, 2, 3)]


def test_a_directory_is_read_file_by_file_in_order_of_name(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "1.jsonl").write_bytes(lines(ROWS[1:2]))
    (tmp_path / "a.jsonl").write_bytes(lines(ROWS[:1]))
    pq.write_table(pa.Table.from_pylist(ROWS[2:]), tmp_path / "c.parquet")
    (tmp_path / "README.md").write_text("no problem")
    (tmp_path / ".hidden.jsonl").write_text("no problem")
    assert data_of(path=tmp_path) == ROWS


def test_a_directory_of_folders_that_are_one_problem_each(tmp_path: Path) -> None:
    for name in ("0001", "0000"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "question.txt").write_text("Echo.")
        (tmp_path / name / "input_output.json").write_text('{"inputs": ["a"], "outputs": ["a"]}')
    (tmp_path / "0000" / "solutions.json").write_text('["print(input())"]')
    (tmp_path / "0000" / "metadata.json").write_text('{"difficulty": "interview"}')
    (tmp_path / "0001" / "metadata.json").write_text("{")
    good, bad = rows(ProblemsConfig(path=tmp_path))
    (found,) = [one for one in read(ProblemsConfig(path=tmp_path)) if isinstance(one, Loaded)]
    assert (found.problem.id, found.problem.meta.difficulty) == ("apps/0000", "interview")
    assert (found.place, bad.place) == (good.place, str(tmp_path / "0001"))
    assert bad.fault.startswith("cannot be read: ")


def test_files_that_are_damaged(tmp_path: Path) -> None:
    (tmp_path / "p.parquet").write_bytes(b"PAR1 no more")
    whole = zstd(tmp_path / "whole.jsonl.zst", lines() * 1000).read_bytes()
    (tmp_path / "cut.jsonl.zst").write_bytes(whole[:-20])
    (tmp_path / "bad.jsonl.zst").write_bytes(b"no zstd")
    for name in ("p.parquet", "cut.jsonl.zst", "bad.jsonl.zst"):
        with pytest.raises(ProblemError, match=f"{name}: cannot be read(?: after line \\d+)?: "):
            data_of(path=tmp_path / name)
    with pytest.raises(ProblemError, match=r"none\.parquet: no such problem file"):
        data_of(path=tmp_path / "none.parquet")


def test_a_dataset_with_its_split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    place = tmp_path / "set"
    place.mkdir()
    pq.write_table(pa.Table.from_pylist(ROWS[:2]), place / "train-00000-of-00001.parquet")
    pq.write_table(pa.Table.from_pylist(ROWS[2:]), place / "test-00000-of-00001.parquet")
    assert data_of(dataset=str(place)) == ROWS[2:]
    assert data_of(dataset=str(place), split="train") == ROWS[:2]
    (first, _) = rows(ProblemsConfig(dataset=str(place), split="train"))
    assert first.place == f"{place}[train]:1"
    with pytest.raises(ProblemError, match=r"problems\.dataset: .*set\[other\]: cannot be loaded"):
        data_of(dataset=str(place), split="other")
    with pytest.raises(ProblemError, match=r"problems\.dataset: .*none\[test\]: cannot be loaded"):
        data_of(dataset=str(tmp_path / "none"))


KEY = "Zq7planted0secret9Xw"


def test_a_hub_that_gives_no_dataset_is_told_of_in_our_words_and_without_its_key() -> None:
    """In a process of its own: the client reads where the hub is when it is imported, and prints its own warnings."""
    with http.server.HTTPServer(("127.0.0.1", 0), Failing) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        env = os.environ | {"HF_ENDPOINT": f"http://me:{KEY}@127.0.0.1:{server.server_port}"}
        command = [sys.executable, "-m", "factory", "problems", "--dataset", "some/data"]
        done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
        server.shutdown()
    begins = "error: problems.dataset: some/data[test]: cannot be loaded: the hub does not give it: "
    assert f"{begins}status 418" in done.stderr
    assert KEY not in done.stdout + done.stderr
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)


class Failing(http.server.BaseHTTPRequestHandler):
    """A hub that is in trouble."""

    def do_GET(self) -> None:
        self.send_error(418)

    do_POST = do_HEAD = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Says nothing."""

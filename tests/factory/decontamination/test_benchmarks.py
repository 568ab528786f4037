"""Benchmarks: prompt and solutions of every row, whatever its form, or an error that names the place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from factory.config import Benchmark, DecontaminationConfig, validate
from factory.config.filters import KNOWN_BENCHMARKS
from factory.decontamination.benchmarks import MOST_SOLUTIONS, read
from factory.errors import ConfigError
from factory.records import BenchmarkProblem

HUMANEVAL = {"task_id": "HumanEval/3", "prompt": "def f(x):\n", "canonical_solution": "    return x\n", "test": None}
MBPP = {"task_id": 11, "text": "Write it.", "code": "def f(): 1", "test_list": ["assert not python"]}
APPS = {"problem_id": 5, "question": "Read n.", "solutions": '["a = 1", "b = 2"]', "input_output": "{"}
CONTESTS = {"name": "1_A", "description": "Add.", "solutions": {"language": [3], "solution": ["print(1)"]}}
LEETCODE = {"task_id": "two-sum", "prompt": "import math", "problem_description": "Two.", "completion": "class S: 1"}


def written(tmp_path: Path, *rows: Any, name: str = "b.jsonl") -> Path:
    path = tmp_path / name
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def found(path: Path, **settings: Any) -> list[BenchmarkProblem]:
    return list(read(Benchmark(name="b", path=path, **settings)))


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (HUMANEVAL, ("HumanEval/3", "def f(x):\n", ("    return x\n",))),
        (MBPP, ("b/11", "Write it.", ("def f(): 1",))),
        (APPS, ("b/5", "Read n.", ("a = 1", "b = 2"))),
        (CONTESTS, ("b/1_A", "Add.", ("print(1)",))),
        (LEETCODE, ("b/two-sum", "Two.", ("class S: 1",))),
        ({"id": "x/1", "prompt": "P", "reference": None}, ("x/1", "P", ())),
        ({"text": "A text."}, ("b/1", "A text.", ())),
        ({"content": "P", "code": "[x for x in y]"}, ("b/1", "P", ("[x for x in y]",))),
    ],
)
def test_a_row_of_any_format_gives_prompt_and_solutions(
    tmp_path: Path, row: dict[str, Any], told: tuple[str, str, tuple[str, ...]]
) -> None:
    assert found(written(tmp_path, row)) == [BenchmarkProblem("b", *told)]


def test_a_text_file_is_one_text_and_parquet_is_read(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("one\ntwo\n")
    assert found(tmp_path / "notes.txt") == [BenchmarkProblem("b", "b/notes", "one\ntwo\n")]
    pq.write_table(pa.table({"text": ["T"]}), tmp_path / "b.parquet")
    assert found(tmp_path / "b.parquet") == [BenchmarkProblem("b", "b/1", "T")]


def test_columns_may_have_names_of_their_own(tmp_path: Path) -> None:
    path = written(tmp_path, {"key": 7, "aufgabe": "P", "loesung": "S", "text": "no"})
    mapping = {"id": "key", "prompt": "aufgabe", "solution": "loesung"}
    assert found(path, mapping=mapping) == [BenchmarkProblem("b", "b/7", "P", ("S",))]


def test_only_the_first_solutions_of_many_are_taken(tmp_path: Path) -> None:
    path = written(tmp_path, APPS | {"solutions": json.dumps([str(n) for n in range(50)])})
    assert len(found(path)[0].solutions) == MOST_SOLUTIONS


def test_a_benchmark_may_be_cut_by_date(tmp_path: Path) -> None:
    days = ["2024-03-01T00:00:00", "2024-03-02", "2024-03-03"]
    path = written(tmp_path, *({"question_id": day[:10], "question_content": "Q", "contest_date": day} for day in days))
    assert [one.id for one in found(path, since="2024-03-02")] == ["b/2024-03-02", "b/2024-03-03"]
    assert [one.id for one in found(path, until="2024-03-02")] == ["b/2024-03-01", "b/2024-03-02"]
    assert len(found(path)) == 3


@pytest.mark.parametrize(
    ("rows", "settings", "told"),
    [
        ((), {}, "b.jsonl: holds no problem"),
        ((HUMANEVAL, "{"), {}, "b.jsonl:2: is not JSON"),
        (
            ({"a": 1, "b": 2},),
            {},
            r"b.jsonl:1: has no text in problem_description or .* \(its columns: a, b\); name the",
        ),
        ((HUMANEVAL,), {"mapping": {"tests": "test"}}, "mapping.tests: no such field; there are: id, prompt, solution"),
        ((HUMANEVAL,), {"since": "2024-01-01"}, "b.jsonl:1: contest_date or date: None is no date such as 2024-05-31"),
    ],
)
def test_what_cannot_be_read_is_wrong_input(
    tmp_path: Path, rows: tuple[Any, ...], settings: dict[str, Any], told: str
) -> None:
    path = written(tmp_path, *rows)
    with pytest.raises(ConfigError, match=r"^decontamination\.benchmarks: b: .*" + told):
        found(path, **settings)


def test_a_file_that_is_not_there_is_wrong_input(tmp_path: Path) -> None:
    for name in ("none.jsonl", "none.txt"):
        with pytest.raises(ConfigError, match=f"decontamination.benchmarks: b: .*{name}"):
            found(tmp_path / name)


def test_a_known_name_is_enough_and_a_path_goes_before_it() -> None:
    for name in KNOWN_BENCHMARKS:
        assert Benchmark.model_validate({"name": name}).dataset == KNOWN_BENCHMARKS[name]["dataset"]
    apps = Benchmark.model_validate({"name": "apps", "revision": "abc"})
    assert (apps.subset, apps.split, apps.revision) == ("all", "test", "abc")
    assert Benchmark(name="humaneval", path=Path("p")).dataset is None
    assert Benchmark.model_validate_json(apps.model_dump_json()) == apps
    with pytest.raises(ConfigError, match=r"benchmarks.0: .*'other' is not known; name its path or dataset, or"):
        validate(DecontaminationConfig, {"benchmarks": [{"name": "other"}]}, "decontamination")

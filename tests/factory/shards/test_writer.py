"""Shards: the same bytes for the same survivors, loadable by `datasets`, and nothing measured in them unasked."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from datasets import load_dataset

from factory.config import Config
from factory.records import Difference, Differential, Problem, ProblemOutcome, Status, Survivor, Verdict, sha256
from factory.records.base import plain
from factory.records.summary import Cost, Summary
from factory.report.counts import language_summary
from factory.report.funnel import tally
from factory.selection.select import select
from factory.shards import write
from factory.shards.manifest import LeftOut

CASES = [
    {"args": [1], "expected": {"$": "tuple", "v": [2]}, "public": True},
    {"args": [2], "kwargs": {"k": 1}, "expected": None},
]
PROBLEMS = [
    Problem.model_validate(
        {
            "id": f"set/{n}", "prompt": f"Task {n}: é?\n", "entry_point": "f", "cases": CASES, "limits": {"cpu_s": 2},
            "meta": {"source": "here", "license": ("MIT", "Apache-2.0")[n % 2], "difficulty": "easy"},
        }
    )
    for n in range(3)
]  # fmt: skip
SCRIPT = Problem.model_validate(
    {"id": "set/9", "prompt": "Read.", "entry_point": None, "cases": [{"stdin": "a\n", "stdout": "b\n"}]}
)


@pytest.fixture(autouse=True)
def version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("factory.shards.writer.__version__", "1.2.3")


def survivor(problem: Problem, language: str = "python", rank: int = 0, **fields: Any) -> Survivor:
    code = f"def f(x):\n    return {rank}  # {problem.id} {language}\n"
    return Survivor(
        problem.id, 7, language, rank, code, sha256(code), "normal_form", 2, 2, 1.5 + rank, 9.5,
        **({"model": "m", "sampling": {"n": 4}, "template": "t" * 64} | fields),
    )  # fmt: skip


def kept() -> list[ProblemOutcome]:
    found = []
    for problem in [*PROBLEMS, SCRIPT]:
        first = survivor(problem, import_fixes=("import added: math",), lint=("line 1: x",), repair_of="another")
        go = survivor(problem, "go", parent=first.code_sha256)
        found.append(ProblemOutcome(problem, (first, go, survivor(problem, rank=1))))
    return found


def config(**sections: Any) -> Config:
    base = {"name": "test", "problems": {"path": "p"}, "engine": {"kind": "replay", "path": "r"}}
    return Config.model_validate(base | sections)


def summary(gpu_s: float = 123.456) -> Summary:
    verdicts = [
        Verdict("set/0", 0, "python", Status.PASSED, normal_form="a", cpu_ms=3.0, lint=("line 1: x",)),
        Verdict("set/0", 1, "python", Status.TIMEOUT),
    ]
    selection = select(verdicts, config().rank)
    python = language_summary({"set/0": tally(verdicts, len(selection.kept), selection.dropped)})
    return Summary("test", 1, {"python": python, "go": language_summary({})}, cost=Cost(gpu_s=gpu_s))


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def rows_of(folder: Path, language: str) -> list[dict[str, Any]]:
    return [row for path in sorted((folder / "data").glob(f"{language}-*")) for row in pq.read_table(path).to_pylist()]


def loaded(folder: Path, tmp_path: Path, *name: str) -> Any:
    return load_dataset(str(folder), *name, split="train", cache_dir=str(tmp_path / "cache"))


def test_the_same_survivors_give_the_same_bytes_in_every_file(tmp_path: Path) -> None:
    one = write(tmp_path / "one", config(), kept(), summary())
    other = write(tmp_path / "two", config(), kept(), summary(1.0))
    assert one == other
    assert bytes_of(tmp_path / "one") == bytes_of(tmp_path / "two")


def test_what_was_measured_does_not_reach_the_bytes(tmp_path: Path) -> None:
    again = [
        replace(one, survivors=tuple(replace(survivor, cpu_ms=99.0, peak_mb=1.0) for survivor in one.survivors))
        for one in kept()
    ]
    write(tmp_path / "one", config(), kept(), summary())
    write(tmp_path / "two", config(executor={"workers": 7}, run_dir="elsewhere"), again, summary())
    assert bytes_of(tmp_path / "one") == bytes_of(tmp_path / "two")
    assert not {"cpu_ms", "peak_mb", "wall_ms"} & set(rows_of(tmp_path / "one", "python")[0])


def test_evidence_is_added_when_asked_for_and_the_manifest_says_so(tmp_path: Path) -> None:
    manifest = write(tmp_path / "s", config(shards={"evidence": True}), kept(), summary())
    assert manifest.varies_from_run_to_run == ["shards.evidence"]
    assert [row["cpu_ms"] for row in rows_of(tmp_path / "s", "python")[:2]] == [1.5, 2.5]
    assert manifest.schema["cpu_ms"] == "double"
    ranked = write(tmp_path / "s", config(rank={"by": ["cpu"]}), kept(), summary())
    assert ranked.varies_from_run_to_run == ["rank.by: cpu"]
    assert write(tmp_path / "s", config(), kept(), summary()).varies_from_run_to_run == []


def test_a_translation_tells_how_many_inputs_it_was_compared_on(tmp_path: Path) -> None:
    compared = Differential(64, 3, 0, (Difference("range", '{"args": [1], "expected": 1}', "2"),), left_out=2)
    python, go = survivor(PROBLEMS[0]), survivor(PROBLEMS[0], "go", differential=compared, speedup=2.5)
    write(tmp_path / "s", config(shards={"evidence": True}), [ProblemOutcome(PROBLEMS[0], (python, go))], summary())
    (row,) = rows_of(tmp_path / "s", "go")
    assert json.loads(row["differential"]) == {"compared": 64, "range": 3, "rounding": 0, "left_out": 2}
    assert row["go_speedup"] == 2.5
    (row,) = rows_of(tmp_path / "s", "python")
    assert (row["differential"], row["go_speedup"]) == (None, None)
    write(tmp_path / "bare", config(), [ProblemOutcome(PROBLEMS[0], (go,))], summary())
    assert "go_speedup" not in rows_of(tmp_path / "bare", "go")[0]


def test_the_manifest_has_every_file_with_its_sum(tmp_path: Path) -> None:
    manifest = write(tmp_path / "s", config(shards={"rows": 3}), kept(), summary())
    assert json.loads((tmp_path / "s" / "manifest.json").read_text()) == plain(manifest)
    numbers = [item.path.rpartition("-")[0] for item in manifest.files]
    assert numbers == [
        "data/go-train-00000", "data/go-train-00001",
        "data/python-train-00000", "data/python-train-00001", "data/python-train-00002",
    ]  # fmt: skip
    for item in manifest.files:
        assert item.path.endswith(f"-{item.sha256[:12]}.parquet")
        data = (tmp_path / "s" / item.path).read_bytes()
        assert (item.sha256, item.bytes) == (hashlib.sha256(data).hexdigest(), len(data))
        assert pq.read_table(tmp_path / "s" / item.path).num_rows == item.rows <= 3
    assert manifest.rows == sum(item.rows for item in manifest.files) == 12
    assert (manifest.models, manifest.licenses, manifest.factory_version) == (
        ["m"],
        ["Apache-2.0", "MIT"],
        "1.2.3",
    )


def test_the_manifest_names_the_code_that_made_it(tmp_path: Path) -> None:
    manifest = write(tmp_path / "s", config(), kept(), summary())
    root = Path(__file__).parents[3]
    listed = ""
    for package in ("factory", "sandbox"):
        for path in sorted((root / package).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                listed += f"{path.relative_to(root)} {hashlib.sha256(path.read_bytes()).hexdigest()}\n"
    assert manifest.code_sha256 == sha256(listed)


def test_the_number_of_rows_a_file_does_not_change_the_rows(tmp_path: Path) -> None:
    write(tmp_path / "one", config(), kept(), summary())
    write(tmp_path / "two", config(shards={"rows": 1}), kept(), summary())
    for language in ("python", "go"):
        assert rows_of(tmp_path / "one", language) == rows_of(tmp_path / "two", language)


def test_a_row_has_all_that_is_needed_to_verify_it_again(tmp_path: Path) -> None:
    write(tmp_path / "s", config(), kept(), summary())
    row = rows_of(tmp_path / "s", "python")[0]
    assert json.loads(row["cases"]) == CASES
    assert json.loads(row["comparison"])["kind"] == "equal"
    assert json.loads(row["limits"]) == config().limits.model_dump() | {"cpu_s": 2.0}
    assert json.loads(row["sampling"]) == {"n": 4}
    assert (row["id"], row["status"], row["entry_point"]) == (f"set/0/python/{row['code_sha256'][:12]}", "passed", "f")
    assert (row["source"], row["license"], row["difficulty"]) == ("here", "MIT", "easy")
    assert (row["import_fixes"], row["rollout_index"], row["rank"]) == (["import added: math"], 7, 0)
    assert (row["lint"], row["repair_of_sha256"]) == (["line 1: x"], "another")
    assert row["code_sha256"] == sha256(row["code"])
    script = rows_of(tmp_path / "s", "python")[-1]
    assert (script["entry_point"], json.loads(script["cases"])) == (None, [{"stdin": "a\n", "stdout": "b\n"}])


def test_a_translation_names_its_parent_and_its_language(tmp_path: Path) -> None:
    write(tmp_path / "s", config(), kept(), summary())
    python, go = rows_of(tmp_path / "s", "python")[0], rows_of(tmp_path / "s", "go")[0]
    assert (python["parent_sha256"], go["parent_sha256"]) == (None, python["code_sha256"])
    told = "Task 0: é?\n\nExamples{}:\n```python\nf(1) == (2,)\n```\n\nWrite the {} function `f`."
    assert python["messages"][0] == {"role": "user", "content": told.format("", "Python")}
    assert go["messages"][0]["content"] == told.format(", in Python", "Go")
    assert go["messages"][1] == {"role": "assistant", "content": f"```go\n{go['code'].rstrip()}\n```"}


def test_a_program_with_fences_in_it_is_fenced_by_longer_ones(tmp_path: Path) -> None:
    code = 'def f():\n    """\n    ```\n    ````\n    """\n'
    write(
        tmp_path / "s", config(), [ProblemOutcome(PROBLEMS[0], (replace(survivor(PROBLEMS[0]), code=code),))], summary()
    )
    answer = rows_of(tmp_path / "s", "python")[0]["messages"][1]["content"]
    assert answer.startswith("`````python\n")
    assert answer.endswith("\n`````")


def test_datasets_loads_all_or_one_language(tmp_path: Path) -> None:
    write(tmp_path / "s", config(shards={"rows": 5}), kept(), summary())
    everything = loaded(tmp_path / "s", tmp_path)
    assert everything.num_rows == 12
    assert set(everything["language"]) == {"python", "go"}
    assert loaded(tmp_path / "s", tmp_path, "go").num_rows == 4
    python = loaded(tmp_path / "s", tmp_path, "python")
    assert python.num_rows == 8
    assert python[0]["messages"][0]["role"] == "user"
    assert json.loads(python[0]["cases"]) == CASES


def test_two_exports_are_not_taken_for_one_another_by_the_cache(tmp_path: Path) -> None:
    """`datasets` caches by folder name and card: two runs' shards of the same shape must not share an entry."""
    write(tmp_path / "one" / "s", config(), kept(), summary())
    write(tmp_path / "two" / "s", config(), kept()[:1], summary())
    assert loaded(tmp_path / "one" / "s", tmp_path, "python").num_rows == 8
    assert loaded(tmp_path / "two" / "s", tmp_path, "python").num_rows == 2


def test_no_survivors_are_no_file_since_datasets_refuses_one_without_rows(tmp_path: Path) -> None:
    manifest = write(tmp_path / "s", config(), [], summary())
    assert (manifest.rows, manifest.files) == (0, [])
    assert sorted(bytes_of(tmp_path / "s")) == ["README.md", "SHA256SUMS", "manifest.json"]
    assert "there is nothing to load" in (tmp_path / "s" / "README.md").read_text()


def test_a_language_without_rows_does_not_keep_others_from_loading(tmp_path: Path) -> None:
    write(tmp_path / "s", config(), [ProblemOutcome(PROBLEMS[0], (survivor(PROBLEMS[0], "go"),))], summary())
    assert [row["language"] for row in loaded(tmp_path / "s", tmp_path)] == ["go"]


def test_a_new_export_replaces_the_old_as_a_whole(tmp_path: Path) -> None:
    write(tmp_path / "s", config(shards={"rows": 1}), kept(), summary())
    (tmp_path / "s" / "stray.txt").write_text("old")
    manifest = write(tmp_path / "s", config(), kept()[:1], summary())
    paths = [item.path for item in manifest.files]
    assert sorted(bytes_of(tmp_path / "s")) == ["README.md", "SHA256SUMS", *paths, "manifest.json"]
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


def test_an_export_that_fails_leaves_the_old(tmp_path: Path) -> None:
    write(tmp_path / "s", config(), kept(), summary())
    before = bytes_of(tmp_path / "s")

    def failing() -> Any:
        yield from kept()[:2]
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write(tmp_path / "s", config(shards={"rows": 1}), failing(), summary())
    assert bytes_of(tmp_path / "s") == before
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


def test_the_card_tells_counts_licenses_and_how_to_load(tmp_path: Path) -> None:
    manifest = write(tmp_path / "s", config(), kept(), summary())
    text = (tmp_path / "s" / "README.md").read_text()
    head = yaml.safe_load(text.split("---\n")[1])
    assert [item["config_name"] for item in head["configs"]] == ["default", "go", "python"]
    assert "12 programs (4 in Go, 8 in Python)" in text
    assert "Apache-2.0, MIT" in text
    assert manifest.config_sha256 in text
    assert "| sampled | 2 |" in text
    assert "pass@1 0.500" in text
    assert "A static check found something in 1 of those that pass (`lint`)." in text
    assert "Problems and programs were not compared with any benchmark" in text
    assert not re.search(r"(?<![0-9a-f])123(?![0-9a-f])", text), (
        "what was measured has no place in it; a digest may hold it"
    )


def test_what_is_left_out_is_counted_and_takes_no_place_in_a_split(tmp_path: Path) -> None:
    first, *others = kept()
    gone = replace(first, survivors=(), left_out=tuple((one, "near_duplicate") for one in first.survivors))
    manifest = write(tmp_path / "s", config(), [gone, *others], summary())
    assert manifest.left_out == [
        LeftOut("go", "near_duplicate", 1),
        LeftOut("python", "near_duplicate", 2),
    ]
    assert manifest.splits.problems == {"train": 3}
    assert manifest.rows == 9
    assert "or more: 3 programs." in (tmp_path / "s" / "README.md").read_text()


@pytest.mark.parametrize(
    ("sections", "told"),
    [
        ({}, "with 5 CPU-seconds, 30 seconds on the clock,\n512 MiB"),
        ({"limits": {"cpu_s": "auto"}}, "with ten times the CPU time of a right program, 30 seconds"),
        ({}, "behind a wall (docker or bubblewrap, whichever the machine had; `sandbox.isolation: fork`)"),
        (
            {"sandbox": {"backend": "bubblewrap", "isolation": "namespace"}},
            "(bubblewrap; `sandbox.isolation: namespace`)",
        ),
        ({"sandbox": {"backend": "docker", "runtime": "runsc"}}, "(docker with runsc; `sandbox.isolation: fork`)"),
        ({"sampling": {"n": 7}}, "Asked for: up to 7 recorded rollouts a problem;"),
        (
            {"sampling": {"n": 7, "temperature": 0.5}, "engine": {"kind": "vllm", "model": "m"}},
            "Asked for: 7 rollouts a problem at temperature 0.5;",
        ),
        ({"translate": {"n": 3, "survivors": 2}}, "; 3 translations into Go of each of the 2 best survivors."),
        ({"translate": {"differential": 9}}, "on up to\n9 generated inputs besides"),
    ],
)
def test_the_card_tells_how_programs_were_made_and_run(tmp_path: Path, sections: dict[str, Any], told: str) -> None:
    write(tmp_path / "s", config(**sections), kept(), summary())
    assert told in (tmp_path / "s" / "README.md").read_text()


def test_the_configs_sum_changes_with_what_changes_the_data_only(tmp_path: Path) -> None:
    def sum_of(**sections: Any) -> str:
        return str(write(tmp_path / "s", config(**sections), [], summary()).config_sha256)

    assert (
        sum_of()
        == sum_of(executor={"workers": 3})
        == sum_of(shards={"rows": 9})
        == sum_of(run_dir="x")
        == sum_of(name="other")
    )
    assert len({sum_of(), sum_of(sampling={"n": 9}), sum_of(limits={"cpu_s": 9})}) == 3

"""Planted leaks and copies through the whole way: caught in every place, the same after a resume, and told."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from datasets import load_dataset

Factory = Callable[..., subprocess.CompletedProcess[str]]
PROMPT = '''def longest_plateau(heights):
    """ Return the length of the longest stretch of neighbouring heights that are all the same,
    or zero where no heights are given.
    """
'''
SOLUTION = """    best = run = 0
    before = None
    for height in heights:
        run = run + 1 if height == before else 1
        best = max(best, run)
        before = height
    return best
"""
LEAKED = """
def plateau(rows):
    top = now = 0   # mine
    last = None
    for row in rows:
        now = (now+1) if row == last else 1
        top = max(top, now); last = row
    return top
"""
SAME = LEAKED.replace("top", "most")
HONEST = """
from itertools import groupby

def plateau(rows):
    return max((sum(1 for _ in same) for _, same in groupby(rows)), default=0)
"""
GO = """
func {name}(heights []int) int {{
	best, run := 0, 0
	for i := range heights {{
		if i > 0 && heights[i] == heights[i-1] {{
			run++
		}} else {{
			run = 1
		}}
		if run > best {{
			best = run
		}}
	}}
	return best
}}
"""
GO_LEAKED = "package main\n" + GO.format(name="plateau").replace("run++", "run += 1")
GO_HONEST = """package main

func plateau(rows []int) int {
	longest := 0
	for from := 0; from < len(rows); {
		to := from
		for to < len(rows) && rows[to] == rows[from] {
			to++
		}
		longest = max(longest, to-from)
		from = to
	}
	return longest
}
"""
COUNT = """
def count_vowels(text):
    vowels = set("aeiou")
    found = 0
    for letter in text.lower():
        if letter in vowels:
            found += 1
    return found
"""
COPIED = COUNT.replace("count_vowels", "how_many").replace("found", "total").replace("vowels", "wanted")
GO_COUNT = """package main

import "strings"

func {name}(text string) int {{
	found := 0
	for _, letter := range strings.ToLower(text) {{
		if strings.ContainsRune("aeiou", letter) {{
			found++
		}}
	}}
	return found
}}
"""
BENCHMARK = [
    {"task_id": "Mine/0", "prompt": PROMPT, "canonical_solution": SOLUTION, "test": "cannot be used"},
    {"task_id": "Mine/1", "prompt": "See above, in Go.", "canonical_solution": GO.format(name="longestPlateau")},
]
PLATEAUS = [
    {"args": [given], "expected": wanted} for given, wanted in (([1, 1, 2], 2), ([], 0), ([3], 1), ([1, 2, 2, 2], 3))
]
VOWELS = [{"args": [given], "expected": wanted} for given, wanted in (("Aha", 2), ("", 0), ("xyz", 0), ("queue", 4))]
PROBLEMS = [
    {"id": "set/0", "prompt": f"Hello!\n{PROMPT}", "entry_point": "longest_plateau", "cases": PLATEAUS},
    {"id": "set/1", "prompt": "How long is the largest plateau?", "entry_point": "plateau", "cases": PLATEAUS},
    {"id": "set/2", "prompt": "Count vowels.", "entry_point": "count_vowels", "cases": VOWELS},
    {"id": "set/3", "prompt": "How many vowels?", "entry_point": "how_many", "cases": VOWELS},
]
PYTHON = {"set/0": [HONEST], "set/1": [LEAKED, HONEST, SAME], "set/2": [COUNT], "set/3": [COPIED]}
TRANSLATED = {
    "set/1": [GO_LEAKED, GO_HONEST],
    "set/2": [GO_COUNT.format(name="countVowels")],
    "set/3": [GO_COUNT.format(name="howMany")],
}


def lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def bytes_of(run: Path) -> dict[str, str]:
    files = [run / "summary.json", *(path for path in (run / "shards").rglob("*") if path.is_file())]
    return {str(path.relative_to(run)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def summary_of(run: Path) -> dict[str, Any]:
    summary: dict[str, Any] = json.loads((run / "summary.json").read_text())
    return summary


def shipped(run: Path, name: str = "programs") -> set[tuple[str, str]]:
    pattern = "data/*.parquet" if name == "programs" else f"{name}/*.parquet"
    rows = [row for path in (run / "shards").glob(pattern) for row in pq.read_table(path).to_pylist()]
    return {(row["problem_id"], row.get("language") or row["target_language"]) for row in rows}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, factory_process: Factory) -> Path:
    """A folder with problems, rollouts, a benchmark, a config, and the run of it in `run`."""
    folder = tmp_path_factory.mktemp("decontamination")
    lines(folder / "problems.jsonl", PROBLEMS)
    lines(folder / "mine.jsonl", BENCHMARK)
    rollouts = [
        {"problem_id": name, "index": index, "text": text, "mode": "code", "language": language}
        for language, texts in (("python", PYTHON), ("go", TRANSLATED))
        for name, several in texts.items()
        for index, text in enumerate(several)
    ]
    lines(folder / "rollouts.jsonl", rollouts)
    config = {
        "name": "test",
        "problems": {"path": str(folder / "problems.jsonl")},
        "engine": {"kind": "replay", "path": str(folder / "rollouts.jsonl")},
        "sampling": {"n": 3},
        "verify": {"canaries": False},
        "decontamination": {"benchmarks": [{"name": "mine", "path": str(folder / "mine.jsonl")}]},
        "translate": {"n": 2, "repair_rounds": 1},
        "executor": {"workers": 1},
        "sandbox": {"backend": "bubblewrap"},
        "shards": {"views": ["sft", "pairs", "preference", "rl", "rollouts"]},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    done = factory_process("run", folder / "config.yaml", "--run-dir", folder / "run")
    assert done.returncode == 0, done.stderr
    (folder / "told").write_text(done.stderr + done.stdout)
    return folder


def test_a_problem_that_repeats_a_prompt_is_set_aside_before_anything_is_sampled(place: Path) -> None:
    told = (place / "told").read_text()
    assert f"set aside: {place}/problems.jsonl:1: contaminated: shares 13 tokens with Mine/0: '" in told
    assert not list((place / "run" / "rollouts").glob("set-0*"))
    assert len(list((place / "run" / "rollouts").glob("set-1*.parquet"))) == 1
    assert "set/0" not in (place / "run" / "problems" / "problems.jsonl").read_text()


def test_leaked_programs_are_dropped_in_python_and_in_go_and_honest_ones_are_not(place: Path) -> None:
    languages = summary_of(place / "run")["languages"]
    python, go = languages["python"]["by_problem"]["set/1"], languages["go"]["by_problem"]["set/1"]
    assert (python["passed"], python["kept"], python["drops"]) == (1, 1, {"contaminated": 2})
    assert (go["passed"], go["kept"], go["drops"]) == (1, 1, {"contaminated": 1})
    (part,) = (place / "run" / "verdicts").glob("set-1*.parquet")
    verdicts = pq.read_table(part).to_pylist()
    assert [one["status"] for one in verdicts] == ["contaminated", "passed", "contaminated"]
    assert verdicts[0]["detail"] == "plateau is, but for names, that of a solution of Mine/0"
    assert verdicts[2]["contaminated_by"] == {"benchmark": "mine", "problem": "Mine/0"}


def test_what_leaked_is_not_asked_to_be_repaired(place: Path) -> None:
    assert [path.name for path in (place / "run/translations/go/rollouts").glob("set-1*.1.*")] == []


def test_a_copy_of_another_problems_program_is_kept_but_not_shipped_and_its_translation_goes_with_it(
    place: Path,
) -> None:
    run = place / "run"
    languages = summary_of(run)["languages"]
    told = {name: (part["funnel"]["kept"], part["shipped"], part["left_out"]) for name, part in languages.items()}
    assert told == {
        "python": (3, 2, {"near_duplicate": 1}),
        "go": (3, 2, {"translation of a near_duplicate": 1}),
    }
    both = {("set/1", "python"), ("set/1", "go"), ("set/2", "python"), ("set/2", "go")}
    assert shipped(run) == shipped(run, "sft") == both
    assert shipped(run, "pairs") == {("set/1", "go"), ("set/2", "go")}
    assert "shipped: 2 of those kept; left out: near_duplicate 1" in (place / "told").read_text()
    manifest = json.loads((run / "shards/manifest.json").read_text())
    assert manifest["rows"] == 4
    assert [(one["language"], one["rows"]) for one in manifest["left_out"]] == [("go", 1), ("python", 1)]


def test_views_of_all_rollouts_have_no_reward_and_no_label_for_what_leaked(place: Path) -> None:
    shards, cache = str(place / "run" / "shards"), str(place / "cache")
    rollouts = load_dataset(shards, "rollouts", split="train", cache_dir=cache)
    labels = {(row["problem_id"], row["language"], row["rollout_index"]): row["label"] for row in rollouts}
    assert [labels["set/1", "python", index] for index in range(3)] == [None, True, None]
    assert [labels["set/1", "go", index] for index in range(2)] == [None, True]
    assert labels["set/3", "python", 0] is True
    rewards = {row["id"]: row["statuses"] for row in load_dataset(shards, "rl", split="train", cache_dir=cache)}
    assert rewards["set/1/python"] == rewards["set/1/go"] == ["passed"]


def test_summary_card_and_report_tell_what_was_hit(place: Path, factory: Factory) -> None:
    told = summary_of(place / "run")["decontamination"]
    assert told == {
        "benchmarks": {"mine": {"problems": 2, "set_aside": 1, "programs": 3}},
        "hits": {
            "Mine/0": {"benchmark": "mine", "set_aside": ["set/0"], "programs": 2},
            "Mine/1": {"benchmark": "mine", "set_aside": [], "programs": 1},
        },
    }
    card = (place / "run/shards/README.md").read_text()
    assert "## Decontamination\n\n| benchmark | problems |" in card
    assert "| mine | 2 | 1 | 3 |" in card
    assert "Repeated: Mine/0, Mine/1." in card
    assert "not compared with any benchmark" not in card
    assert "2 programs" in card
    status = factory("status", place / "run")
    assert "mine: 2 problems, 1 of ours set aside, 3 programs dropped" in status.stdout
    report = factory("report", place / "run", "--out", place / "report.html")
    assert report.returncode == 0, report.stderr
    assert "<h3>Decontamination</h3>" in (place / "report.html").read_text()


def test_a_run_that_was_cut_short_ends_with_the_same_bytes(place: Path, factory: Factory) -> None:
    """Parts that are gone are made again; those that are there are taken as they are."""
    before = bytes_of(place / "run")
    cut = place / "cut"
    shutil.copytree(place / "run", cut)
    gone = [*(cut / "verdicts").glob("set-1*"), *(cut / "translations/go/verdicts").glob("*"), cut / "summary.json"]
    for path in [*gone, *(cut / "survivors").glob("set-2*")]:
        path.unlink()
    shutil.rmtree(cut / "shards")
    done = factory("run", place / "config.yaml", "--run-dir", cut, "--set", "executor.workers=2")
    assert done.returncode == 0, done.stderr
    after = bytes_of(cut)
    assert {name: after[name] for name in after if name != "summary.json"} == {
        name: before[name] for name in before if name != "summary.json"
    }
    for key in ("languages", "decontamination"):
        assert summary_of(cut)[key] == summary_of(place / "run")[key]


def test_an_audit_agrees_with_what_was_shipped(place: Path, factory: Factory) -> None:
    audit = factory("audit", place / "run")
    assert audit.returncode == 0, audit.stderr
    assert "passed again: 4 of 4 records" in audit.stdout


def test_near_duplicates_are_shipped_where_nobody_minds(place: Path, factory: Factory) -> None:
    run = place / "all"
    shutil.copytree(place / "run", run)
    done = factory("run", place / "config.yaml", "--run-dir", run, "--set", "decontamination.near_duplicate=null")
    assert done.returncode == 0, done.stderr
    assert ("set/3", "go") in shipped(run)
    assert "left_out" not in (run / "shards/README.md").read_text()
    assert summary_of(run)["languages"]["go"]["shipped"] == 3


def test_the_chain_alone_drops_what_leaked_too(place: Path, factory: Factory) -> None:
    done = factory(
        "verify", "--problems", place / "problems.jsonl", "--rollouts", place / "rollouts.jsonl", "--out", place / "v",
        "--set", f"decontamination.benchmarks=[{{name: mine, path: {place}/mine.jsonl}}]",
        "--set", "verify.canaries=false",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "contaminated 2" in done.stdout
    summary = json.loads((place / "v/summary.json").read_text())
    assert summary["decontamination"]["benchmarks"] == {"mine": {"problems": 2, "set_aside": 1, "programs": 2}}
    statuses = [row["status"] for row in pq.read_table(place / "v/verdicts.parquet").to_pylist()]
    assert sorted(statuses) == ["contaminated", "contaminated", "passed", "passed", "passed"]


def test_problems_lists_what_would_be_set_aside(place: Path, factory: Factory) -> None:
    listed = factory(
        "problems",
        place / "problems.jsonl",
        "--set",
        f"decontamination.benchmarks=[{{name: mine, path: {place}/mine.jsonl}}]",
    )
    assert listed.returncode == 0, listed.stderr
    assert "1 rows refused" in listed.stdout
    assert "problems.jsonl:1: set/0: contaminated: shares 13 tokens with Mine/0" in listed.stdout


def test_a_benchmark_that_cannot_be_read_is_told_before_anything_is_sampled(place: Path, factory: Factory) -> None:
    setting = "decontamination.benchmarks=[{name: mine, path: nowhere.jsonl}]"
    done = factory("run", place / "config.yaml", "--run-dir", place / "none", "--set", setting)
    assert done.returncode == 2
    assert "error: decontamination.benchmarks: mine: nowhere.jsonl: no such problem file" in done.stderr
    assert not (place / "none").exists()

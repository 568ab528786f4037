"""A run with settings of its own: rewards follow from its rows alone, and an audit holds them to it."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from factory.commands import audit, audit_rewards
from factory.errors import AuditError, ProblemError
from factory.records import Status, Verdict
from factory.reward import passes
from factory.run.directory import RunDir
from factory.run.units import GradeUnit

Factory = Callable[..., subprocess.CompletedProcess[str]]
RIGHT = "def f(x):\n    return 2 * x\n"
MEMORY = "def f(x):\n    held = bytearray(150_000_000)\n    held[::4096] = b'x' * len(held[::4096])\n    return 2 * x\n"
TIME = "import time\ndef f(x):\n    while time.process_time() < 0.9: pass\n    return 2 * x\n"
THREADS = (
    "import threading\ndef f(x):\n    gate = threading.Event()\n"
    "    waiting = [threading.Thread(target=gate.wait) for _ in range(8)]\n"
    "    for it in waiting: it.start()\n    gate.set()\n    for it in waiting: it.join()\n    return 2 * x\n"
)
FILES = "def f(x):\n    held = [open('/dev/null') for _ in range(30)]\n    return 2 * x\n"
OUTPUT = "def f(x):\n    print('x' * 20_000)\n    return 2 * x\n"
SCRATCH = "def f(x):\n    with open('held', 'wb') as file: file.write(bytes(2_000_000))\n    return 2 * x\n"
GREEDY = (RIGHT, MEMORY, TIME, THREADS, FILES, SCRATCH)
TIGHT = {"cpu_s": 0.4, "wall_s": 300, "memory_mb": 64, "processes": 4, "open_files": 16}
ROOMY = {"cpu_s": 4, "memory_mb": 400, "processes": 16, "open_files": 50}
CASES = [{"args": [2], "expected": 4}, {"args": [0], "expected": 0}]


def problem(name: str, **fields: Any) -> dict[str, Any]:
    return {"id": name, "prompt": "Double it.", "entry_point": "f", "cases": CASES, **fields}


def rollouts(name: str, mode: str, *texts: str) -> list[dict[str, Any]]:
    return [{"problem_id": name, "index": index, "text": text, "mode": mode} for index, text in enumerate(texts)]


def run(
    factory: Factory, folder: Path, problems: list[dict[str, Any]], given: list[dict[str, Any]], **sections: Any
) -> Path:
    config = {
        "name": "odd",
        "problems": {"path": str(folder / "problems.jsonl")},
        "engine": {"kind": "replay", "path": str(folder / "rollouts.jsonl")},
        "sampling": {"n": max(row["index"] for row in given) + 1},
        "verify": {"canaries": False},
        "review": {"rerun": False, "inputs": 0, "mutants": 0},
        "translate": {"targets": []},
        "executor": {"workers": 1},
        "shards": {"views": ["rl"]},
    }
    for name, lines in (("problems", problems), ("rollouts", given)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "config.yaml").write_text(yaml.safe_dump(config | sections))
    done = factory("run", folder / "config.yaml", "--run-dir", folder / "run")
    assert done.returncode == 0, done.stderr
    return folder / "run"


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory, factory: Factory) -> Path:
    starter = "from typing import List\n\ndef f(x: List[int]) -> int:\n"
    lists = [{"args": [[1, 2]], "expected": 2}, {"args": [[]], "expected": 0}]
    problems = [
        problem("tight"),
        problem("roomy", limits=ROOMY),
        problem("goes on", starter_code=starter, cases=lists),
        problem("bare", starter_code="from statistics import median\n\ndef f(x): ...\n"),
    ]
    given = [
        *rollouts("tight", "chat", *(f"```python\n{code}```" for code in GREEDY)),
        *rollouts("roomy", "code", *GREEDY),
        *rollouts("goes on", "completion", "    return len(x)\n\nprint(f([1, 2]))\n", "    return 1\n"),
        *rollouts("bare", "code", "def f(x):\n    return median([2 * x])\n", f"{RIGHT}\nThat doubles it.\n"),
    ]
    sandbox = {"backend": "bubblewrap", "scratch_mb": 1}
    return run(factory, tmp_path_factory.mktemp("odd"), problems, given, limits=TIGHT, sandbox=sandbox)


def rows(run_dir: Path, view: str = "rl") -> dict[str, dict[str, Any]]:
    return {row["id"]: row for path in (run_dir / "shards" / view).glob("*") for row in pq.read_table(path).to_pylist()}


def rewarded(row: dict[str, Any]) -> list[float]:
    return passes(row["responses"], [row["reward_model"]] * len(row["responses"]))


def test_rewards_follow_from_the_rows_alone(odd: Path) -> None:
    found = rows(odd)
    assert {name: row["rewards"] for name, row in found.items()} == {
        "tight/python": [1.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        "roomy/python": [1.0, 1.0, 1.0, 1.0, 1.0, 0.0],
        "goes on/python": [1.0, 0.0],
        "bare/python": [1.0, 0.0],
    }
    for row in found.values():
        assert rewarded(row) == row["rewards"], row["id"]


def test_a_fenced_answer_to_a_row_of_bare_programs_is_read_as_a_chat(odd: Path) -> None:
    truth = rows(odd)["bare/python"]["reward_model"]
    documented = 'def f(x):\n    """\n```python\nf(1)\n```\n"""\n    return median([2 * x])\n'
    assert passes([f"```python\n{RIGHT}```", documented, "```python\nx = 1\n```"], [truth] * 3) == [1.0, 1.0, 0.0]


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory, factory: Factory) -> Path:
    """Four right programs, one that fell by a generated input, one with a table of the cases, one that fails a test."""
    cases = [{"args": [list(v)], "expected": sorted(v)} for v in ((3, 1, 2), (9, 4, 4), (5, 0, 8))]
    bodies = (
        "return sorted(v)",
        "return [*sorted(tuple(v))]",
        "v = list(v); v.sort(); return v",
        "return sorted(v, reverse=True)[::-1]",
        "return sorted(v[:3]) + v[3:]",
        "return {(3, 1, 2): [1, 2, 3], (9, 4, 4): [4, 4, 9], (5, 0, 8): [0, 5, 8]}[tuple(v)]",
        "return v",
    )
    given = rollouts("order", "code", *(f"def f(v):\n    {body}\n" for body in bodies))
    problems = [problem("order", cases=cases, limits=ROOMY)]
    sandbox = {"backend": "bubblewrap", "scratch_mb": 1}
    review = {"rerun": False, "inputs": 16, "mutants": 0}
    folder = tmp_path_factory.mktemp("reviewed")
    return run(factory, folder, problems, given, limits=TIGHT, sandbox=sandbox, review=review)


def test_what_more_than_the_tests_dropped_is_named_and_all_else_follows_from_the_row(reviewed: Path) -> None:
    (row,) = rows(reviewed).values()
    assert row["rewards"] == [1.0] * 4 + [0.0] * 3
    assert row["dropped_by"] == [None] * 4 + ["derived", "hard-coded", None]
    held = [by is None for by in row["dropped_by"]]
    for earned, reward, is_held in zip(rewarded(row), row["rewards"], held, strict=True):
        assert earned == (reward if is_held else 1.0)  # the tests, which `ground_truth` has, passed what was dropped


def test_an_audit_leaves_out_what_more_than_the_tests_dropped(reviewed: Path, factory: Factory) -> None:
    done = factory("audit", reviewed)
    assert done.returncode == 0, done.stderr
    assert "rewarded the same again: 5 responses" in done.stdout


def test_every_row_has_the_limits_that_its_program_was_held_to(odd: Path) -> None:
    for row in rows(odd, "data").values():
        limits = TIGHT | {"output_kb": 4096} | (ROOMY if row["problem_id"] == "roomy" else {})
        assert json.loads(row["limits"]) == limits
        assert json.loads(row["sandbox"]) == {"scratch_mb": 1, "image": None, "runtime": None}


def test_an_audit_earns_rewards_again(odd: Path, factory: Factory) -> None:
    done = factory("audit", odd)
    assert done.returncode == 0, done.stderr
    assert "rewarded the same again: 15 responses" in done.stdout


def test_an_audit_names_a_row_that_forgot_its_limits(odd: Path, tmp_path: Path) -> None:
    place = RunDir(shutil.copytree(odd, tmp_path / "run"))
    (path,) = (place.shards / "rl").glob("*.parquet")
    table = pq.read_table(path)
    forgetful = [
        it | {"ground_truth": json.dumps(json.loads(it["ground_truth"]) | {"limits": "{}", "sandbox": "{}"})}
        for it in table["reward_model"].to_pylist()
    ]
    column = table.column_names.index("reward_model")
    field = table.schema.field("reward_model")
    pq.write_table(table.set_column(column, field, pa.array(forgetful, field.type)), path)
    wrong = asyncio.run(audit_rewards.reverify(place.open_config(), audit_rewards.chosen([path], 99, 0)))
    assert "tight/python: rollout 3: its reward is 0, now it is passed: " in wrong
    assert {line.partition(":")[0] for line in wrong} == {"tight/python", "roomy/python"}


def test_a_failure_of_ours_earns_no_reward_and_denies_none(odd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def lost(executor: object, unit: GradeUnit, note: object) -> tuple[list[Verdict], bool]:
        ours = Verdict(unit.problem.id, 0, "python", Status.INFRASTRUCTURE_ERROR, "a sandbox was lost")
        return [ours] * len(unit.rollouts), True

    for module in (audit, audit_rewards):
        monkeypatch.setattr(module, "graded", lost)
    place = RunDir(odd)
    with pytest.raises(AuditError) as caught:
        asyncio.run(audit.audit(place.open_config(), place, 99, 0))
    said = Counter(line.partition("could not be ")[2] for line in str(caught.value).splitlines())
    records = sum(pq.ParquetFile(path).metadata.num_rows for path in place.shards.glob("data/*.parquet"))
    assert said == {"graded again: a sandbox was lost": 15, "verified again: a sandbox was lost": records}


def test_measured_time_is_in_no_row_and_the_same_rule_gives_the_same_rewards(tmp_path: Path, factory: Factory) -> None:
    slow = "def f(x):\n    for _ in range(12_000_000): pass\n    return 2 * x\n"
    endless = "def f(x):\n    while True: pass\n"
    given = rollouts("auto", "chat", *(f"```python\n{code}```" for code in (RIGHT, slow, endless)))
    run_dir = run(factory, tmp_path, [problem("auto", reference=RIGHT)], given, limits={"cpu_s": "auto"})
    (row,) = rows(run_dir).values()
    truth = json.loads(row["reward_model"]["ground_truth"])
    assert (json.loads(truth["limits"])["cpu_s"], truth["reference"]) == ("auto", RIGHT)
    assert all(json.loads(it["limits"])["cpu_s"] == "auto" for it in rows(run_dir, "data").values())
    assert row["rewards"][0] == 1.0
    assert rewarded(row) == row["rewards"]


def test_a_completion_without_a_row_is_no_reward() -> None:
    with pytest.raises(ValueError, match="shorter"):
        passes(["def f(x): return x"], [])


def test_a_chat_without_a_message_is_refused() -> None:
    cases, comparison = json.dumps(CASES), json.dumps({"kind": "equal"})
    truth = {"id": "a", "entry_point": "f", "test_code": "", "cases": cases, "comparison": comparison}
    with pytest.raises(ProblemError, match="list index out of range"):
        passes([[]], [{"ground_truth": json.dumps(truth | {"language": "python"})}])

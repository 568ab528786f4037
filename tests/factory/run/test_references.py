"""References that passed once are not run again, and nothing else is taken on trust."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import factory.run.load_problems as loading
from factory.config import GradingConfig, ProblemsConfig
from factory.grading.chain import verify
from factory.run import reference_checks, references
from factory.run.load_problems import LoadedProblems, load_problems

SETTINGS: dict[str, Any] = {"limits": {"cpu_s": 1}, "sandbox": {"backend": "bubblewrap"}}
GOOD: dict[str, Any] = {
    "id": "s/1",
    "prompt": "p",
    "entry_point": "f",
    "cases": [{"args": [1], "expected": 2, "public": True}, {"args": [2], "expected": 4}],
    "reference": "def f(x):\n    return 2 * x",
}
WRONG = GOOD | {"id": "s/2", "reference": "def f(x):\n    return 2"}
SEVERAL: dict[str, Any] = {
    "name": "1_A. A", "description": "Double it.", "source": 2, "difficulty": 7, "time_limit": {"seconds": 1},
    "public_tests": {"input": ["1\n"], "output": ["2\n"]},
    "private_tests": {"input": ["4\n"], "output": ["8\n"]},
    "generated_tests": {"input": [], "output": []},
    "solutions": {"language": [3, 3], "solution": ["print(2)", "print(2 * int(input()))"]},
}  # fmt: skip


@pytest.fixture
def checks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of problems whose references are run, in a cache of its own."""
    ran: list[str] = []

    def seen(session: Any, problem: Any, *more: Any) -> Any:
        ran.append(problem.id)
        return verify(session, problem, *more)

    monkeypatch.setenv("ROLLOUT_FACTORY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(reference_checks, "verify", seen)
    return ran


def load(tmp_path: Path, *rows: dict[str, Any], settings: dict[str, Any] = SETTINGS) -> LoadedProblems:
    path = tmp_path / "p.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return load_problems(ProblemsConfig(path=path), GradingConfig.model_validate(settings))


def test_what_passed_is_not_run_again_and_what_failed_is(tmp_path: Path, checks: list[str]) -> None:
    first = load(tmp_path, GOOD, WRONG)
    assert checks == ["s/1", "s/2"]
    second = load(tmp_path, GOOD, WRONG)
    assert checks == ["s/1", "s/2", "s/2"]
    assert (second.problems, second.refused) == (first.problems, first.refused)


def test_the_solution_that_passed_is_taken_again(tmp_path: Path, checks: list[str]) -> None:
    first, second = load(tmp_path, SEVERAL), load(tmp_path, SEVERAL)
    assert checks == [first.problems[0].id] * 2
    assert first.problems[0].reference == second.problems[0].reference == "print(2 * int(input()))"


@pytest.mark.parametrize(
    "other",
    [{"reference": WRONG["reference"]}, {"cases": [{"args": [1], "expected": 3}]}],
    ids=["reference", "cases"],
)
def test_another_problem_is_checked(tmp_path: Path, checks: list[str], other: dict[str, Any]) -> None:
    load(tmp_path, GOOD)
    assert "wrong_answer" in load(tmp_path, GOOD | {"id": "s/0"}, GOOD | other).refused[0].reason
    assert checks == ["s/1", "s/0", "s/1"]


def test_answers_that_are_no_text_do_no_harm(tmp_path: Path, checks: list[str]) -> None:
    row = {
        "task_id": "Mbpp/1",
        "prompt": "Half of a pair?",
        "entry_point": "half",
        "canonical_solution": "def half(a):\n    return chr(0xd800 + a)\n",
        "base_input": [[1], [2]],
        "plus_input": [],
        "atol": 0,
        "assertion": "",
    }
    for _ in range(2):
        assert len(load(tmp_path, row).problems) == 1
    assert checks == ["MBPP+/1"]


def test_other_settings_are_checked(tmp_path: Path, checks: list[str]) -> None:
    load(tmp_path, GOOD)
    load(tmp_path, GOOD, settings=SETTINGS | {"limits": {"cpu_s": 2}})
    assert checks == ["s/1"] * 2


def test_other_code_is_checked(tmp_path: Path, checks: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    load(tmp_path, GOOD)
    monkeypatch.setattr(references, "code_sha256", lambda: "0" * 64)
    load(tmp_path, GOOD)
    assert checks == ["s/1"] * 2


@pytest.mark.parametrize("at", [0, 64, 70, 129])
def test_a_damaged_line_costs_a_check(tmp_path: Path, checks: list[str], at: int) -> None:
    load(tmp_path, GOOD)
    (file,) = (tmp_path / "cache" / "references").iterdir()
    data = bytearray(file.read_bytes().strip())
    data[at if at < len(data) else -1] ^= 0x81
    file.write_bytes(data)
    assert len(load(tmp_path, GOOD).problems) == 1
    assert checks == ["s/1"] * 2
    load(tmp_path, GOOD)
    assert len(checks) == 2


def test_a_cache_that_cannot_be_written_costs_the_checks(tmp_path: Path, checks: list[str]) -> None:
    (tmp_path / "cache").write_text("a file")
    for _ in range(2):
        assert len(load(tmp_path, GOOD).problems) == 1
    assert checks == ["s/1"] * 2


@pytest.fixture
def mixed() -> list[dict[str, Any]]:
    """Rows whose references pass, fail, or are the second of several; and one without."""
    rows: list[dict[str, Any]] = []
    for number in range(40):
        right, wrong = f"def f(x):\n    return 2 * x + {number} - {number}", f"def f(x):\n    return 2 + {number}"
        rows.append(
            GOOD | {"id": f"s/{number}", "reference": None if number == 7 else wrong if number % 9 == 1 else right}
        )
    return rows


def test_processes_find_what_one_process_finds(
    tmp_path: Path, checks: list[str], mixed: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = load(tmp_path, *mixed)
    assert len(checks) == 39
    monkeypatch.setenv("ROLLOUT_FACTORY_CACHE", str(tmp_path / "other"))
    for module, name, value in ((loading, "BATCH", 25), (reference_checks, "MANY", 10), (reference_checks, "SHARE", 4)):
        monkeypatch.setattr(module, name, value)
    settings = SETTINGS | {"executor": {"workers": 2}}
    several = load(tmp_path, *mixed, settings=settings)
    assert len(checks) == 39, "none in this process"
    assert several == replace(alone, benchmarks=several.benchmarks)
    assert len(several.refused) == 5
    assert len(several.problems) == 35
    again = load(tmp_path, *mixed, settings=settings)
    assert again == replace(alone, benchmarks=again.benchmarks)
    assert sorted(checks[39:]) == [it.id for it in several.refused], "what passed was kept"


def test_a_kill_costs_the_checks_of_one_batch(
    tmp_path: Path, checks: list[str], mixed: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    kept = references.CheckedReferences.keep

    def kill(known: references.CheckedReferences) -> None:
        kept(known)
        if len(checks) >= 20:
            raise Killed

    monkeypatch.setattr(loading, "BATCH", 10)
    with monkeypatch.context() as patch:
        patch.setattr(references.CheckedReferences, "keep", kill)
        with pytest.raises(Killed):
            load(tmp_path, *mixed)
    assert 20 <= len(checks) < 30
    failed = {it.id for it in load(tmp_path, *mixed).refused}
    assert {name for name in checks if checks.count(name) > 1} <= failed


def test_files_that_nobody_has_used_for_long_are_removed(tmp_path: Path, checks: list[str]) -> None:
    load(tmp_path, GOOD)
    (old,) = (tmp_path / "cache" / "references").iterdir()
    os.utime(old, (0, 0))
    load(tmp_path, GOOD, settings=SETTINGS | {"limits": {"cpu_s": 2}})
    assert not old.exists()
    assert len(list(old.parent.iterdir())) == 1

"""Problems on their way in: what is set aside and why, and what `factory problems` tells of it."""

from __future__ import annotations

import io
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from factory.commands.look import survey
from factory.config import GradingConfig, ProblemsConfig
from factory.console import Console
from factory.errors import ProblemError
from factory.problems import FORMATS, Refusal, read
from factory.report.terminal import Survey, print_problems
from factory.run.load_problems import load_problems

Factory = Callable[..., subprocess.CompletedProcess[str]]
SETTINGS = GradingConfig.model_validate({"limits": {"cpu_s": 1}, "sandbox": {"backend": "bubblewrap"}})
GOOD: dict[str, Any] = {
    "id": "s/1",
    "prompt": "p",
    "entry_point": "f",
    "cases": [{"args": [1], "expected": 2, "public": True}, {"args": [2], "expected": 4}],
    "reference": "def f(x):\n    return 2 * x",
}


def written(tmp_path: Path, *rows: Any) -> Path:
    path = tmp_path / "p.jsonl"
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def test_a_problem_whose_reference_fails_its_tests_is_set_aside(tmp_path: Path) -> None:
    wrong = GOOD | {"id": "s/2", "reference": "def f(x):\n    return 2"}
    slow = GOOD | {"id": "s/3", "reference": "def f(x):\n    while True: pass"}
    none = GOOD | {"id": "s/4", "reference": None}
    path = written(tmp_path, GOOD, wrong, slow, none)
    taken = load_problems(ProblemsConfig(path=path), SETTINGS)
    assert [problem.id for problem in taken.problems] == ["s/1", "s/4"]
    assert [(refusal.id, refusal.reason) for refusal in taken.refused] == [
        ("s/2", "its reference fails its own tests: wrong_answer: case 1: answered 2, expected 4"),
        (
            "s/3",
            "its reference fails its own tests: timeout: used more CPU time than allowed; to use it, raise "
            "limits.cpu_s (or limits.wall_s, if it waits)",
        ),
    ]
    assert list(taken.notes(most=1)) == [
        f"set aside: {path}:2: its reference fails its own tests: wrong_answer: case 1: answered 2, expected 4",
        "set aside: 1 more; `factory problems` lists them",
    ]
    unchecked = load_problems(ProblemsConfig(path=path, check_reference=False), SETTINGS)
    assert len(unchecked.problems) == 4


def test_a_reference_that_gave_the_answers_agrees_with_the_row(tmp_path: Path) -> None:
    """Its `same(9, 4)` is False, as no test of it can show: the asserts of the row itself are against it."""
    row = {
        "task_id": "Mbpp/1",
        "prompt": "Are the numbers of divisors the same?",
        "entry_point": "same",
        "canonical_solution": "def same(a, b):\n    return a == b\n",
        "base_input": [[9, 4], [3, 3]],
        "plus_input": [],
        "atol": 0,
        "assertion": "assert same(3, 3) == True\nassert same(9, 4) == True",
    }
    right = row | {"task_id": "Mbpp/2", "assertion": "assert same(3, 3) == True"}
    inside = row | {"task_id": "Mbpp/3", "assertion": "for x in (4, 25):\n    assert same(9, x) == True"}
    path = written(tmp_path, row, right, inside)
    for check in (True, False):
        taken = load_problems(ProblemsConfig(path=path, check_reference=check), SETTINGS)
        assert [problem.id for problem in taken.problems] == ["MBPP+/2"]
        assert [refusal.id for refusal in taken.refused] == ["MBPP+/1", "MBPP+/3"]
        assert "its reference fails its own tests: wrong_answer: case 2: answered False" in taken.refused[0].reason


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("wall_s", 700, "limits.wall_s: 700: is more than max_limits.wall_s allows, 600; raise that to use it"),
        ("wall_s", 1e9, "less than or equal to 36000"),
        ("cpu_s", 61.5, "limits.cpu_s: 61.5: is more than max_limits.cpu_s allows, 60;"),
        ("memory_mb", 4096, "is more than max_limits.memory_mb allows"),
        ("memory_mb", 10**12, "less than or equal to"),
        ("output_kb", 10**9, "less than or equal to"),
        ("processes", 1000, "is more than max_limits.processes allows"),
        ("open_files", 2000, "is more than max_limits.open_files allows"),
        ("cpu_s", "Infinity", "finite number"),
        ("cpu_s", "NaN", "finite number"),
        ("cpu_s", -1, "greater than 0"),
        ("cpu_s", True, "valid number"),
        ("wall_s", "5", "valid number"),
        ("memory_mb", 64.0, "valid integer"),
    ],
)
def test_a_row_that_asks_for_too_much_or_for_nonsense_is_refused_alone(
    tmp_path: Path, name: str, value: Any, told: str
) -> None:
    text = json.dumps(GOOD | {"id": "s/2", "limits": {name: value}})
    text = text.replace('"Infinity"', "Infinity").replace('"NaN"', "NaN")
    taken = load_problems(ProblemsConfig(path=written(tmp_path, GOOD, text)), SETTINGS)
    assert [problem.id for problem in taken.problems] == ["s/1"]
    assert [refusal.id for refusal in taken.refused] == ["s/2"]
    assert told in taken.refused[0].reason


def test_a_raised_ceiling_lets_a_row_have_more(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD | {"limits": {"wall_s": 700}})
    raised = GradingConfig.model_validate({"max_limits": {"wall_s": 700}})
    assert load_problems(ProblemsConfig(path=path), raised).problems[0].limits.wall_s == 700


def test_a_refusal_for_a_limit_names_the_key_to_raise(tmp_path: Path) -> None:
    row = {
        "task_id": "Mbpp/1",
        "prompt": "Repeat.",
        "entry_point": "f",
        "canonical_solution": "def f(n):\n    return 'x' * n\n",
        "base_input": [[3000], [3001], [3002]],
        "plus_input": [],
    }
    long = row | {"task_id": "Mbpp/2", "base_input": [[5000]]}
    slow = row | {"task_id": "Mbpp/3", "canonical_solution": "def f(n):\n    while n: pass"}
    big = row | {"task_id": "Mbpp/4", "canonical_solution": "def f(n):\n    return len(bytearray(10**10))"}
    small = GradingConfig.model_validate({"limits": {"output_kb": 4, "cpu_s": 0.5}})
    taken = load_problems(ProblemsConfig(path=written(tmp_path, row, long, slow, big)), small)
    assert [problem.id for problem in taken.problems] == ["MBPP+/1"], "three answers of 3 KiB are within 4 KiB each"
    assert [(it.id, it.reason.rpartition("; ")[2]) for it in taken.refused] == [
        ("MBPP+/2", "to use it, raise limits.output_kb"),
        ("MBPP+/3", "to use it, raise limits.cpu_s (or limits.wall_s, if it waits)"),
        ("MBPP+/4", "to use it, raise limits.memory_mb"),
    ]


@pytest.mark.parametrize(
    ("format_name", "row", "name"),
    [
        ("native", {"id": "s/9", "prompt": 5}, "s/9"),
        ("mbpp", {"task_id": 2, "text": "t", "code": "def f(): pass", "test_list": ["assert f("]}, "mbpp/2"),
        ("humaneval", {"task_id": "H/1", "prompt": "p", "entry_point": "f", "test": "("}, "H/1"),
        ("evalplus", {"task_id": "Mbpp/3", "entry_point": "f", "base_input": [], "plus_input": []}, "MBPP+/3"),
        ("evalplus", {"task_id": "HumanEval/3", "entry_point": "f", "base_input": 1, "plus_input": []}, "HumanEval+/3"),
        ("kodcode", {"question_id": "k", "question": "q", "solution": "s", "test": "("}, "kodcode/k"),
        ("leetcode", {"task_id": "l", "entry_point": "Solution().f", "starter_code": 1, "test": ""}, "leetcode/l"),
        ("apps", {"problem_id": 4, "question": "q", "input_output": "{", "solutions": ""}, "apps/4"),
        ("code_contests", {"name": "c", "description": "d", "public_tests": 1, "private_tests": 1}, "code_contests/c"),
        ("code_contests", {"id": 5, "content": "d", "labels": "{}", "test": "["}, "code_contests/5"),
        ("livecodebench", {"question_id": "v", "question_content": "q"}, "livecodebench/v"),
    ],
)
def test_a_refused_row_has_the_id_that_its_rollouts_name(
    tmp_path: Path, format_name: str, row: dict[str, Any], name: str
) -> None:
    with pytest.raises(ProblemError):
        load_problems(ProblemsConfig(path=written(tmp_path, row), format=format_name), SETTINGS)
    (refused,) = read(ProblemsConfig(path=written(tmp_path, row), format=format_name))
    assert isinstance(refused, Refusal)
    assert refused.id == name


def test_a_limit_counts_what_can_be_used(tmp_path: Path) -> None:
    path = written(tmp_path, "{", GOOD | {"id": "a", "reference": "x"}, *(GOOD | {"id": name} for name in "bcd"))
    taken = load_problems(ProblemsConfig(path=path, limit=2), SETTINGS)
    assert [problem.id for problem in taken.problems] == ["b", "c"]
    assert len(taken.refused) == 2


def test_nothing_left_is_wrong_input(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD | {"reference": "x"}, GOOD | {"id": "s/2", "cases": []})
    with pytest.raises(ProblemError, match=re.escape(f"{path}:1: its reference fails") + ".*1 more rows are refused"):
        load_problems(ProblemsConfig(path=path), SETTINGS)
    with pytest.raises(ProblemError, match="has no problem 's/2' that can be used: cases: a problem without cases"):
        load_problems(ProblemsConfig(path=path, ids=("s/2",)), SETTINGS)


def test_a_survey_counts_everything(tmp_path: Path) -> None:
    stream = {"id": "s/2", "prompt": "p", "cases": [{"stdin": "1", "stdout": "1"}], "comparison": {"kind": "tokens"}}
    loop = GOOD | {"id": "s/3", "cases": [], "test_code": "for x in [1, 2, 3]:\n    assert f(x) == x + x"}
    code = GOOD | {"id": "s/4", "cases": [], "test_code": "assert f(f(1)) == 4"}
    path = written(tmp_path, GOOD, stream, loop, code, "{")
    found = survey(ProblemsConfig(path=path), SETTINGS)
    (refused,) = found.refused
    assert refused.place == f"{path}:5"
    assert (found.problems, found.references) == (4, 3)
    assert found.kinds == {"call": 2, "stdin": 1, "test_code": 1}
    assert (found.cases, found.public_cases, found.traced_cases) == (6, 1, 3)
    assert found.comparisons == {"equal": 5, "tokens": 1}


def test_a_mapping_goes_with_its_format_alone(tmp_path: Path) -> None:
    path = written(tmp_path, {"text": "Echo.", "in": ["a"], "out": ["a"]})
    mapping = {"prompt": "text", "inputs": "in", "outputs": "out"}
    for name in ("auto", "mapping"):
        taken = load_problems(ProblemsConfig(path=path, mapping=mapping, format=name), SETTINGS)
        assert taken.problems[0].cases[0].stdin == "a"
    with pytest.raises(ProblemError, match="goes with the format \"mapping\", not with 'native'"):
        load_problems(ProblemsConfig(path=path, mapping=mapping, format="native"), SETTINGS)


@pytest.mark.parametrize("name", FORMATS)
def test_no_format_takes_an_empty_row_for_its_own(name: str) -> None:
    assert not FORMATS[name].sniff({})


@pytest.mark.parametrize(
    ("comparison", "told"),
    [
        ({}, "equal values"),
        ({"kind": "exact"}, "equal values of the same types"),
        ({"kind": "unordered", "free_levels": [0, 1]}, "any order of the outermost lists and the lists inside"),
        ({"kind": "float", "rel": 0, "abs": 1e-4}, "absolute error 0.0001"),
        ({"kind": "float", "rel": 1e-6, "abs": 1e-9}, "relative error 1e-06 or absolute error 1e-09"),
        ({"tuples_as_lists": True}, "equal values, tuples as lists"),
    ],
)
def test_a_survey_says_what_each_problem_grants(tmp_path: Path, comparison: dict[str, Any], told: str) -> None:
    path = written(tmp_path, GOOD | {"comparison": comparison})
    assert survey(ProblemsConfig(path=path), SETTINGS).granted == {"s/1": told}
    shown = console_text(survey(ProblemsConfig(path=path), SETTINGS))
    assert f"granted: {told} 1\n  s/1: {told}\n" in shown


def test_a_survey_says_what_a_stream_grants_and_where_cases_differ(tmp_path: Path) -> None:
    stream = {"id": "s/2", "prompt": "p", "entry_point": None, "cases": [{"stdin": "1", "stdout": "2"}]}
    any_case = {"comparison": {"kind": "tokens", "rel": 0, "abs": 0, "any_case": True}}
    first, second = GOOD["cases"]
    path = written(tmp_path, stream | any_case, GOOD | {"cases": [first, second | {"comparison": {"kind": "exact"}}]})
    assert survey(ProblemsConfig(path=path), SETTINGS).granted == {
        "s/2": "to the letter, letters of either case",
        "s/1": "equal values; equal values of the same types",
    }


def console_text(found: Survey) -> str:
    console = Console(file=io.StringIO(), width=400)
    print_problems(console, found)
    return str(console.file.getvalue())  # type: ignore[attr-defined]


def test_the_order_of_a_set_has_a_place_for_every_row(tmp_path: Path) -> None:
    wrong = GOOD | {"id": "s/2", "reference": "def f(x):\n    return 2"}
    path = written(tmp_path, "{broken", wrong, GOOD, GOOD | {"prompt": "again"}, GOOD | {"id": "s/5"})
    assert load_problems(ProblemsConfig(path=path), SETTINGS).order == ("", "s/2", "s/1", "", "s/5")
    assert load_problems(ProblemsConfig(path=path, ids=("s/5",)), SETTINGS).order == ("", "s/2", "s/1", "", "s/5")
    assert load_problems(ProblemsConfig(path=path, limit=1), SETTINGS).order == ("", "s/2", "s/1")


def test_generations_without_ids_are_graded_and_replayed_by_position(tmp_path: Path, factory: Factory) -> None:
    problems = written(tmp_path, GOOD | {"id": "s/2", "prompt": ""}, GOOD, GOOD | {"id": "s/3", "prompt": "other"})
    (tmp_path / "generations.json").write_text(
        json.dumps(
            [["def f(x): return 2 * x"], ["def f(x): return x + x", "def f(x): return 3"], ["def f(x): return 0"]]
        )
    )
    config = {
        "name": "t",
        "problems": {"path": str(problems)},
        "engine": {"kind": "replay", "path": str(tmp_path / "generations.json")},
        "sampling": {"n": 2},
        "translate": {"targets": []},
        "sandbox": {"backend": "bubblewrap"},
        "executor": {"workers": 1},
    }
    (tmp_path / "config.yaml").write_text(json.dumps(config))
    expected = [("s/1", 0, "passed"), ("s/1", 1, "wrong_answer"), ("s/3", 0, "wrong_answer")]

    done = factory(
        *("verify", "--problems", problems, "--rollouts", tmp_path / "generations.json", "--language", "python"),
        *("--out", tmp_path / "out", "--set", "sandbox.backend=bubblewrap"),
    )
    assert done.returncode == 0, done.stderr
    assert "list 1 is of 's/2', list 3 of 's/3'" in done.stderr
    rows = pq.read_table(tmp_path / "out" / "verdicts.parquet").to_pylist()
    assert [(row["problem_id"], row["index"], row["status"]) for row in rows] == expected

    done = factory("run", tmp_path / "config.yaml", "--run-dir", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert "1 rollout(s) left out: their problem is refused" in done.stderr
    parts = sorted((tmp_path / "run" / "verdicts").glob("*.parquet"))
    rows = [row for part in parts for row in pq.read_table(part).to_pylist()]
    assert [(row["problem_id"], row["index"], row["status"]) for row in rows] == expected

    (tmp_path / "generations.json").write_text("[[], []]")
    done = factory("run", tmp_path / "config.yaml", "--run-dir", tmp_path / "other")
    assert done.returncode == 2
    assert "holds 2 lists of texts without ids, and 3 rows" in done.stderr

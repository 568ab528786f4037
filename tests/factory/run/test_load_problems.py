"""Problems on their way in: what is set aside and why, and what `factory problems` tells of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from factory.commands.look import survey
from factory.config import ChainConfig, ProblemsConfig
from factory.errors import ProblemError
from factory.problems import FORMATS
from factory.run.load_problems import load_problems

SETTINGS = ChainConfig.model_validate({"limits": {"cpu_s": 1}, "sandbox": {"backend": "bubblewrap"}})
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
        ("s/3", "its reference fails its own tests: timeout: used more CPU time than allowed"),
    ]
    assert list(taken.notes(most=1)) == [
        f"set aside: {path}:2: its reference fails its own tests: wrong_answer: case 1: answered 2, expected 4",
        "set aside: 1 more; `factory problems` lists them",
    ]
    unchecked = load_problems(ProblemsConfig(path=path, check_reference=False), SETTINGS)
    assert len(unchecked.problems) == 4


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
    (refused,) = found.pop("refused")
    assert refused["place"] == f"{path}:5"
    assert found == {
        "problems": 4,
        "kinds": {"call": 2, "stdin": 1, "test_code": 1},
        "references": 3,
        "cases": 6,
        "public_cases": 1,
        "traced_cases": 3,
        "comparisons": {"equal": 5, "tokens": 1},
    }


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

"""A checker that a row brings grades nobody before it has shown that it tells right from wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from factory.config import GradingConfig, ProblemsConfig
from factory.errors import ProblemError
from factory.run.load_problems import load_problems

SETTINGS = GradingConfig.model_validate({"limits": {"cpu_s": 1}, "sandbox": {"backend": "bubblewrap"}})
PROMPT = "Print two positive numbers with sum n. If there are several answers, print any of them."
SUM = (
    "def check(input, output):\n"
    "    pair = [int(word) for word in output.split()]\n"
    "    return len(pair) == 2 and min(pair) > 0 and sum(pair) == int(input)\n"
)
COLUMNS = {name: name for name in ("id", "prompt", "inputs", "outputs", "reference", "checker")}


def loaded(tmp_path: Path, **fields: Any) -> tuple[list[str], list[str]]:
    """The kinds of comparison of what loads, and the reasons why the rest does not."""
    row = {
        "id": "a",
        "prompt": PROMPT,
        "inputs": ["5\n", "9\n"],
        "outputs": ["1 4\n", "4 5\n"],
        "reference": "n = int(input())\nprint(n - 1, 1)\n",
        "checker": SUM,
    }
    path = tmp_path / "p.jsonl"
    sound = row | {"id": "sound"}
    path.write_text("".join(json.dumps(one) + "\n" for one in (sound, row | fields)))
    taken = load_problems(ProblemsConfig(path=path, mapping=COLUMNS), SETTINGS)
    return [problem.comparison.kind for problem in taken.problems], [refusal.reason for refusal in taken.refused]


def test_a_row_with_a_sound_checker_is_decided_by_it(tmp_path: Path) -> None:
    assert loaded(tmp_path) == (["checker", "checker"], [])


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"checker": "def check(input, output):\n    return True\n"}, "takes '~no answer~' for an answer"),
        (
            {"checker": "def check(input, output):\n    return output[:1].isdigit()\n"},
            "takes every change of the recorded answers",
        ),
        (
            {"checker": "def check(input, output):\n    return output == '2 3\\n'\n"},
            "refuses the recorded answer '1 4\\n'",
        ),
        ({"checker": "def check(input, output):\n    while True: pass\n"}, "refuses the recorded answer"),
        ({"checker": "def chek(input, output):\n    return True\n"}, "the problem's checker does not load"),
        ({"checker": ""}, "accepts any of several answers, and it brings no checker"),
        ({"reference": "print(1, 1)\n"}, "its reference fails its own tests"),
        ({"outputs": ["1 4\n", "4 4\n"]}, "refuses the recorded answer '4 4\\n'"),
    ],
)
def test_a_checker_that_does_not_tell_right_from_wrong_is_none(
    tmp_path: Path, fields: dict[str, Any], reason: str
) -> None:
    kinds, reasons = loaded(tmp_path, **fields)
    assert kinds == ["checker"]
    assert len(reasons) == 1
    assert reason in reasons[0]


@pytest.mark.parametrize("token", ["--5", "-", "5-", "\u00b2", "\u0663", "1e5", "-0"])
def test_an_answer_of_any_token_can_be_changed(tmp_path: Path, token: str) -> None:
    checker = f"def check(input, output):\n    return output.startswith('{token}') and '8' not in output\n"
    fields = {"outputs": [f"{token} 7\n"] * 2, "checker": checker, "reference": f"print('{token} 7')\n"}
    assert loaded(tmp_path, **fields) == (["checker", "checker"], [])


def test_a_checker_of_calls_is_tried_with_values(tmp_path: Path) -> None:
    def row(name: str, checker: str) -> str:
        cases = [{"args": [6], "expected": [2, 3]}, {"args": [35], "expected": [5, 7]}]
        comparison = {"kind": "checker", "checker": checker}
        return json.dumps({"id": name, "prompt": "p", "entry_point": "f", "cases": cases, "comparison": comparison})

    product = "def check(input, output):\n    return output[0] * output[1] == input[0] and len(output) == 2\n"
    length = "def check(input, output):\n    return len(output) > 0 and isinstance(output, list)\n"
    path = tmp_path / "p.jsonl"
    path.write_text(row("product", product) + "\n" + row("length", length) + "\n")
    taken = load_problems(ProblemsConfig(path=path), SETTINGS)
    assert [problem.id for problem in taken.problems] == ["product"]
    assert [refusal.reason for refusal in taken.refused] == ["its checker takes every change of the recorded answers"]


def test_a_checker_column_goes_with_inputs(tmp_path: Path) -> None:
    columns = {"prompt": "p", "tests": "t", "entry_point": "e", "checker": "c"}
    path = tmp_path / "p.jsonl"
    path.write_text("{}\n")
    with pytest.raises(ProblemError, match=r"problems.mapping.checker: goes with inputs and outputs"):
        load_problems(ProblemsConfig(path=path, mapping=columns), SETTINGS)

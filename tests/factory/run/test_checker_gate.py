"""A checker that a row brings grades nobody before it has shown that it tells right from wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from factory.config import GradingConfig, ProblemsConfig
from factory.errors import ProblemError
from factory.grading import checker
from factory.run.load_problems import load_problems

SETTINGS = GradingConfig.model_validate({"limits": {"cpu_s": 1}, "sandbox": {"backend": "bubblewrap"}})
PROMPT = "Print two positive numbers with sum n. If there are several answers, print any of them."
SUM = (
    "def check(input, output):\n"
    "    pair = [int(word) for word in output.split()]\n"
    "    return len(pair) == 2 and min(pair) > 0 and sum(pair) == int(input)\n"
)
COLUMNS = {name: name for name in ("id", "prompt", "inputs", "outputs", "reference", "checker")}


ROW = {
    "prompt": PROMPT,
    "inputs": ["5\n", "9\n"],
    "outputs": ["1 4\n", "4 5\n"],
    "reference": "n = int(input())\nprint(n - 1, 1)\n",
    "checker": SUM,
}
UNSOUND: list[tuple[dict[str, Any], str]] = [
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
]
TOKENS = ("--5", "-", "5-", "\u00b2", "\u0663", "1e5", "-0")


def _with_token(token: str) -> dict[str, Any]:
    checker = f"def check(input, output):\n    return output.startswith('{token}') and '8' not in output\n"
    return {"outputs": [f"{token} 7\n"] * 2, "checker": checker, "reference": f"print('{token} 7')\n"}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Of each row of one file, by its id: the kind of its comparison, or the reason why it does not load."""
    rows = {"sound": ROW} | {reason: ROW | fields for fields, reason in UNSOUND}
    rows |= {token: ROW | _with_token(token) for token in TOKENS} | {"sound to the end": ROW}
    path = tmp_path_factory.mktemp("rows") / "p.jsonl"
    path.write_text("".join(json.dumps(row | {"id": name}) + "\n" for name, row in rows.items()))
    soon = replace(checker.LIMITS, cpu_s=0.5)  # for the one that never ends
    with mock.patch.object(checker, "LIMITS", soon):
        taken = load_problems(ProblemsConfig(path=path, mapping=COLUMNS), SETTINGS)
    found = {problem.id: problem.comparison.kind for problem in taken.problems}
    assert not found.keys() & {refusal.id for refusal in taken.refused}
    return found | {refusal.id: refusal.reason for refusal in taken.refused}


@pytest.mark.parametrize("name", ["sound", "sound to the end"])
def test_a_row_with_a_sound_checker_is_decided_by_it(loaded: dict[str, str], name: str) -> None:
    assert loaded[name] == "checker"


@pytest.mark.parametrize("reason", [reason for _, reason in UNSOUND])
def test_a_checker_that_does_not_tell_right_from_wrong_is_none(loaded: dict[str, str], reason: str) -> None:
    assert reason in loaded[reason]


@pytest.mark.parametrize("token", TOKENS)
def test_an_answer_of_any_token_can_be_changed(loaded: dict[str, str], token: str) -> None:
    assert loaded[token] == "checker"


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

"""What the solutions of a row say of its recorded answers: whether these decide, and whether a doubt is settled."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from factory.config import GradingConfig, ProblemsConfig
from factory.errors import ProblemError
from factory.run.load_problems import load_problems

SETTINGS = GradingConfig.model_validate({"limits": {"cpu_s": 1}, "sandbox": {"backend": "bubblewrap"}})
PLAIN = "Read n. Print its double."
DOUBT = "Read n. In the first line print k, the size of a set of numbers with the sum n. Then print k integers."
CHOICE = "Read n. Print a number above n. If there are multiple answers, print any."
RIGHT = "print(2 * int(input()))\n"
WRONG = "print(2 * int(input()) + 1)\n"


def expect(
    tmp_path: Path, question: str, right: int, wrong: int, *, usable: bool, other: str = WRONG, check: bool = True
) -> None:
    """That a row loads, or not, of whose solutions `right` give the recorded answers, and `wrong` others."""
    solutions = [f"# {n}\n{RIGHT}" for n in range(right)] + [f"# {n}\n{other}" for n in range(wrong)]
    tests = {"inputs": ["1\n", "4\n"], "outputs": ["2\n", "8\n"]}
    row = {"problem_id": 1, "question": question, "solutions": json.dumps(solutions), "input_output": json.dumps(tests)}
    path = tmp_path / "p.jsonl"
    path.write_text(json.dumps(row) + "\n")
    config = ProblemsConfig(path=path, format="apps", check_reference=check)
    if usable:
        assert load_problems(config, SETTINGS).problems
        return
    with pytest.raises(ProblemError, match=r"of its solutions answer|and it brings no checker"):
        load_problems(config, SETTINGS)


@pytest.mark.parametrize(
    ("right", "wrong", "usable"), [(1, 0, True), (1, 1, True), (3, 2, True), (2, 2, False), (1, 2, False)]
)
def test_as_many_solutions_with_other_answers_refuse_a_row(
    tmp_path: Path, right: int, wrong: int, *, usable: bool
) -> None:
    expect(tmp_path, PLAIN, right, wrong, usable=usable)


@pytest.mark.parametrize(
    ("right", "wrong", "usable"), [(4, 0, True), (5, 0, True), (3, 0, False), (1, 0, False), (4, 1, False)]
)
@pytest.mark.parametrize("check", [True, False])
def test_a_doubt_is_settled_by_solutions_that_all_agree(
    tmp_path: Path, right: int, wrong: int, *, usable: bool, check: bool
) -> None:
    expect(tmp_path, DOUBT, right, wrong, usable=usable, check=check)


def test_no_agreement_takes_back_a_choice_that_a_statement_leaves(tmp_path: Path) -> None:
    expect(tmp_path, CHOICE, 5, 0, usable=False)


@pytest.mark.parametrize("other", ["print(2.0 * int(input()))", "print(f'{2 * int(input()):.6f}')", "while True: pass"])
def test_a_solution_counts_only_by_what_it_answers(tmp_path: Path, other: str) -> None:
    """Another form of the same number is another answer, since nothing grants it; no answer is none."""
    expect(tmp_path, PLAIN, 1, 2, other=other, usable="while" in other)

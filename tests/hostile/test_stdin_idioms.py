"""How contest programs read, print, recurse and leave: each idiom passes, and with `max` for `sum` in it, does not.

An idiom is given three numbers on a second line and prints their sum, or what `#<` and `#>` say as Python.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from factory.grading.chain import verify
from factory.grading.session import GradingSession
from factory.records import Case, Problem, Program, Status

IDIOMS = dict(
    part.split("\n", 1)
    for part in Path(__file__).with_name("stdin_idioms.txt").read_text().removeprefix("#### ").split("\n#### ")
)
GIVEN = {"#<": "3\n1 2 3\n", "#>": "6\n"}


@pytest.mark.parametrize("name", IDIOMS)
def test_an_idiom_passes_and_its_wrong_twin_does_not(session: GradingSession, name: str) -> None:
    right = IDIOMS[name]
    said = GIVEN | {mark: eval(text) for mark, text in re.findall(r"^(#[<>]) (.*)$", right, re.MULTILINE)}
    problem = Problem(id=name, prompt="", cases=(Case(stdin=said["#<"], stdout=said["#>"]),))
    wrong = re.sub(r"\bsum\b", "max", right)
    passed, failed = verify(session, problem, [Program(0, right), Program(1, wrong)], "python")
    assert passed.status is Status.PASSED, passed.detail
    assert failed.status is not Status.PASSED

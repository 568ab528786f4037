"""Fixtures of the rollouts tests: problems, and a tiny model made on the spot."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from factory.records import Case, Problem

LETTERS = {"$": "set", "v": ["y", "x"]}
MAKE_MODEL = Path(__file__).with_name("tiny_model.py")


@pytest.fixture
def problem() -> Problem:
    return Problem(
        id="set/1",
        prompt="Add two numbers.",
        entry_point="add_up",
        starter_code="def add_up(a: int, b: int) -> int:\n",
        cases=(
            Case(args=[1, 2], expected=3, public=True),
            Case(args=[70007, 80008], expected=150015),
            Case(args=[{"$": "tuple", "v": [1]}], kwargs={"b": LETTERS}, expected=None, public=True),
        ),
    )


@pytest.fixture
def stdin_problem() -> Problem:
    cases = (Case(stdin="1 2\n", stdout="3\n", public=True), Case(stdin="70007 80008\n", stdout="150015\n"))
    return Problem(id="set/2", prompt="Read numbers, print their sum.", cases=cases)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A two-layer Llama with random weights and a byte-level tokenizer, 512 positions; nothing is downloaded."""
    directory = tmp_path_factory.mktemp("models") / "tiny"
    subprocess.run([sys.executable, str(MAKE_MODEL), str(directory)], check=True, capture_output=True)
    return directory

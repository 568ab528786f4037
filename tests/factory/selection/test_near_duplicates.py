"""Near-duplicates of different problems: the later is left out, with its translations, and nothing else is."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from factory.records import Survivor, sha256
from factory.selection import near_duplicates
from factory.selection.near_duplicates import ITS_SOURCE, LEAST_TOKENS, NEAR, NearDuplicates, _tokens

CODE = """
def longest(values, limit):
    # the longest run below the limit
    best = run = 0
    for value in values:
        if value < limit:
            run += 1
            best = max(best, run)
        else:
            run = 0
    return best
"""
RENAMED = CODE.replace("values", "xs").replace("best", "b").replace("  # the longest run below the limit\n", "")
OTHER = """
def count(text):
    found = {}
    for letter in text.lower():
        found[letter] = found.get(letter, 0) + 1
    return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
"""
GO = """
package main

func longest(values []int, limit int) int {
	best, run := 0, 0 // so far
	for _, value := range values {
		if value < limit { run++ } else { run = 0 }
		if run > best { best = run }
	}
	return best
}
"""


def survivor(code: str, problem: str = "p", language: str = "python", parent: str | None = None) -> Survivor:
    return Survivor(problem, 0, language, 0, code, sha256(code), "f", 1, 1, 1.0, 1.0, parent=parent)


def test_names_comments_and_layout_do_not_make_a_program_another() -> None:
    near = NearDuplicates(0.85)
    assert near.reasons([survivor(CODE)]) == [None]
    assert near.reasons([survivor(OTHER)]) == [None]
    assert near.reasons([survivor(RENAMED), survivor(OTHER.replace("found", "counts"))]) == [NEAR, NEAR]


def test_programs_of_one_problem_are_not_compared() -> None:
    near = NearDuplicates(0.85)
    assert near.reasons([survivor(CODE), survivor(RENAMED)]) == [None, None]
    assert near.reasons([survivor(RENAMED)]) == [NEAR]


def test_another_algorithm_of_the_same_shape_is_another_program() -> None:
    near = NearDuplicates(0.85)
    near.reasons([survivor(CODE)])
    assert near.reasons([survivor(CODE.replace("max", "min").replace("<", ">="))]) == [None]


def test_translations_go_with_their_source_and_are_compared_within_their_language() -> None:
    near = NearDuplicates(0.85)
    first, second = survivor(CODE), survivor(RENAMED)
    assert near.reasons([first, survivor(GO, language="go", parent=first.code_sha256)]) == [None, None]
    go = survivor("package main\n\nfunc other() int { return 1 }\n", language="go", parent=second.code_sha256)
    assert near.reasons([second, go]) == [NEAR, ITS_SOURCE]
    third = survivor(OTHER)
    copied = survivor(GO.replace("best", "b"), language="go", parent=third.code_sha256)
    assert near.reasons([third, copied]) == [None, NEAR]


def test_what_was_left_out_does_not_stand_in_anybodys_way() -> None:
    """Only what is shipped is compared with: else a chain of likes would leave nothing of its end."""
    first, between, last = (survivor(f"TABLE = {list(range(at, at + 200))}") for at in (0, 13, 26))
    near = NearDuplicates(0.82)
    assert near.reasons([first]) == [None]
    assert near.reasons([between]) == [NEAR]
    assert near.reasons([last]) == [None], "like one that was left out, and unlike all that are shipped"
    near = NearDuplicates(0.82)
    near.reasons([between])
    assert near.reasons([last]) == [NEAR]


def test_short_programs_coincide_by_nature() -> None:
    short = "def f(values):\n    return sorted(set(values))\n"
    assert len(list(_tokens(short, "python"))) < LEAST_TOKENS
    near = NearDuplicates(0.85)
    assert near.reasons([survivor(short)]) == near.reasons([survivor(short)]) == [None]


def test_none_compares_nothing() -> None:
    near = NearDuplicates(None)
    assert near.reasons([survivor(CODE)]) == near.reasons([survivor(CODE)]) == [None]


@pytest.mark.parametrize("seed", ["0", "1"])
def test_sketches_are_the_same_in_every_process(seed: str) -> None:
    code = (
        "from factory.selection.near_duplicates import RMinHash, SEED, SLOTS, _shingles\n"
        f"sketch = RMinHash(num_perm=SLOTS, seed=SEED)\nsketch.update(_shingles({CODE!r}, 'python'))\n"
        "print(sum(sketch.digest()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."}
    )
    assert done.stdout.strip() == "267378659940", done.stderr


def test_a_survivor_that_is_told_twice_is_still_one() -> None:
    near = NearDuplicates(0.85)
    one = survivor(CODE)
    assert near.reasons([one, replace(one, index=1)]) == [None, None]


def test_a_program_is_read_once_for_all_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def seen(code: str, language: str) -> Any:
        read.append(code)
        return lexed(code, language)

    lexed = near_duplicates._shingles
    monkeypatch.setattr(near_duplicates, "_shingles", seen)
    monkeypatch.setattr(near_duplicates, "_SKETCHES", {})
    programs = [survivor(CODE, "p"), survivor(OTHER, "q"), survivor(RENAMED, "r"), survivor("x = 1", "s")]
    passes = []
    for _ in range(2):
        near = NearDuplicates(0.85)
        passes.append([near.reasons([program]) for program in programs])
    assert passes[0] == passes[1] == [[None], [None], [NEAR], [None]]
    assert read == [program.code for program in programs]
    monkeypatch.setattr(near_duplicates, "MOST_KEPT", 4)
    near_duplicates.NearDuplicates(0.85).reasons([survivor(f"{CODE}\nmore = 1\n")] * 2)
    assert len(near_duplicates._SKETCHES) == 4

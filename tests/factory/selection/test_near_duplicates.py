"""Near-duplicates of different problems: the later is left out, with its translations, and nothing else is."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from factory.records import Survivor, sha256
from factory.selection.near_duplicates import ITS_SOURCE, LEAST_TOKENS, NEAR, Sieve, _tokens

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
    sieve = Sieve(0.85)
    assert sieve.sift([survivor(CODE)]) == [""]
    assert sieve.sift([survivor(OTHER)]) == [""]
    assert sieve.sift([survivor(RENAMED), survivor(OTHER.replace("found", "counts"))]) == [NEAR, NEAR]


def test_programs_of_one_problem_are_not_compared() -> None:
    sieve = Sieve(0.85)
    assert sieve.sift([survivor(CODE), survivor(RENAMED)]) == ["", ""]
    assert sieve.sift([survivor(RENAMED)]) == [NEAR]


def test_another_algorithm_of_the_same_shape_is_another_program() -> None:
    sieve = Sieve(0.85)
    sieve.sift([survivor(CODE)])
    assert sieve.sift([survivor(CODE.replace("max", "min").replace("<", ">="))]) == [""]


def test_translations_go_with_their_source_and_are_compared_within_their_language() -> None:
    sieve = Sieve(0.85)
    first, second = survivor(CODE), survivor(RENAMED)
    assert sieve.sift([first, survivor(GO, language="go", parent=first.code_sha256)]) == ["", ""]
    go = survivor("package main\n\nfunc other() int { return 1 }\n", language="go", parent=second.code_sha256)
    assert sieve.sift([second, go]) == [NEAR, ITS_SOURCE]
    third = survivor(OTHER)
    copied = survivor(GO.replace("best", "b"), language="go", parent=third.code_sha256)
    assert sieve.sift([third, copied]) == ["", NEAR]


def test_what_was_left_out_does_not_stand_in_anybodys_way() -> None:
    """Only what is shipped is compared with: else a chain of likes would leave nothing of its end."""
    sieve = Sieve(0.99)
    sieve.sift([survivor(CODE)])
    assert sieve.sift([survivor(CODE)]) == [NEAR]
    assert sieve._of("python").len() == 1


def test_short_programs_coincide_by_nature() -> None:
    short = "def f(values):\n    return sorted(set(values))\n"
    assert len(list(_tokens(short, "python"))) < LEAST_TOKENS
    sieve = Sieve(0.85)
    assert sieve.sift([survivor(short)]) == sieve.sift([survivor(short)]) == [""]


def test_none_compares_nothing() -> None:
    sieve = Sieve(None)
    assert sieve.sift([survivor(CODE)]) == sieve.sift([survivor(CODE)]) == [""]


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
    sieve = Sieve(0.85)
    one = survivor(CODE)
    assert sieve.sift([one, replace(one, index=1)]) == ["", ""]

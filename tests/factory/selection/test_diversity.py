"""Shapes of programs: what counts for them and what does not, in each language."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from factory.selection.diversity import distance, features

PYTHON = """
from typing import List
import math

def f(xs: list) -> int:
    \'\'\'The sum of if for while.\'\'\'
    total = 0  # if
    for x in xs:
        if x > 3 and x != 17:
            total += x // 2
    return total
"""
GO = """
package main

import "fmt"

/* for if
while */
func f(xs []int) int {
	total := 0 // if
	for _, x := range xs {
		if x > 3 && x != 17 {
			total += x / 2
		}
	}
	return total
}
"""
JAVASCRIPT = """
// for if
const f = (xs) => {
  let total = 0;
  for (const x of xs) {
    if (x > 3 && x !== 17) {
      total += Math.floor(x / 2);
    }
  }
  return total;
};
"""
PROGRAMS = {"python": PYTHON, "go": GO, "javascript": JAVASCRIPT}


def away(one: str, other: str, language: str = "python") -> float:
    return distance(features(one, language), features(other, language))


@pytest.mark.parametrize("language", PROGRAMS)
def test_names_constants_comments_and_imports_do_not_count(language: str) -> None:
    code = PROGRAMS[language]
    comment = {"python": "#"}.get(language, "//")
    renamed = code.replace("total", "t").replace("xs", "items").replace("17", "4.5").replace(comment + " if", comment)
    assert away(code, code.replace("fmt", "os").replace("math", "re"), language) == 0
    assert away(code, renamed.replace("The sum of if for while.", "No."), language) == 0


@pytest.mark.parametrize("language", PROGRAMS)
def test_operators_and_words_that_steer_count(language: str) -> None:
    code = PROGRAMS[language]
    assert 0 < away(code, code.replace(">", "<"), language) < 0.5
    assert 0 < away(code, code.replace("return total", "return f(total)"), language) < 0.5
    assert away(code, "", language) > 0.9


def test_calls_count_by_name_but_for_those_of_its_own_functions() -> None:
    assert away("def f(x):\n    return sorted(x)", "def f(x):\n    return list(x)") > 0
    assert away("def f(x):\n    return x.sort()", "def f(x):\n    return x.pop()") > 0
    assert away("def f(x):\n    return f(x[1:])", "def g(x):\n    return g(x[1:])") == 0
    assert away("def f(x):\n    return f(x[1:])", "def g(x):\n    return max(x[1:])") > 0
    assert away("const f = (x) => f(x)", "const g = (x) => g(x)", "javascript") == 0


def test_loops_in_loops_are_not_loops_after_loops() -> None:
    nested = "for a in b:\n    for c in d:\n        e(a)\n"
    assert away(nested, "for a in b:\n    e(a)\nfor c in d:\n    e(a)\n") > 0
    assert away(nested, nested.replace("    ", "\t")) == 0


@pytest.mark.parametrize("start", ["'''", '"""', "/*", "`", "'", '"', "# ", "for (", "\\"])
def test_reading_what_never_ends_is_linear(
    start: str, assert_grows: Callable[..., None], cpu_s: Callable[..., float]
) -> None:
    def read(size: int) -> None:
        for language in PROGRAMS:
            features(f"x {start} " * size, language)

    assert_grows(lambda size: cpu_s(lambda: read(size)), 2000)


def test_a_distance_lies_between_nothing_and_one_and_is_the_same_both_ways() -> None:
    shapes = [features(code, "python") for code in (*PROGRAMS.values(), "", "x", "x + 1")]
    for one in shapes:
        assert distance(one, one) == 0
        for other in shapes:
            assert distance(one, other) == distance(other, one)
            assert 0 <= distance(one, other) <= 1

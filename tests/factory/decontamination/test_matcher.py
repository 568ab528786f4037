"""What repeats a benchmark and what does not: planted leaks are caught, boilerplate and chance are not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from factory.config import DecontaminationConfig
from factory.decontamination.matcher import COMMON, Contamination, Hit, tokens
from factory.records import BenchmarkMatch, BenchmarkProblem, Problem, Status, Verdict

PROBLEM = Problem(id="p", prompt="", test_code="def check(candidate):\n    assert candidate()\n", entry_point="f")
PROMPT = '''from typing import List


def longest_plateau(heights: List[int]) -> int:
    """ Return the length of the longest stretch of neighbouring heights that are all the same,
    or zero where no heights are given.
    >>> longest_plateau([1, 2, 2, 3])
    2
    """
'''
SOLUTION = """    best = run = 0
    before = None
    for height in heights:
        run = run + 1 if height == before else 1
        best = max(best, run)
        before = height
    return best
"""
RENAMED = """
import os, sys
class Solution:
    def solve(self,
              rows):
        # quite my own
        top = now = 0 ; last = None
        for row in rows:
            now = now + 1 if row == last else 1
            top = max(top, now)
            last = row
        return top
"""
HONEST = """
from itertools import groupby
def longest_plateau(heights):
    return max((sum(1 for _ in same) for _, same in groupby(heights)), default=0)
"""
GO = """package main

func longestPlateau(heights []int) int {
	best, run := 0, 0
	for i, height := range heights {
		if i > 0 && height == heights[i-1] {
			run++
		} else {
			run = 1
		}
		if run > best {
			best = run
		}
	}
	return best
}
"""
LEAK = BenchmarkProblem("mine", "Mine/0", PROMPT, (SOLUTION,))


def known(*problems: BenchmarkProblem, **settings: float) -> Contamination:
    return Contamination(problems, DecontaminationConfig.model_validate(settings))


def prompt(text: str, number: int = 0) -> BenchmarkProblem:
    return BenchmarkProblem("b", f"b/{number}", text)


def program(*solutions: str) -> BenchmarkProblem:
    return BenchmarkProblem("b", "b/0", "Solve it.", solutions)


# ---- prompts ----


def test_thirteen_tokens_of_a_prompt_are_found_in_other_words_around_them() -> None:
    text = "Task 4. Please return the LENGTH of the longest stretch of\n\nneighbouring heights that are all equal."
    shown = "return the length of the longest stretch of neighbouring heights that are all"
    assert known(LEAK).of_prompt(text) == Hit("mine", "Mine/0", f"shares 13 tokens with Mine/0: '{shown}'")
    assert known(LEAK).of_prompt(text.replace("all equal", "equal")) is None
    assert known(LEAK, ngram=16).of_prompt(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]",
        "def f(values: List[int], others: List[int]) -> List[int]:",
        "from typing import Any, Dict, List, Optional, Sequence, Set, Tuple, Union, Iterable, Iterator, Callable\n",
        "import os, sys, re, json, math, random, string, itertools, functools, collections, heapq, bisect, copy\n",
    ],
)
def test_lists_of_numbers_signatures_and_imports_tell_nothing(text: str) -> None:
    ours = f"Something of ours.\n{text}\nWhich is all there is to say about it."
    assert known(prompt(f"What they ask.\n{text}\nAnd a different end of it all.")).of_prompt(ours) is None


def test_a_run_that_many_problems_of_a_benchmark_have_tells_nothing() -> None:
    common = "write a function that takes a list of numbers and returns the one which"
    problems = [prompt(f"{common} is of kind {number}", number) for number in range(COMMON + 1)]
    assert known(*problems[:COMMON]).of_prompt(f"Please {common} we like") is not None
    assert known(*problems).of_prompt(f"Please {common} we like") is None
    hit = known(*problems).of_prompt(f"Please {common} is of kind 7")
    assert hit is not None
    assert hit.problem == "b/7"


def test_the_same_run_in_two_benchmarks_is_not_common_for_that() -> None:
    problems = [replace(prompt(PROMPT, n), benchmark=f"b{n}") for n in range(COMMON + 5)]
    hit = known(*problems).of_prompt(PROMPT)
    assert hit is not None
    assert hit.benchmark == "b0"


@pytest.mark.parametrize(
    ("text", "shared"),
    [
        ("Write a function to reverse words in a given string.", 11),
        ('def strlen(s: str) -> int:\n    """ Return length of given string\n    >>> strlen(\'\')\n    0\n    """', 31),
    ],
)
def test_a_prompt_without_a_telling_run_is_found_whole(text: str, shared: int) -> None:
    hit = known(prompt(text)).of_prompt(f"Hello. {text} It has to be fast.")
    assert hit is not None
    assert hit.detail.startswith(f"shares {shared} tokens with b/0: ")
    assert known(prompt(text)).of_prompt(text.replace("string", "text")) is None


def test_a_prompt_of_a_few_tokens_tells_nothing() -> None:
    assert known(prompt("Add two numbers.")).of_prompt("Add two numbers.") is None


# ---- programs ----


def found(known: Contamination, code: str, language: str = "python") -> str | None:
    hit = known.of_program(code, language)
    return hit.detail if hit else None


def test_a_solution_with_other_names_and_layout_is_found_as_a_method_too() -> None:
    assert found(known(LEAK), RENAMED) == "solve is, but for names, that of a solution of Mine/0"
    assert found(known(LEAK), RENAMED.replace("else 1", "else 0")) is None
    assert found(known(replace(LEAK, solutions=(RENAMED,))), PROMPT.partition('    """')[0] + SOLUTION) is not None


def test_a_helper_that_is_a_benchmarks_solution_is_found() -> None:
    code = f"def main(x):\n    return x + f(x)\n\ndef f(heights):\n{SOLUTION}".replace("height", "h")
    assert found(known(LEAK), code) == "f is, but for names, that of a solution of Mine/0"


def test_a_solution_with_lines_put_between_is_found_by_its_text() -> None:
    code = f"def f(heights, more):\n    print(more)\n{SOLUTION}    # that is it\n".replace(
        "before = None", "before = 0"
    )
    told = found(known(LEAK), code)
    assert told is not None
    assert "% of a solution of Mine/0: '" in told
    assert found(known(LEAK, solution_share=0.99), code) is None


def test_a_line_of_a_short_solution_tells_nothing() -> None:
    line = "print(*sorted(set(input().split())))\n"
    assert 13 < len(tokens(line)) < 19
    assert found(known(program(line)), f"def g():\n    {line}", "javascript") is None
    longer = line + "print(sum(len(word) for word in input().split()))\n"
    assert found(known(program(longer)), f"def g():\n    {longer}", "javascript") is not None


def test_an_honest_program_for_the_same_problem_is_not_found() -> None:
    assert found(known(LEAK), HONEST) is None


def test_a_prompt_in_a_comment_is_found_in_any_language() -> None:
    comment = "// the length of the longest stretch of neighbouring heights that are all the same\n"
    told = found(known(LEAK), comment + "func f() int { return 1 }", "go")
    assert told is not None
    assert told.startswith("shares 13 tokens with Mine/0: 'the length of the longest stretch")


def test_a_benchmark_in_go_is_found_in_a_translation() -> None:
    told = found(known(program(GO)), GO.replace("package main", "package other").replace("run++", "run += 1"), "go")
    assert told is not None
    assert "of a solution of b/0" in told
    other = "func f(xs []int) int {\n\ts := 0\n\tfor _, x := range xs {\n\t\ts += x\n\t}\n\treturn s\n}\n"
    assert found(known(program(GO)), other, "go") is None


def test_a_text_alone_may_be_a_program() -> None:
    assert found(known(prompt(GO)), GO, "go") is not None


def test_what_everybody_writes_is_not_found() -> None:
    mirror = "def f(s):\n    return s == s[::-1]\n"
    start = "if __name__ == '__main__':\n    import sys\n    main(sys.argv)\n"
    solved = "def g(values):\n    return [value * value for value in values if value % 3 == 1 and value > 17]\n"
    for common in (mirror, start):
        assert found(known(program(common + solved)), f"{common}def h(x):\n    return x\n") is None


# ---- verdicts ----


def verdict(index: int, code: str, status: Status = Status.PASSED, **fields: Any) -> Verdict:
    return replace(Verdict("p", index, "python", status, code=code, normal_form=str(index)), **fields)


def test_programs_that_passed_are_compared_and_duplicates_too() -> None:
    leaked = PROMPT + SOLUTION
    given = [
        verdict(0, HONEST),
        verdict(1, leaked, cases_passed=3),
        verdict(2, leaked, duplicate_of=1),
        verdict(3, leaked, Status.WRONG_ANSWER, detail="case 0"),
        verdict(4, "", Status.NO_CODE),
        verdict(5, HONEST, duplicate_of=0),
    ]
    done = known(LEAK).apply(PROBLEM, given)
    assert [one.status for one in done] == [
        "passed",
        "contaminated",
        "contaminated",
        "wrong_answer",
        "no_code",
        "passed",
    ]
    assert done[1].detail == "longest_plateau is, but for names, that of a solution of Mine/0"
    assert done[2].contaminated_by == BenchmarkMatch("mine", "Mine/0")
    assert done[1].cases_passed == 3
    assert [done[at] for at in (0, 3, 4, 5)] == [given[at] for at in (0, 3, 4, 5)]
    assert known(LEAK).apply(PROBLEM, done) == done


def test_without_benchmarks_nothing_is_hit() -> None:
    assert known().apply(PROBLEM, [verdict(0, PROMPT + SOLUTION)]) == [verdict(0, PROMPT + SOLUTION)]
    assert known().of_prompt(PROMPT) is None
    assert known().sizes == {}
    assert known(LEAK).sizes == {"mine": 1}


def test_time_grows_with_the_programs_and_not_with_the_benchmarks(
    assert_grows: Callable[..., None], cpu_s: Callable[..., float]
) -> None:
    indices = {
        size: known(*(prompt(f"{PROMPT} {number} {number * 7919}", number) for number in range(size)))
        for size in (50, 200)
    }
    verdicts = [verdict(number, HONEST) for number in range(200)]
    assert_grows(lambda size: cpu_s(lambda: indices[50].apply(PROBLEM, verdicts[:size])), 50)
    assert_grows(lambda size: cpu_s(lambda: indices[size].apply(PROBLEM, verdicts)), 50, most=2)

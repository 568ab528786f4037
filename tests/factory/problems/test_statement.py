"""What statements say of their answers: only what they say in words counts."""

from __future__ import annotations

import pytest

from factory.problems.parsing.statement import of_calls, of_streams


@pytest.mark.parametrize(
    "text",
    [
        "If there are multiple answers, print any of them.",
        "If there are several possible solutions, output any.",
        "If there are many optimal sequences, you may print any of them.",
        "You can output any valid answer.",
        "Any of them will be accepted.",
        "Any valid answer is accepted.",
        "The judge accepts any correct output.",
        "If there is more than one solution, find any one of them.",
        "Print any.",
        "Print the numbers in any order.",
    ],
)
def test_one_of_several_answers_cannot_be_told_by_one_output(text: str) -> None:
    with pytest.raises(ValueError, match="accepts any of several answers, and it brings no checker"):
        of_streams(f"Some story. {text}\nMore.")


@pytest.mark.parametrize(
    "text",
    [
        "Print the number of ways to choose any two of the n cards.",
        "Print the answer in order of appearance.",
        "There are many people. Print their number.",
        "If any number is negative, print -1.",
        "If any of them is zero, print 0.",
        "She may eat any of them.",
        "You can perform the operation any number of times.",
    ],
)
def test_other_uses_of_the_words_do_no_harm(text: str) -> None:
    comparison = of_streams(text)
    assert (comparison.kind, comparison.any_case, comparison.numbers) == ("tokens", False, False)


@pytest.mark.parametrize(
    ("text", "tolerance"),
    [
        ("if its absolute or relative error does not exceed 10^{-6}.", 1e-6),
        ("the relative or absolute error should not exceed 10^-9", 1e-9),
        ("considered correct if its relative error is at most 10 - 4.", 1e-4),
        ("with an absolute error of less than 1e-5", 1e-5),
        ("within precision 0.001 please", 1e-3),
        ("error of at most 10^{-6}, or error of 10^{-4} for the first", 1e-6),
    ],
)
def test_a_tolerance_is_taken_from_the_statement(text: str, tolerance: float) -> None:
    for comparison in (of_streams(text), of_calls(text)):
        assert (comparison.rel, comparison.abs) == (tolerance, tolerance)
    assert of_streams(text).numbers
    assert of_calls(text).kind == "float"


@pytest.mark.parametrize(
    "text",
    [
        "You can print each letter in any case (upper or lower).",
        "You may print every letter in any case.",
        'The answer is case-insensitive: "yes" and "YES" are the same.',
    ],
)
def test_letters_of_either_case_only_where_the_statement_says_so(text: str) -> None:
    assert of_streams(text).any_case


def test_values_in_any_order() -> None:
    assert of_calls("You may return the answer in any order.").kind == "unordered"
    assert of_calls("Return the sorted list.").kind == "equal"
    with pytest.raises(ValueError, match="any of several answers"):
        of_calls("If there are multiple solutions, return any valid one of them.")

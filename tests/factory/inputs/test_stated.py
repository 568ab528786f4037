"""What a prompt states in words of its inputs."""

from __future__ import annotations

import pytest

from factory.inputs.stated import Stated
from factory.records import Case

NUMBERS, LISTS = [((5,), 1), ((30,), 1)], [(([5, 8],), 1), (([1, 2, 3],), 1)]


@pytest.mark.parametrize(
    ("prompt", "greatest"),
    [
        ("Knowing that (a) is less then 100.", 99),
        ("The number is smaller than 50 and even.", 49),
        ("Constraints: 1 <= n <= 1,000", 1000),
        ("1 ≤ n ≤ 10^5", 10**5),
        ("n is an integer between 1 and 40.", 40),
        ("A value from 1 to 10**3; it will not exceed 900.", 1000),
        ("n < 31", 30),
    ],
)
def test_no_number_is_greater_than_stated(make_problem, prompt, greatest):
    stated = Stated(make_problem(*NUMBERS, prompt=prompt))
    assert stated.admit(Case(args=[greatest], expected=None))
    assert not stated.admit(Case(args=[greatest + 1], expected=None))
    assert not stated.admit(Case(args=[[{"a": greatest + 1}]], expected=None))


@pytest.mark.parametrize("prompt", ["Say hello 100 times.", "Is n less than 20?", "Up to date since 1999", "n < 0"])
def test_what_is_no_limit_of_the_cases_excludes_nothing(make_problem, prompt):
    assert Stated(make_problem(*NUMBERS, prompt=prompt)).admit(Case(args=[10**9], expected=None))


@pytest.mark.parametrize(
    "prompt",
    [
        "From a list of numbers (of length at least two) select the closest.",
        "Given at least 2 elements, sum them.",
        "Take two or more numbers.",
        "The length >= 2.",
    ],
)
def test_no_list_is_smaller_than_stated(make_problem, prompt):
    stated = Stated(make_problem(*LISTS, prompt=prompt))
    assert stated.admit(Case(args=[[5, 5]], expected=None))
    assert not stated.admit(Case(args=[[5]], expected=None))


def test_a_list_may_have_to_have_an_item(make_problem):
    stated = Stated(make_problem(*LISTS, prompt="The greatest of a non-empty list."))
    assert stated.admit(Case(args=[[5]], expected=None))
    assert not stated.admit(Case(args=[[]], expected=None))
    other = make_problem(*LISTS, (([],), 0), prompt="The greatest of a non-empty list.")
    assert Stated(other).admit(Case(args=[[]], expected=None))


def test_standard_input_keeps_what_is_stated(make_problem):
    stated = Stated(make_problem(("3\n", "3\n"), ("7\n", "7\n"), prompt="n (1 <= n <= 100)"))
    assert stated.admit(Case(stdin="100\n", stdout=""))
    assert not stated.admit(Case(stdin="101\n", stdout=""))


def test_powers_and_long_numbers_are_read(make_problem):
    prompt = f"n <= {'9' * 18}^99 and m < {'1' * 500}"
    assert Stated(make_problem(*NUMBERS, prompt=prompt)).admit(Case(args=[10**18], expected=None))

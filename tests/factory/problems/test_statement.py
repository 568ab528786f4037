"""What statements say of their answers: only what they say in words counts."""

from __future__ import annotations

import pytest

from factory.grading.comparison import matcher
from factory.problems.parsing.statement import of_calls, of_streams
from factory.records import Case
from factory.records.values import encode


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
        ("considered correct if its error is at most 10 - 4.", 1e-4),
        ("Print it with an error of less than 1e-5", 1e-5),
        ("Print it within precision 0.001 please", 1e-3),
        ("an answer with an error of at most 10^{-6}, or an error of 10^{-4} for the first", 1e-6),
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


@pytest.mark.parametrize(
    ("text", "relative", "absolute"),
    [
        ("The answer is accepted if its absolute error is at most 10^-4.", 0, 1e-4),
        ("The answer is accepted if its relative error is at most 10^-4.", 1e-4, 0),
        ("Answers within 10-5 of the actual answer will be accepted.", 0, 1e-5),
    ],
)
def test_no_more_is_granted_than_is_said(text: str, relative: float, absolute: float) -> None:
    for comparison in (of_streams(text), of_calls(text)):
        assert (comparison.rel, comparison.abs) == (relative, absolute)


@pytest.mark.parametrize(
    "text",
    [
        "The sensor has an error of at most 10^-3. Print the mean.",
        "Print the number of points within 0.001 of the origin.",
        "The names given are case-insensitive. Print their number.",
        "You can order the deck in any order. Print the deck.",
        "Print the version.",
    ],
)
def test_words_about_something_else_grant_nothing(text: str) -> None:
    comparison = of_streams(text)
    assert (comparison.rel, comparison.abs, comparison.numbers, comparison.any_case) == (0, 0, False, False)
    assert of_calls(text).kind == "equal"


@pytest.mark.parametrize(
    ("got", "want", "right"),
    [
        ("1234566.89", "1234567.89", False),
        ("3.1", "3.10", False),
        ("1000", "1e3", False),
        ("3.10 x", "3.10  x\n", True),
    ],
)
def test_without_a_tolerance_tokens_are_matched_to_the_letter(got: str, want: str, right: bool) -> None:
    assert matcher(of_streams("Print it."), stream=True)(got, want) is right


@pytest.mark.parametrize(
    "text",
    [
        "This is an interactive problem.",
        "Flush the output after each query.",
        "Your program interacts with the grader.",
    ],
)
def test_an_interactive_problem_is_refused(text: str) -> None:
    for of in (of_streams, of_calls):
        with pytest.raises(ValueError, match="interactive"):
            of(text)


@pytest.mark.parametrize(
    "text",
    [
        "Return any string that is good.",
        "Output any permutation.",
        "Construct any graph with n vertices.",
        "Print any such array.",
        "Any answer which fits will be accepted.",
        "If there are two, anyone will do.",
    ],
)
def test_other_ways_to_leave_a_choice(text: str) -> None:
    for of in (of_streams, of_calls):
        with pytest.raises(ValueError, match="accepts any of several answers"):
            of(text)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("You can order the deck in any order. Return the deck.", "equal"),
        ("Return the largest sum after the cards are rearranged in any order.", "equal"),
        ("Return all pairs in any order.", "unordered"),
        ("The answer may be given in any order.", "unordered"),
        ("Return the pairs. Any order is accepted.", "unordered"),
    ],
)
def test_any_order_is_that_of_the_answer(text: str, kind: str) -> None:
    assert of_calls(text).kind == kind


def test_values_in_any_order() -> None:
    assert of_calls("You may return the answer in any order.").kind == "unordered"
    assert of_calls("Return the sorted list.").kind == "equal"
    with pytest.raises(ValueError, match="any of several answers"):
        of_calls("If there are multiple solutions, return any valid one of them.")


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("Return the groups in any order; each group sorted.", (0,)),
        ("Return the groups by size; within a group the words may be in any order.", (1,)),
        ("Return all triplets. The order of the output and the order of the triplets does not matter.", (0, 1)),
        ("Return the teams in any order; the players of each team may be in any order too.", (0, 1)),
        ("Return all root-to-leaf paths of a tree in any order.", (0,)),
        ("Given a list of ids in any order, return those that occur twice.", ()),
        ("Return the words that you can get if letters are removed in any order.", ()),
    ],
)
def test_an_order_is_free_at_the_levels_that_are_named(text: str, levels: tuple[int, ...]) -> None:
    comparison = of_calls(text)
    assert (comparison.free_levels if comparison.kind == "unordered" else ()) == levels


def call(expected: object) -> Case:
    return Case(args=[], expected=encode(expected))


@pytest.mark.parametrize(
    ("text", "answers", "kind"),
    [
        ("You may return the answer in any order.", ([3, 1],), "unordered"),
        ("You may return the answer in any order.", (3, True), "equal"),
        ("Return the ids in sorted order. You may return the answer in any order.", ([1, 3], [2]), "equal"),
        ("Return the ids in sorted order. You may return the answer in any order.", ([3, 1, 2],), "unordered"),
    ],
)
def test_recorded_answers_say_what_an_order_can_be_of(text: str, answers: tuple[object, ...], kind: str) -> None:
    assert of_calls(text, [call(answer) for answer in answers]).kind == kind


def test_a_text_whose_letters_may_come_in_any_order_is_not_decided_by_one() -> None:
    with pytest.raises(ValueError, match="several answers"):
        of_calls("Return the letters in any order.", [call("ab")])


@pytest.mark.parametrize(
    "text",
    [
        "Return any string that is good.",
        "Your program may print any valid answer.",
        "Print any such permutation.",
        "Any answer which has the same highest similarity will be accepted.",
        "If more than one fits, anyone will do.",
        "Construct any graph with n vertices.",
        "Find a colouring or determine that it is impossible.",
        "Your task is to construct an undirected graph such that its degree set is d.",
        "Print any way to do this in the following format.",
        "Construct a rooted tree. The picture shows one of the possible solutions.",
        "Sort the words by length; words with the same length may come in any order.",
    ],
)
def test_an_object_that_may_be_another_is_a_choice(text: str) -> None:
    for read in (of_streams, of_calls):
        with pytest.raises(ValueError, match="and it brings no checker"):
            read(text)


@pytest.mark.parametrize(
    "text",
    [
        "She can choose any of the seats. Print their number.",
        "The spy can find any path of length k. Print their number.",
        "Two ways are different if one of them has a rook where the other has none. Count them.",
        "If there are multiple answers, print the smallest one.",
        "Return true if any cycle exists.",
        "To change your score, you can make any number of hacks. Print the least number.",
        "You may not return it to any of the bags. Print the sum.",
        "Answers with any error less than 10^-5 will be accepted.",
        "In any case, print the sum.",
    ],
)
def test_what_is_chosen_in_the_story_is_no_choice_of_answers(text: str) -> None:
    assert of_streams(text).kind == "tokens"
    assert not of_streams(text).any_case


@pytest.mark.parametrize("text", ["You can ask the judge at most 20 questions.", "The interactor replies with -1."])
def test_a_judge_that_answers_back_is_none_that_a_recorded_output_replaces(text: str) -> None:
    with pytest.raises(ValueError, match="interactive problem"):
        of_streams(text)


@pytest.mark.parametrize(
    ("text", "granted"),
    [
        ("You can print each letter in lowercase or uppercase.", True),
        ("You can print each letter in an arbitrary case (upper or lower).", True),
        ("You can print your answer in any case.", True),
        ("Print YES or NO; the case of letters does not matter.", True),
        ("Letters of the given words may be in any case.", False),
        ("Count the sections that repeat a word (case insensitive).", False),
    ],
)
def test_case_is_granted_to_what_is_printed_alone(text: str, granted: bool) -> None:
    assert of_streams(text).any_case is granted


@pytest.mark.parametrize(
    "text",
    [
        "A word can consist of uppercase and lowercase letters. Print its length.",
        "The password may contain letters in uppercase or lowercase. Print YES if it is strong.",
        "Letters can be written in upper or lower case; print how many differ.",
        "Print the number of letters that can be printed in any case.",
    ],
)
def test_letters_of_the_input_grant_no_case(text: str) -> None:
    assert not of_streams(text).any_case


@pytest.mark.parametrize(
    "text",
    [
        "Print any prime factor of n.",
        "Print a possible arrangement.",
        "Give one example of such a string.",
        "The solution is not necessarily unique, print one.",
        "If there is a tie, either winner may be printed.",
        "A special judge reads the output.",
        "Print the moves. You do not need to minimize their number.",
    ],
)
def test_words_that_only_a_choice_of_answers_brings(text: str) -> None:
    with pytest.raises(ValueError, match="several answers"):
        of_streams(text)


@pytest.mark.parametrize(
    "text",
    [
        "Return nums after the moves. You may do the moves in any order.",
        "Return the names that win. They may attack in any order.",
        "The results of the matches can be announced in any order. Return the names of the winners.",
    ],
)
def test_what_somebody_does_in_any_order_is_no_order_of_the_answer(text: str) -> None:
    assert of_calls(text).kind == "equal"


@pytest.mark.parametrize(
    "text",
    [
        "Print a colouring. The checker accepts every valid one.",
        "Print the plan; the tests accept each plan of that length.",
        "Your solution does not have to use the fewest moves.",
        "It need not be the shortest.",
        "Print a string; whichever string you print is fine.",
        "When there are many, every choice earns full marks.",
        "Multiple results can be correct, and all of them pass.",
        "Print the list; any reordering that meets the conditions passes the tests.",
        "Return the index of a peak. Any peak will do.",
        "Otherwise print the edges of a suitable tree.",
        "Output n integers that could have been the original array.",
        "Construct a simple graph with exactly k triangles.",
        "Multiple segments may be optimal; it is enough to report one.",
        "There may be many solutions; you need to give just one.",
        "If there are many such pairs, one pair suffices.",
        "Print a path of that cost, ties broken arbitrarily.",
        "It does not matter which one you print if several fit.",
        "If it is possible, print one of the ways to cut the cake.",
        "The answer is not unique.",
        "Print the operations, not necessarily a minimal number of them.",
        "Print the vertices of a cycle.",
    ],
)
def test_an_object_that_is_one_of_several_is_a_choice(text: str) -> None:
    with pytest.raises(ValueError, match="and it brings no checker"):
        of_streams(text)
    with pytest.raises(ValueError, match="and it brings no checker"):
        of_calls(text)


@pytest.mark.parametrize(
    "text",
    [
        "Polycarp accepts every coin. Print how many coins he gets.",
        "It does not matter which player starts. Print the length of the game.",
        "If all of them pass the exam, print ALL.",
        "Print the number of edges of a suitable tree.",
        "Print YES if there is a valid path.",
        "Print the length of the longest walk in a valid maze.",
        "If the answer is not unique, print the smallest.",
        "There are many cities; you need to print one number.",
        "Print one of the words YES and NO.",
        "Build an array ans where ans[i] is the sum of the first i numbers.",
        "Each test gives one point. Print the number of points.",
        "Print the sum of the points that every team gets.",
        "The graders read the answers of all students. Print how long it takes.",
    ],
)
def test_words_that_only_look_like_a_choice_leave_none(text: str) -> None:
    assert of_streams(text).kind == "tokens"
    assert of_calls(text).kind == "equal"


@pytest.mark.parametrize(
    ("text", "tolerance"),
    [
        ("It is accepted if and only if |a-b|/max(1,|b|) <= 10^{-6}.", (1e-6, 1e-6)),
        ("It is correct if \\frac{|a - b|}{\\max{(1, |b|)}} \\le 10^{-9}.", (1e-9, 1e-9)),
        ("Print the time. Absolute errors up to 0.0001 are tolerated.", (0.0, 1e-4)),
    ],
)
def test_a_tolerance_in_other_words(text: str, tolerance: tuple[float, float]) -> None:
    assert (of_streams(text).rel, of_streams(text).abs) == tolerance


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("Return the ids. Their order in the list is not checked.", (0,)),
        ("You may return the result list in any sequence.", (0,)),
        ("Return the values; the order in which they come is up to you.", (0,)),
        ("Group the anagrams. Neither the order of the groups nor of the words in them matters.", (0, 1)),
        ("Return the groups. The groups and the members of each group may come in any order.", (0, 1)),
        ("Return the groups. The members of each group may come in any order.", (1,)),
        ("Return the cost of any sequence of moves in any sequence of rooms.", ()),
    ],
)
def test_an_order_is_free_in_other_words(text: str, levels: tuple[int, ...]) -> None:
    found = of_calls(text)
    assert (found.free_levels if found.kind == "unordered" else ()) == levels


@pytest.mark.parametrize(
    "text",
    [
        "The checker is not case-insensitive.",
        "The measured values have a relative error of at most 10^-4; print how many of them may be equal.",
    ],
)
def test_what_is_denied_or_said_of_something_else_is_not_granted(text: str) -> None:
    comparison = of_streams(text)
    assert (comparison.rel, comparison.abs, comparison.any_case) == (0, 0, False)


@pytest.mark.parametrize("text", ["To flush, use sys.stdout.flush() in Python.", "Call cout.flush() after each line."])
def test_who_has_to_flush_talks_with_a_judge(text: str) -> None:
    with pytest.raises(ValueError, match="interactive"):
        of_streams(text)

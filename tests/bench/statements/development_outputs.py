"""Labelled statements after the form of contests: what is under "Output" tells whether an object is asked for.

Written after 379 statements of contests that are not ours were read and labelled (docs/log.md has the figures).
"""

from __future__ import annotations

_OUT = "You are given n and m.\n\nOutput\n\n"
STREAMS: dict[str, list[tuple[str, list[str]]]] = {
    "choice": [
        (
            _OUT + "In the first line print {} — the number of roads to keep. In the second line print {} distinct "
            "integers — their numbers.",
            ["k", "e", "q"],
        ),
        (
            _OUT + "First print a single integer {}, the least number of moves. In the next {} lines "
            "print two integers each.",
            ["k", "m"],
        ),
        (
            _OUT + "Print YES or NO. If it is YES, print in the next three lines the {}.",
            ["coordinates of the corners", "pairs of numbers", "integers of each row"],
        ),
        (_OUT + "Output the length of the team's way. Then print {}.", ["the path", "their route", "the schedule"]),
        (
            _OUT + "Print one integer — any {} for which the sum is n.",
            ["positive integer value of x", "number", "value"],
        ),
        (
            _OUT + "Output n integers. Your solution is correct if {}.",
            ["no two neighbours are alike", "their sum is m"],
        ),
        (_OUT + "Print a {} such that no two neighbours have one colour.", ["set of cells", "permutation", "grid"]),
        (_OUT + "Print numbers a, b and c {}.", ["whose sum is n", "such that a divides b"]),
    ],
    "exact": [
        (
            _OUT
            + "In the first line print {} — the number of parts. Then print {} integers, the sizes in ascending order.",
            ["k", "m"],
        ),
        (
            _OUT + "Print YES or NO. If it is YES, print in the next line the lexicographically least {}.",
            ["permutation", "sequence of integers"],
        ),
        (_OUT + "Print {} integers: the i-th is the least number of moves to the cell i.", ["n", "m"]),
        (
            _OUT + "Print a single integer — the number of {}. Note that the order in a pair doesn't matter.",
            ["pairs", "sets of two"],
        ),
        (_OUT + "If he cannot find any such {}, he loses. Print the name of who wins.", ["card", "move"]),
        (_OUT + "Print the length of the {}. It is guaranteed that each pair of roads is valid.", ["path", "tour"]),
        (_OUT + "The liars say any number, which is {} the right answer. Print the number of liars.", ["not"]),
        (
            _OUT + "If there are many of them, output the smallest one. The order of elements in a {} doesn't matter.",
            ["set", "bag"],
        ),
        (_OUT + "On each try they get all {} at once. Print the number of tries.", ["pins", "cards"]),
        (_OUT + "Print the cost of the {} with the least number of stops.", ["route", "schedule"]),
    ],
    "case": [
        (
            _OUT + "Answer YES or NO in a single line. You can choose the case (lower or upper) for each {} arbitrary.",
            ["letter"],
        ),
    ],
    "1e-06 1e-06": [
        (_OUT + "The {} or relative inaccuracy of the answer should not exceed 10 - 6.", ["absolute"]),
        (_OUT + "All {} should be correct up to 10^{{-6}} relative or absolute precision.", ["numbers", "values"]),
    ],
}
CALLS: dict[str, list[tuple[str, list[str]]]] = {
    "exact": [
        ("Give an example why this {} is bad. Return its value.", ["hash", "sum"]),
        ("Count how many ways there are to pay. The order of {} does not matter.", ["coins", "notes"]),
    ],
}

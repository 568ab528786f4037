"""Sixty statements in the styles of several judges, written after the rules and on which no rule is tuned.

Whoever changes a rule because of one of these moves it to `development_styles.py` and writes another here.
"""

from __future__ import annotations

STREAMS: dict[str, list[tuple[str, list[str]]]] = {
    "choice": [
        (text, [""])
        for text in (
            "Print the n numbers of a magic square of order n. You are free to print any one.",
            "If the doctor can see all patients, print a timetable. There could be lots of timetables, and the grader "
            "takes each that works.",
            "Output a shortest sequence of turns that solves the puzzle; should several be equally short, each of them "
            "will be accepted.",
            "First print the least cost, then a set of edges with that cost. The set is not unique in general and you "
            "can give whichever.",
            "Then output k lines with the chosen coordinates. Any choice that satisfies the constraints scores full "
            "points.",
            "Output a set of stations such that every village is near one of them.",
            "If two or more trips cost the same, the judges will be happy with each.",
            "Print a string that contains each of the given words. It need not be the shortest.",
            "Print an Euler tour of the graph. All correct tours are accepted.",
            "Write the numbers of the vertices in a topological order. If more than one order is possible, print "
            "any of "
            "them.",
            "Show the farmer how to fence his field with the given length, by the corners of the field.",
            "Print numbers a, b and c, all positive, whose squares add up to n.",
            "Print a possible list of the heights, from left to right.",
            "Print the order in which the books can be read. Several orders may be right, and you may print each of "
            "them.",
            "Print a plan that needs at most n + 10 weighings.",
        )
    ],
    "exact": [
        (text, [""])
        for text in (
            "Print the number of valid timetables modulo 10^9+7.",
            "If several cities are equally far, print the one whose name comes first in the alphabet.",
            "Print the minimal total cost of connecting all houses. Houses may be connected in any order.",
            "Print YES if the first player wins whatever the second one does, and NO otherwise.",
            "A schedule is correct if no two lessons overlap. Print the largest number of lessons in a correct "
            "schedule.",
            "Print the k-th string in lexicographic order, or -1 if there are fewer than k strings.",
            "Each test gives one point. Print the number of points that the program gets.",
            "It is allowed to repaint any cell. Print the fewest repaintings needed.",
            "For each query of the second kind print the current maximum on a line of its own.",
            "Print the first moment at which every lamp is on.",
            "The jury has prepared n problems, and each of them accepts a whole number of points. Print the sum.",
            "If every team solves a problem, print EASY, and otherwise the number of teams that do.",
            "Print the positions of all occurrences in increasing order.",
            "Print the decimal digits of the quotient; the remainder is not important.",
            "Print the two integers, the smaller one first.",
            "You can choose any starting vertex. Print the length of the longest walk from it.",
            "Print the word in which all letters have been turned into upper case.",
            "Output a single integer, the error code of the program.",
            "Print how often a valid password is entered.",
            "Ties are broken in favour of the earlier submission. Print the final order of the teams.",
        )
    ],
    "case": [
        (text, [""])
        for text in (
            'Print "Alice" or "Bob". The case of the letters does not matter in your output.',
            "For each test print YES or NO; the strings yEs, yes and Yes will be recognized as positive answers, "
            "and you "
            "may print them in any case.",
        )
    ],
    "1e-09 1e-09": [
        ("Print the probability. It is accepted if the absolute or relative error is below 1e-9.{}", [""]),
    ],
    "0 0.001": [("Print the angle in degrees; it may be off by an absolute error of 10^-3.{}", [""])],
}

CALLS: dict[str, list[tuple[str, list[str]]]] = {
    "choice": [
        (text, [""])
        for text in (
            "Return a string of length n in which every letter occurs an odd number of times. If there are multiple "
            "valid strings, return any of them.",
            "Return one longest chain of words as a list; the tests compare its length alone.",
            "Return a board on which the given number of mines is placed at will.",
            "Return the reordered list. It is checked by a program, so that each right reordering is fine.",
        )
    ],
    "order": [
        (text, [""])
        for text in (
            "Return all valid IP addresses that can be made. You can return them in any order.",
            "Return the numbers that occur more than n / 3 times. The result may come in any order.",
            "Implement findAll, which gives back the list of all matching ids (the order is irrelevant).",
            "Return every key with that value, in no particular order.",
        )
    ],
    "exact": [
        (text, [""])
        for text in (
            "Return the number of ways in which the books can be put on the shelf in any order.",
            "Return the sorted list of the values that occur in both arrays.",
            "Return the largest rectangle's area. You may rotate any rectangle.",
            "Return the longest common prefix, or an empty string if there is none.",
            "Return the list after it has been rotated to the right by k steps.",
            "Return true if the two strings are anagrams; the case of letters is ignored.",
            "If two words have the same frequency, the one that comes first in the alphabet comes first.",
            "Return the smallest index at which any of the words begins.",
            "Return the dictionary that maps each letter to its count.",
            "Design the class so that each method takes constant time on average.",
            "You may assume that each input has exactly one solution. Return the two numbers, the first one smaller.",
            "Return the maximum number of events that you can attend; they may be attended in whatever order.",
        )
    ],
}

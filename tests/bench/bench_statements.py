"""What statements grant, against labels of our own: false grants let wrong answers pass, false refusals lose rows.

    python tests/bench/bench_statements.py

Each statement is read as one of a program that prints (`of_streams`) or of a function (`of_calls`). The labels: exact,
choice (several answers are right), order (of the outermost list), case, interactive, or the relative and the absolute
tolerance.
"""

from __future__ import annotations

from collections import Counter

from factory.problems.parsing.statement import of_calls, of_streams

Label = str | tuple[float, float]
STREAMS: list[tuple[str, Label]] = [
    ("Print the number of ways modulo 10^9 + 7.", "exact"),
    ("A deck of n cards lies on the table. You can order the deck in any order. Print the largest sum.", "exact"),
    ("You may perform the operations in any order. Print the minimum number of operations.", "exact"),
    ("The edges are given in any order. Output the length of the shortest path.", "exact"),
    ("He visits the cities in any order. Print the cost.", "exact"),
    ("Print the least cost if the items are taken in any order.", "exact"),
    ("The order of the queries does not matter to Bob. Print the sum.", "exact"),
    ("Choose any two cards. Print their sum.", "exact"),
    ("If any of them is zero, print 0.", "exact"),
    ("There are several ways to tile the floor. Print how many.", "exact"),
    ("The sensor measures with an error of at most 10^-3. Print the number of readings above the mean.", "exact"),
    ("Its clock has a relative error of 10^{-6} a day. Print the day on which it is wrong.", "exact"),
    ("Names are case-insensitive: Bob and BOB are one person. Print the number of persons.", "exact"),
    ("The input is case-insensitive. Print the longest word.", "exact"),
    ("Print the version, such as 3.10.", "exact"),
    ("Each letter of the given string may be in any case (upper or lower). Count the vowels.", "exact"),
    ("Print YES or NO. You can print each letter in any case (upper or lower).", "case"),
    ("Print YES or NO. You can output the answer in any case (upper or lower).", "case"),
    ("You may print every letter in any case.", "case"),
    ("The answer is case-insensitive.", "case"),
    ("The checker is case-insensitive.", "case"),
    ("If there are multiple answers, print any of them.", "choice"),
    ("If there are several possible solutions, output any.", "choice"),
    ("Print any such string.", "choice"),
    ("Output any permutation that satisfies the condition.", "choice"),
    ("Construct any graph with n vertices and m bridges.", "choice"),
    ("Output any graph with this property.", "choice"),
    ("Find any valid sequence of moves.", "choice"),
    ("Any answer which satisfies the conditions will be accepted.", "choice"),
    ("Any solution with at most 1000 moves is considered correct.", "choice"),
    ("If more than one string fits, anyone will do.", "choice"),
    ("If there is a tie, any one of them will do.", "choice"),
    ("Any such array is acceptable.", "choice"),
    ("Print the numbers in any order.", "choice"),
    ("Output the k indices in any order, separated by spaces.", "choice"),
    ("The judge accepts any correct output.", "choice"),
    ("This is an interactive problem. Ask at most 20 queries.", "interactive"),
    ("After printing a query do not forget to flush the output.", "interactive"),
    ("Your program interacts with the judge.", "interactive"),
    ("Your answer is considered correct if its absolute or relative error does not exceed 10^{-6}.", (1e-6, 1e-6)),
    ("Print the answer with an absolute error of at most 1e-4.", (0.0, 1e-4)),
    ("The answer is accepted if its relative error is at most 10^-9.", (1e-9, 0.0)),
    ("Print the area. The absolute or relative error should not exceed 10^-5.", (1e-5, 1e-5)),
    ("Output the probability with precision 0.001.", (1e-3, 1e-3)),
]
CALLS: list[tuple[str, Label]] = [
    ("You can order the deck in any order. Return the deck that wins.", "exact"),
    ("Given the edges of a tree in any order, return its diameter.", "exact"),
    ("You may apply the operations in any order. Return the least number of them.", "exact"),
    ("Return the maximum after you rearrange the array in any order.", "exact"),
    ("The order of the elements in the input does not matter. Return their sum.", "exact"),
    ("Return the sorted list.", "exact"),
    ("Return true if any of them is negative.", "exact"),
    ("You may return the answer in any order.", "order"),
    ("Return all the triplets in any order.", "order"),
    ("Return a list of all pairs. The answer can be returned in any order.", "order"),
    ("Return the subsets; the order of the output does not matter.", "order"),
    ("Return the pairs that sum to k. Any order is fine.", "order"),
    ("If there are multiple solutions, return any valid one of them.", "choice"),
    ("Return any string that is good.", "choice"),
    ("Return any permutation of the array with no fixed point.", "choice"),
    ("Return any such array.", "choice"),
    ("If there are many peaks, return any of them.", "choice"),
    ("Return the mean. Answers within 10^-5 of the actual answer will be accepted.", (0.0, 1e-5)),
    ("Return the number of points within 0.001 of the origin.", "exact"),
    ("Return the mean. Answers with an error of at most 10^-5 are accepted.", (1e-5, 1e-5)),
]


def read(text: str, *, stream: bool) -> Label:
    """The label that the reader gives a statement."""
    try:
        comparison = of_streams(text) if stream else of_calls(text)
    except ValueError as error:
        return "interactive" if "interactive" in str(error) else "choice"
    if comparison.kind == "float" or comparison.numbers:
        return (comparison.rel, comparison.abs)
    return "order" if comparison.kind == "unordered" else "case" if comparison.any_case else "exact"


def main() -> None:
    rows = [(text, label, True) for text, label in STREAMS] + [(text, label, False) for text, label in CALLS]
    counts: Counter[str] = Counter()
    for text, label, stream in rows:
        found = read(text, stream=stream)
        if found == label:
            counts["right"] += 1
            continue
        refused = found in ("choice", "interactive")
        counts["false refusal" if refused else "false grant" if found != "exact" else "missed"] += 1
        print(f"{label} read as {found}: {text}")
    print(f"{len(rows)} statements: {dict(counts)}")


if __name__ == "__main__":
    main()

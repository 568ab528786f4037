"""Labelled statements on which the reader's rules are tuned; `{}` stands for each of the words beside it."""

from __future__ import annotations

STREAMS: dict[str, list[tuple[str, list[str]]]] = {
    "exact": [
        ("Print the number of ways modulo 10^9 + 7.", [""]),
        ("A deck of n cards lies on the table. You can order the deck in any order. Print the largest sum.", [""]),
        ("You may perform the operations in any order. Print the minimum number of operations.", [""]),
        ("The edges are given in any order. Output the length of the shortest path.", [""]),
        ("He visits the cities in any order. Print the cost.", [""]),
        ("Print the least cost if the items are taken in any order.", [""]),
        ("The order of the queries does not matter to Bob. Print the sum.", [""]),
        ("Choose any two cards. Print their sum.", [""]),
        ("If any of them is zero, print 0.", [""]),
        ("There are several ways to tile the floor. Print how many.", [""]),
        ("The sensor measures with an error of at most 10^-3. Print the number of readings above the mean.", [""]),
        ("Its clock has a relative error of 10^{{-6}} a day. Print the day on which it is wrong.", [""]),
        ("Names are case-insensitive: Bob and BOB are one person. Print the number of persons.", [""]),
        ("The input is case-insensitive. Print the longest word.", [""]),
        ("Print the version, such as 3.10.", [""]),
        ("Each letter of the given string may be in any case (upper or lower). Count the vowels.", [""]),
    ],
    "case": [
        ("Print YES or NO. You can print each letter in any case (upper or lower).", [""]),
        ("Print YES or NO. You can output the answer in any case (upper or lower).", [""]),
        ("You may print every letter in any case.", [""]),
        ("The answer is case-insensitive.", [""]),
        ("The checker is case-insensitive.", [""]),
    ],
    "choice": [
        ("If there are multiple answers, print any of them.", [""]),
        ("If there are several possible solutions, output any.", [""]),
        ("Print any such string.", [""]),
        ("Output any permutation that satisfies the condition.", [""]),
        ("Construct any graph with n vertices and m bridges.", [""]),
        ("Output any graph with this property.", [""]),
        ("Find any valid sequence of moves.", [""]),
        ("Any answer which satisfies the conditions will be accepted.", [""]),
        ("Any solution with at most 1000 moves is considered correct.", [""]),
        ("If more than one string fits, anyone will do.", [""]),
        ("If there is a tie, any one of them will do.", [""]),
        ("Any such array is acceptable.", [""]),
        ("Print the numbers in any order.", [""]),
        ("Output the k indices in any order, separated by spaces.", [""]),
        ("The judge accepts any correct output.", [""]),
    ],
    "interactive": [
        ("This is an interactive problem. Ask at most 20 queries.", [""]),
        ("After printing a query do not forget to flush the output.", [""]),
        ("Your program interacts with the judge.", [""]),
    ],
    "1e-06 1e-06": [
        ("Your answer is considered correct if its absolute or relative error does not exceed 10^{{-6}}.", [""]),
    ],
    "0 0.0001": [
        ("Print the answer with an absolute error of at most 1e-4.", [""]),
    ],
    "1e-09 0": [
        ("The answer is accepted if its relative error is at most 10^-9.", [""]),
    ],
    "1e-05 1e-05": [
        ("Print the area. The absolute or relative error should not exceed 10^-5.", [""]),
    ],
    "0.001 0.001": [
        ("Output the probability with precision 0.001.", [""]),
    ],
}
CALLS: dict[str, list[tuple[str, list[str]]]] = {
    "exact": [
        ("You can order the deck in any order. Return the deck that wins.", [""]),
        ("Given the edges of a tree in any order, return its diameter.", [""]),
        ("You may apply the operations in any order. Return the least number of them.", [""]),
        ("Return the maximum after you rearrange the array in any order.", [""]),
        ("The order of the elements in the input does not matter. Return their sum.", [""]),
        ("Return the sorted list.", [""]),
        ("Return true if any of them is negative.", [""]),
        ("Return the number of points within 0.001 of the origin.", [""]),
    ],
    "order": [
        ("You may return the answer in any order.", [""]),
        ("Return all the triplets in any order.", [""]),
        ("Return a list of all pairs. The answer can be returned in any order.", [""]),
        ("Return the subsets; the order of the output does not matter.", [""]),
        ("Return the pairs that sum to k. Any order is fine.", [""]),
    ],
    "choice": [
        ("If there are multiple solutions, return any valid one of them.", [""]),
        ("Return any string that is good.", [""]),
        ("Return any permutation of the array with no fixed point.", [""]),
        ("Return any such array.", [""]),
        ("If there are many peaks, return any of them.", [""]),
    ],
    "0 1e-05": [
        ("Return the mean. Answers within 10^-5 of the actual answer will be accepted.", [""]),
    ],
    "1e-05 1e-05": [
        ("Return the mean. Answers with an error of at most 10^-5 are accepted.", [""]),
    ],
}

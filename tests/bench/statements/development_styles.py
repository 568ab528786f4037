"""A hundred statements in the styles of Codeforces, AtCoder, Kattis, HackerRank and LeetCode, one each.

They were written before they were read by the rules, which were then tuned on them; the first look is in docs/log.md.
"""

from __future__ import annotations

STREAMS: dict[str, list[tuple[str, list[str]]]] = {
    "choice": [
        (text, [""])
        for text in (
            "If it can be done, output the operations, one per line (not necessarily a minimal number of them).",
            "Print the vertices of a cycle, starting anywhere.",
            "Output n integers that could have been the original array.",
            "Help him find a hiding place! If there are several, he does not mind which one you print.",
            "Your program should print two disjoint subsets of equal sum. If there are many pairs of such subsets, one "
            "pair suffices.",
            "Print the rows of a board on which no two rooks attack each other, or a single 0 if there is none.",
            "For each test case, output a permutation p that satisfies the conditions. If there are multiple such "
            "permutations, you may output any of them.",
            "Print n integers, the colours of the vertices in a valid colouring. The checker accepts every valid one.",
            "Output one line with the moves. Your solution does not have to use the fewest moves, but at most 500.",
            "Print a string of length n in which no two neighbours are equal; whichever string you print is fine.",
            "If the array can be made beautiful, print YES and in the second line the array itself; of several "
            "suitable arrays any one will be accepted.",
            "On the second line print the indices of the chosen boxes. When there is more than one way to choose them, "
            "every choice earns full marks.",
            "Print -1 if no such tree exists. Otherwise print n - 1 lines that describe the edges of a suitable tree.",
            "Construct a simple graph with exactly k triangles. The graph may have at most 100 vertices.",
            "If a solution exists, print any feasible schedule, one line a day.",
            "Print two integers l and r, the ends of a segment with the greatest sum. Multiple segments may be "
            "optimal; "
            "it is enough to report one.",
            "In the only line print the required integer x. It can be shown that at least one exists. If there are "
            "several, print whichever you like.",
            "Output a valid bracket sequence obtained after at most k swaps. Solutions are not unique, and all correct "
            "ones get accepted.",
            "If there are multiple optimal strategies, Kattis will accept any of them.",
            "If there is more than one answer, output any.",
            "Output a sequence of instructions that sorts the cards. There may be many solutions; you need to give "
            "just "
            "one.",
            "Print the lexicographically smallest cost in the first line. In the second line print a path of that "
            "cost, "
            "ties broken arbitrarily.",
            "Output any valid assignment of guests to tables.",
            "Print a matrix with the given row sums. It does not matter which one you print if several fit.",
            "Print m numbers, the vertices of the clique, in arbitrary order. If several cliques are maximal, print "
            "any.",
            "If it is possible, print one of the ways to cut the cake.",
            "The answer is not unique: any sequence for which the judge's simulation ends at 0 is right.",
            "Find some x such that f(x) = y, or print IMPOSSIBLE.",
            "Output the pairs of matched dancers, one pair a line, in any order.",
            "You have to output a possible original message. A special checker is used.",
            "Print the numbers of those cities, separated by blanks, in any order you like.",
        )
    ],
    "exact": [
        (text, [""])
        for text in (
            "If all of them pass the exam, print the word ALL; else print how many do.",
            "Print the number of good subarrays modulo 998244353.",
            "Print the maximum total joy. Chef may visit the towns in any order.",
            "If there are multiple answers, print the lexicographically smallest one.",
            "Print the smallest number of operations. In one operation you may choose any two adjacent elements and "
            "swap them.",
            "Print Yes if Takahashi can reach the goal by visiting the squares in some order, and No otherwise.",
            "Among all such strings, print the one that comes first in the dictionary.",
            "If several candidates have the same number of votes, print the one that was registered first.",
            "Print the area as a fraction p/q in lowest terms.",
            "The judge of the contest gives any team that is late a penalty. Print the final table.",
            "Print the index of the winner; if the game ends in a tie, print 0.",
            "It is guaranteed that the answer is unique. Print it.",
            "For every query print the number of distinct values that any path of length k can have.",
            "Polycarp accepts any coin. Print how many coins he gets.",
            "Each book may be read in any order, but a chapter only after the one before it. Print the least number of "
            "days.",
            "Print the sum of the lengths. The answer always fits in a 64-bit integer.",
            "Print the answer without leading zeros.",
            "Print the amount rounded to exactly two digits after the point.",
            "The input holds words in upper or lower case. Print the longest one as it is written there.",
            "Two words are the same if they differ only in the case of letters. Print the number of different words.",
            "The thermometer has an error of 0.1 degrees. Print the number of readings that may be right.",
            "If there are ties, the student with the smaller number comes first. Print the ranking.",
            "Print one integer: how many different valid colourings there are.",
            "A path is called valid if it visits any vertex at most once. Print the length of the longest valid path.",
            "Print the string after all the replacements. The replacements can be made in any order, and the result "
            "does "
            "not depend on it.",
            "Print ERROR if the expression is not correct, and its value otherwise.",
        )
    ],
    "case": [
        (text, [""])
        for text in (
            "Print YES or NO. You can print each letter in any case.",
            'Output "Yes" if it is possible and "No" otherwise (without quotes). You may output each letter in '
            "upper "
            "or lower case.",
            "Print YES if there is such a triangle, otherwise NO. The judge ignores case.",
        )
    ],
    "1e-06 1e-06": [
        (text, [""])
        for text in (
            "Your answer is considered correct if its absolute or relative error does not exceed 10^{{-6}}.",
            "Print the expected value. An answer with a relative or absolute error of at most 10^-6 is accepted.",
            "Formally, let your answer be a, and the jury's answer be b. Your answer is accepted if and only if "
            "|a-b|/max(1,|b|) <= 10^{{-6}}.",
            "Output the probability. Your answer should have an absolute or relative error of at most 1e-6.",
        )
    ],
    "0 0.0001": [
        (text, [""])
        for text in (
            "Print the distance with an absolute error of at most 10^-4.",
            "Output the time. Absolute errors up to 0.0001 are tolerated.",
        )
    ],
    "interactive": [
        ("This is an interactive problem. Do not forget to flush the output after each query.{}", [""]),
        ("To ask a question, print '? i j' and read the answer of the grader from the standard input.{}", [""]),
    ],
}

CALLS: dict[str, list[tuple[str, list[str]]]] = {
    "choice": [
        (text, [""])
        for text in (
            "Return the reordered list; any reordering that meets the conditions passes the tests.",
            "Return the schedule as a list of pairs. Schedules other than the expected one are checked for validity.",
            "Return the index of a peak element. Any peak will do.",
            "Return any peak's index. If the array contains multiple peaks, return the index to any of the peaks.",
            "Return the rearranged string, or an empty string if that is not possible. Any valid answer is accepted.",
            "Return the longest palindromic substring. If there is more than one, you may return either.",
            "Given an integer n, return any array containing n unique integers such that they add up to 0.",
            "Return a valid arrangement of pairs.",
            "There may be several such beautiful arrays; return whichever you find.",
            "Complete the function findPath. It has to return a list of cells of a shortest path; the tests accept "
            "each "
            "shortest path.",
            "Return the array after the moves. Multiple results can be correct, and all of them pass.",
        )
    ],
    "order": [
        (text, [""])
        for text in (
            "Return all the possible subsets. The solution set must not contain duplicate subsets. Return the solution "
            "in any order.",
            "Return a list of the k most frequent words. You may return the answer in any order.",
            "Return the coordinates of all lonely pixels. The order of the coordinates does not matter.",
            "Complete the function so that it returns the common elements. Their order in the list is not checked.",
            "You may return the result list in any sequence.",
            "Return the distinct values; the order in which they come is up to you.",
        )
    ],
    "all": [
        ("Group the anagrams together. Neither the order of the groups nor of the words in them matters.{}", [""]),
        ("Return the groups. The groups and the members of each group may come in any order.{}", [""]),
    ],
    "exact": [
        (text, [""])
        for text in (
            "Return the indices of the two numbers in ascending order.",
            "You may perform the operations in any order. Return the maximum score.",
            "Return the minimum number of moves to make any two adjacent numbers differ.",
            "If there is no such element, return -1. If there are several, return the smallest.",
            "Return true if any permutation of the string is a palindrome.",
            "Return the merged list, sorted by name; on a tie keep the order of the input.",
            "A valid string may have the letters in any case. Return how many valid strings the list has.",
            "Return the answer as a string with exactly five decimals.",
            "You can use each coin any number of times. Return the number of ways to make the amount.",
            "Return the first word that occurs twice. Ignore the case of letters when you compare words.",
            "Given the root, return the level order traversal, from left to right.",
            "You can visit the rooms in any order. Return true if you can visit all the rooms.",
            "Return the list of removed items in the order in which they were removed.",
        )
    ],
    "0 1e-05": [
        (text, [""])
        for text in (
            "Return the median. Answers within 10^-5 of the actual answer will be accepted.",
            "Return the largest area. Answers within 1e-5 of the actual answer are considered correct.",
        )
    ],
}

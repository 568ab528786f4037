"""Labelled statements written before the rules that read them, and on which no rule is tuned.

A template stands for one statement with each of its words. Whoever changes a rule because of one of these moves the
template to `development.py` and writes another here.
"""

from __future__ import annotations

STREAMS: dict[str, list[tuple[str, list[str]]]] = {
    "choice": [
        ("If more than one {} achieves the maximum, any of them may be printed.", ["team", "cut", "timetable"]),
        ("Output the {}. If there are many, output any.", ["path", "subset of cards", "word"]),
        ("Print n integers, {}. If the answer is ambiguous, print any of the possible ones.", ["the colours", "a row"]),
        ("Find any {} of the graph and print it.", ["spanning tree", "simple cycle", "topological order"]),
        ("If there are multiple {} with this property, your program may output any one of them.", ["codes", "tilings"]),
        ("If a {} exists, print any such; else print -1.", ["tour", "matching of size k", "partition"]),
        ("All {} with the least cost are accepted.", ["answers", "solutions", "plans"]),
        ("The checker verifies your {}: any correct one passes.", ["construction", "route", "sequence"]),
        ("In the case of multiple solutions, {} is allowed.", ["any of them", "any valid solution"]),
        ("Print YES and then a {}; if several suit, print any of these.", ["string", "list of moves", "grid"]),
        ("Determine how to {}. If there are several possibilities, print one of them.", ["cut the cake", "seat them"]),
        ("If there exist several {}, you can print whichever of them.", ["triangulations", "good trees"]),
        ("Output the {}, one a line, in any order.", ["matched pairs", "bridges", "names of the spies"]),
        ("The {} can be printed in arbitrary order.", ["edges", "moves", "members of the set"]),
        ("Print the vertices of the {} (the order is not important).", ["clique", "cover", "component"]),
        ("Please construct a {} of size n with this sum, or report that it is impossible.", ["matrix", "multiset"]),
        ("Solutions are not unique; any {} that obeys the rules will get full score.", ["placement", "output"]),
        ("You should output any of the {} of least length.", ["strings", "programs", "walks"]),
    ],
    "exact": [
        ("Alice writes any {} on the board; print what Bob sees.", ["number", "string", "permutation"]),
        ("For each {} print any queries that fail: print 0 if none does, else 1.", ["test"]),
        ("If many {} have the same score, choose the one with the lowest number.", ["players", "cities", "words"]),
        ("If there are multiple {}, print the one that is first in alphabetical order.", ["names", "answers", "keys"]),
        ("The answer is unique for every {}. Print it.", ["input", "graph", "valid board"]),
        ("Is there any {} that beats all others? Print Yes or No.", ["team", "strategy", "card"]),
        ("Print the number of {} that end in any of these letters.", ["words", "paths", "strings"]),
        ("He may reorder the {} as he likes, in any order. Print the best sum.", ["digits", "cards", "rows"]),
        ("Two {} are different if one of them holds an item that the other does not. Count them.", ["sets", "plans"]),
        ("The input gives the {} in no particular order. Print the median.", ["ages", "heights", "prices"]),
        ("Uppercase and lowercase {} are different. Print how many distinct ones there are.", ["letters", "names"]),
        ("In any case, print the {} on the last line.", ["total", "winner", "sum"]),
        ("The scale is precise to within 0.5 grams. Print the {} of the whole weights.", ["sum", "largest"]),
        ("Print the remainder modulo 10^9+7 of the {}.", ["number of pairs", "product", "answer"]),
        ("Construct the {} of the array as defined above, and print it.", ["suffix array", "prefix sums"]),
        ("Any two {} are joined by exactly one path. Print the length of the longest.", ["cities", "nodes"]),
        ("Print the {}, sorted; equal ones in the order of the input.", ["records", "words", "scores"]),
        ("Choose any k {} so that their sum is least, and print this sum.", ["coins", "numbers", "cells"]),
        ("Arrange the {} in any order to get the largest number. Print it.", ["digits", "tiles"]),
        ("It does not matter which {} starts. Print the length of the game.", ["player", "side"]),
    ],
    "case": [
        ("Letters in the {} may be of either case.", ["output", "printed word", "answer"]),
        ("You can print {} in lower or upper case as you like.", ["YES and NO", "the letters"]),
        ("The checker ignores the case of {}.", ["letters", "your output", "the answer"]),
        ("You may output {} in any register.", ["the letters", "each letter", "Yes and No"]),
        ("Print Yes or No; {} is case insensitive.", ["the judge", "the output"]),
        ("Answers are compared without regard to {}.", ["case", "upper and lower case"]),
    ],
    "interactive": [
        ("In this interactive {} you guess a hidden number.", ["problem", "game", "task"]),
        ("Do not forget to flush {} after each line you print.", ["the output buffer", "stdout", "your output"]),
        ("Your program talks with the {} through standard input and output.", ["judge", "grader", "jury's program"]),
        ("If you print an invalid query, the {} will print -1 and stop.", ["interactor", "interactor program"]),
    ],
    "1e-06 1e-06": [
        ("Print the {}; an absolute or relative error of 10^-6 is tolerated.", ["mean", "area", "length"]),
        ("Your {} will be accepted if it has an absolute or relative error of no more than 1e-6.", ["answer", "output"]),
    ],
    "0 1e-06": [
        ("Print the {} with absolute error not exceeding 10^(-6).", ["answer", "volume"]),
        ("The {} must differ from the jury's by at most 1e-6.", ["answer", "output"]),
    ],
}
CALLS: dict[str, list[tuple[str, list[str]]]] = {
    "choice": [
        ("If several {} have this property, you may return any one of them.", ["indices", "words", "splits"]),
        ("Return any peak {}'s index when there are many.", ["element", "value"]),
        ("Return one possible {}; any other right one is accepted too.", ["order", "grid", "path"]),
        ("If there are many {}, return any.", ["answers", "such pairs", "solutions"]),
        ("Find any {} that contains all the words and return it.", ["string", "sequence"]),
        ("Sort the {} by length; words of the same length may come in any order.", ["words", "strings"]),
        ("It is allowed to return any of the {}.", ["optimal strings", "valid rows", "longest ones"]),
    ],
    "exact": [
        ("You may delete the {} in any order. Return the least cost.", ["letters", "nodes", "rows"]),
        ("Return whether any {} can be the answer.", ["rotation", "subset"]),
        ("The {} may come in any order; return their sum.", ["arguments", "numbers", "tokens of the input"]),
        ("If any {} is missing, return None.", ["key", "field", "argument"]),
        ("Return the {} in the order in which they first occur.", ["letters", "words", "keys"]),
        ("If there are several, return the {} one.", ["first", "longest", "leftmost"]),
        ("Return any remaining {} added to the total.", ["coins", "carry"]),
        ("Matching is case-insensitive. Return the list of {}.", ["matches", "hits"]),
    ],
    "order": [
        ("Return every {} once, in any order.", ["pair", "combination", "duplicate"]),
        ("Return the list of {}. Any order will be accepted.", ["words", "ids", "peaks"]),
        ("The {} may be returned in any order.", ["pairs", "subsets", "solutions"]),
        ("Return all {}; their order does not matter.", ["coordinates", "matches", "primes"]),
        ("Return an array of the {} (in any order).", ["indices", "lonely numbers"]),
        ("The resulting list of {} can be in any order.", ["strings", "points"]),
        ("The answer may list the {} in any order.", ["cells", "anagrams"]),
    ],
    "inner": [
        ("Return the levels from top to bottom; inside each level the order of {} is not important.", ["nodes", "ids"]),
        ("Return the clusters by size; each cluster may list its {} in any order.", ["points", "members"]),
    ],
    "all": [
        ("Return the groups in any order, with the {} of each group in any order as well.", ["words", "names"]),
        ("Return all sets; neither the order of the sets nor the order within {} matters.", ["a set", "each of them"]),
    ],
}

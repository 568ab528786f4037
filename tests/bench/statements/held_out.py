"""Labelled statements written before the rules that read them, and on which no rule is tuned.

A template stands for one statement with each of its words. Whoever changes a rule because of one of these moves the
template to `development_more.py` and writes another here.
"""

from __future__ import annotations

STREAMS: dict[str, list[tuple[str, list[str]]]] = {
    "choice": [
        ("If there is more than one {}, you can print any.", ["optimal solution", "such word", "fitting plan"]),
        (
            "Print a {}. If multiple exist, any will be accepted.",
            ["path from 1 to n", "balanced string", "k-colouring"],
        ),
        ("If there are several suitable {}, print any of them.", ["sets", "numbers x", "pairs (x, y)"]),
        ("Output any sequence of {} that sorts the cards.", ["swaps", "flips", "moves"]),
        ("In case of many possible {}, output any one.", ["answers", "names", "trees"]),
        ("If there are many optimal {}, you may choose any of them.", ["routes", "answers", "sets of bridges"]),
        ("Any {} with at most 300 lines is considered correct.", ["answer", "program", "solution"]),
        ("Find a {} with the wanted sum or report that there is no such one.", ["subset of cards", "pair of rows"]),
        ("Print the edges of the {}. You may print them in any order.", ["tree", "matching", "cycle cover"]),
        ("Print the numbers of the {} in any order.", ["spoilt apples", "winning players", "marked days"]),
        ("If there are multiple ways of {}, print any of the ways.", ["packing", "paying", "dividing the field"]),
        ("Note that there may be several {}: you only need to print one of them.", ["answers", "orders", "sequences"]),
        ("You are allowed to print any {} satisfying the condition.", ["string", "set of k points", "valid board"]),
        ("If several {} have the greatest value, output any of these.", ["items", "subarrays", "strategies"]),
    ],
    "exact": [
        ("If several {} have the greatest value, output the one with the least index.", ["items", "days", "teams"]),
        ("Is it possible to reach any {} from city 1? Print YES or NO.", ["city", "other town"]),
        ("You can take any number of {} at a time. Print the least number of steps.", ["coins", "stairs", "boxes"]),
        ("You may perform any sequence of {}. Print the largest final value.", ["operations", "swaps", "moves"]),
        ("Find the number of {} such that any two of them touch.", ["circles", "triples", "sets"]),
        ("The friends arrive in any order. Print the number of {} they can sit in.", ["ways", "chairs"]),
        ("Output the {} without changing their order.", ["remaining letters", "odd numbers", "lines"]),
        ("Output the {} in the order of their names; no two are the same.", ["players", "cities", "files"]),
        ("If there is no {}, print -1.", ["answer", "such number", "way to win"]),
        ("Polycarp wants to choose any {} to please his friend. Print how many he can.", ["gift", "string", "song"]),
        ("The order of {} in a set does not count: {{1, 2}} is {{2, 1}}. Print the number of sets.", ["elements"]),
        ("There can be several {} at one point. Print the greatest number at one.", ["lamps", "robots", "answers"]),
        ("Case matters: print the {} exactly as it was typed.", ["word", "name", "password"]),
        ("Print the {} with exactly two digits after the point.", ["price", "average", "answer"]),
        ("Replace every {} in the text by its upper case form and print it.", ["letter", "vowel", "word"]),
        ("Interactive maps are drawn of the {}. Print the number of colours.", ["islands", "rivers"]),
        ("Any {} that is not connected is removed at the end. Print what is left.", ["node", "graph", "part"]),
    ],
    "case": [
        ("You can output the answer in any case: {}.", ["for example yEs is taken as YES", "yes and YES are the same"]),
        ("You may print each {} in any case (upper or lower).", ["letter", "character", "letter of the word"]),
        ("{} may be printed in uppercase or lowercase.", ["Every letter", "Each character", "All letters"]),
        ("The case of the {} does not matter when your output is checked.", ["letters", "output"]),
    ],
    "interactive": [
        ("This is an interactive {} and your program asks the questions.", ["problem", "task"]),
        ("Remember to flush the {} after every query.", ["output", "standard output"]),
    ],
}
CALLS: dict[str, list[tuple[str, list[str]]]] = {
    "choice": [
        ("If there are multiple {} possible, return any one of them.", ["answers", "splits", "routes"]),
        ("Return any valid {} of the tasks.", ["order", "ordering", "schedule"]),
        ("Return any of the {} with the largest sum.", ["subsets", "windows", "pairs"]),
        ("If more than one {} works, return any of them.", ["index", "pivot", "string"]),
    ],
    "exact": [
        ("You may visit the {} in any order. Return the length of the shortest tour.", ["cities", "nodes"]),
        ("Return True if any {} of the list is zero.", ["element", "pair", "subset"]),
        ("Given the edges in any order, return the {} of the tree.", ["height", "diameter", "leaf count"]),
        ("Return the {} in the same order as in the input.", ["words", "numbers", "intervals"]),
        ("If there are several answers, return the {}.", ["shortest", "one with the least sum", "first"]),
        ("If any {} is invalid, raise a ValueError.", ["argument", "answer", "string"]),
    ],
    "order": [
        ("Return all the {} you find, in any order.", ["pairs", "words", "paths"]),
        ("You can return the {} in any order.", ["answer", "pairs", "list of words"]),
        ("Return the {} as a list; the order is not important.", ["prime factors", "missing ids"]),
        ("Return the {}. The order of the result does not matter.", ["common words", "leaves", "repeated letters"]),
    ],
    "inner": [("Return the rows top to bottom; the order of the {} within each row is free.", ["seats", "cells"])],
    "all": [("Return the teams in any order; the {} of each team may also be in any order.", ["players", "names"])],
}

"""Labelled statements that were written before the reader's rules for them, and on which no rule is tuned.

A template stands for one statement with each of its words. If a rule is changed because of one of these, move the
template to `development.py` and write another here.
"""

from __future__ import annotations

STREAMS: dict[str, list[tuple[str, list[str]]]] = {
    "choice": [
        ("In case there are multiple {}, print whichever you like.", ["answers", "valid strings", "optimal tours"]),
        ("If several {} exist, you are free to output any of those.", ["solutions", "colourings", "plans"]),
        ("Should more than one {} be possible, any one is fine.", ["answer", "schedule", "layout"]),
        ("When there are different {} with the same cost, print any.", ["paths", "sets of edges", "assignments"]),
        ("You may print any {} that fulfils the requirements.", ["matrix", "arrangement", "pair of integers"]),
        ("Your task is to construct any {} of length n with no two equal neighbours.", ["string", "sequence", "array"]),
        ("Any {} meeting the constraints above is going to be accepted.", ["construction", "answer", "output"]),
        ("If there exist many such {}, it is allowed to print any of them.", ["numbers", "trees", "partitions"]),
        ("Output one possible {}; others are accepted as well.", ["order of tasks", "grid", "route"]),
        ("The {} need not be unique: every valid one will be judged as correct.", ["plan", "permutation", "answer"]),
        ("Print an arbitrary {} among the best ones.", ["subset", "path", "team"]),
        ("If there are ties, print any of the {}.", ["winners", "candidates", "shortest paths"]),
        ("Then print the indices of the {} in any order.", ["chosen stones", "cut edges", "selected teams"]),
        ("On the second line output the {} in arbitrary order.", ["vertices", "k numbers", "names of the guests"]),
        ("If there are several ways to {}, show any.", ["place the lamps", "split the string", "pair the dancers"]),
        ("It can be proved that a {} exists. Find any.", ["solution", "cycle", "valid move list"]),
        ("Note that a special checker is used, because {} may not be unique.", ["the answer", "the solution"]),
        ("If the optimal {} is not unique, print any optimal one.", ["strategy", "cut", "tour"]),
    ],
    "exact": [
        ("In any order you like, remove {}. Print the most points you can get.", ["two stones", "all cards"]),
        ("Snuke can swap any two adjacent {}. Find the least number of swaps.", ["letters", "cards", "rows"]),
        ("If there are multiple answers, print the {} one.", ["lexicographically smallest", "smallest", "leftmost"]),
        ("If there are several {}, output the one that comes first in the input.", ["winners", "such cities", "maxima"]),
        ("There may be more than one {}; find how many there are, modulo 998244353.", ["tour", "pairing", "colouring"]),
        ("The {} are listed in arbitrary order. Print the total weight.", ["edges", "boxes", "queries"]),
        ("Print 'any' if {}.", ["some card is red", "the list is empty", "nobody wins"]),
        ("Any {} can be visited at most once. Print the longest distance.", ["city", "room", "planet"]),
        ("Output the sum over any {} with no repeated element.", ["longest segment", "maximal clique"]),
        ("For any solution x of the equation, {} holds; print the number of solutions.", ["x < n", "x is odd"]),
        ("The guard may open the doors in any order. Output the {}.", ["fewest minutes", "largest profit"]),
        ("The letters of the {} can be upper or lower case. Print how many are capital.", ["password", "text", "name"]),
        ("A ruler has an error of 0.01 cm. Print the {} in whole centimetres.", ["longest rod", "mean", "total"]),
        ("Print the {} in ascending order.", ["indices", "names", "k integers"]),
        ("Find a number that is divisible by any {} in the list. Print the smallest.", ["integer", "element"]),
        ("The robot flushes its tank {}. Print the litres used.", ["every hour", "after each visit", "twice a day"]),
        ("Two players interact with {} in turns. Print the winner.", ["a pile of stones", "the board", "a tree"]),
        ("It does not matter in which order the {} are eaten. Print the result.", ["cakes", "apples", "pies"]),
    ],
    "case": [
        ("You may print {} in any letter case.", ["the answer", "each word", "YES and NO"]),
        ("Print Yes or No; the case of {} does not matter.", ["letters", "each letter", "your output"]),
        ("Print YES or NO ({} will also be accepted).", ["any combination of upper and lower case"]),
        ("Each character of the {} can be printed in either case.", ["verdict", "answer", "word"]),
        ("You can output YES and NO in any case (for example, strings {}).", ["yEs, Yes will be recognised as YES"]),
        ("The output is not case sensitive{}.", ["", ", so yes and YES are the same"]),
    ],
    "interactive": [
        ("This is an interactive {}; read the notes on flushing.", ["problem", "task"]),
        ("After every {} flush the standard output, e.g. with fflush(stdout).", ["query", "guess", "line"]),
        ("The {} answers each of your queries with one integer.", ["interactor", "jury's program", "judge"]),
        ("You can ask the {} at most 30 questions by printing them.", ["judge", "system", "grader"]),
        ("To {}, print '? i j' and read the reply of the judge.", ["ask", "make a query", "compare two elements"]),
    ],
}
CALLS: dict[str, list[tuple[str, list[str]]]] = {
    "choice": [
        ("If there are multiple valid {}, return any of them.", ["orderings", "answers", "strings"]),
        ("Return any {} of nums in which no neighbours are equal.", ["arrangement", "rearrangement", "permutation"]),
        ("Return any {} that satisfies the conditions.", ["matrix", "binary string", "such number"]),
        ("You may return any {} if several are optimal.", ["answer", "one", "index"]),
        ("It is guaranteed that an answer exists; if there is more than one, return any {}.", ["one", "of those"]),
        ("Any valid {} is accepted.", ["ordering", "answer", "subsequence"]),
        ("Return an arbitrary {} with that sum.", ["pair", "subset", "pair of indices"]),
    ],
    "exact": [
        ("You can pick the {} in any order. Return the largest score.", ["cards", "coins", "numbers"]),
        ("Given {} in any order, return how many are missing.", ["the integers", "a list of ids"]),
        ("Return true if any {} occurs twice.", ["value", "letter", "answer"]),
        ("Return any {} as it is, but for negative ones, which become 0.", ["number", "integer"]),
        ("If there are multiple {}, return the smallest one.", ["answers", "such indices", "longest words"]),
        ("Return the list of {} in sorted order.", ["names", "pairs", "indices"]),
        ("Each query may take the items in any order; return the {}.", ["count", "number of ways", "minimum time"]),
        ("Swap any two {} at most once. Return the greatest number.", ["digits", "letters", "elements"]),
    ],
    "order": [
        ("Return all {}. They may be in any order.", ["permutations", "such words", "missing numbers"]),
        ("Return the {}, in any order.", ["common elements", "pairs", "distinct values"]),
        ("Return a list of the {} in arbitrary order.", ["words that occur in both", "roots", "duplicates"]),
        ("The order of the returned {} is not important.", ["list", "elements", "pairs"]),
        ("It does not matter in what order the {} are returned.", ["results", "words", "numbers"]),
        ("You can return the {} in whatever order you like.", ["answer", "list", "subsets"]),
        ("Return the groups in any order; each group must be {}.", ["sorted", "in ascending order"]),
    ],
    "inner": [
        ("Return the groups by size; within a group the {} may be in any order.", ["words", "ids"]),
        ("Return one list a level, from the top; the order of {} within each list is free.", ["values", "nodes"]),
    ],
    "all": [
        ("Return all {}. The order of the output and the order inside each does not matter.", ["triplets", "pairs"]),
        ("Return the groups in any order; the {} of each group may be in any order too.", ["words", "elements"]),
    ],
}

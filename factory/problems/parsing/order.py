"""At which nesting levels a statement leaves the order of what is returned or printed free.

Promises: "any order" counts only where it is said of what is returned or printed, in its sentence or in one that goes
on about it; of what is moved, visited or given it says nothing. An inner level is free only where words name it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_TELL = re.compile(
    r"\b(?:(?:print|output|return|report)(?:s|ed|ing)?|give|display)\b(?!\s+(?:true|false|the\s+(?:number|sum|count))\b)",
    re.I,
)
_SCALAR = re.compile(
    r"\bcounts?\s+(?:how|the)\b|\bhow\s+many\b"
    r"|\b(?:print|output|return|report|find)s?\s+(?:exactly\s+|only\s+|just\s+)?"
    r"(?:(?:a|the|one|only|single|required|total|resulting|minimal|minimum|maximal|maximum|least|greatest|smallest|"
    r"largest|exact|of|positive|non-negative)\s+){0,4}"
    r"(?:integer|number|count|sum|amount|length|(?<!the )(?<=st )one)\b",
    re.I,
)
"""The answer is one number, which has no order."""
_ANSWER = re.compile(r"\b(?:answer|result|solution|list|output)s?\b|\bresulting\b", re.I)
_DO = (
    "arrang|arrange|rearrang|rearrange|reorder|shuffl|shuffle|choos|choose|pick|perform|visit|tak|take|process|apply|appli|"
    "remov|remove|delet|delete|eat|swap|us|use|mak|make|buy|collect|open|play|travers|traverse|insert|add|merg|merge|"
    "permut|permute|connect|select|execut|execute|complet|complete|finish|concatenat|concatenate|read|sell|"
    "plant|prepar|prepare"
)
_MOVES = re.compile(
    rf"\b(?:{_DO}|order)(?:ing)\b|\b(?:{_DO})(?:s|es)?\b"
    rf"|\b(?:is|are|be|been|were|was|if|when) (?:\w{{1,30}} )?(?:{_DO}|chos|order)(?:e?d|e?n)\b",
    re.I,
)
_GIVEN = re.compile(r"\b(?:(?<!be )given|input|provided|received|stored)\b", re.I)
_FREE = re.compile(
    r"\bin (?:any|an arbitrary|arbitrary|whatever|whichever|no particular|no specific) "
    r"(?:valid |possible |arbitrary )?(?:order\b|sequence\b(?! of\b))"
    r"|\bany order (?:is|will be) (?:accepted|acceptable|allowed|fine|ok|valid|considered)"
    r"|\border\b[^.;]{0,100}?\b(?:(?:does not|doesn't|do not|don't) matter"
    r"|is (?:not important|unimportant|irrelevant|free|arbitrary|insignificant|up to you|not (?:checked|relevant)))"
    r"|\bneither (?:the )?order\b[^.;]{0,60}\bnor (?:the |that )?[^.;]{0,40}\bmatters?\b"
    r"|\b(?:does not|doesn't) matter in (?:which|what) order\b",
    re.I,
)
_INSIDE = re.compile(
    r"\b(?:of|in) (?:each|every)(?! (?:one )?of\b)\b|\b(?:within|inside|inner)\b"
    r"|\bin the (?:lists|groups|sublists|rows) (?:may|can)\b"
    r"|\b(?:each|every) (?!(?:one )?of\b)\w{1,30} (?:may|can)\b",
    re.I,
)
_BEHIND = re.compile(r"\W*(?:the )?(?:\w{1,30} ){0,4}(?:is|are|be) (?:returned|printed|output)", re.I)
_TIE = re.compile(
    r"\b(?:ties?|tied|(?:have|has|having|with|of) (?:the |an )?(?:same|equal))\b(?:(?!\ball\b)[^.;]){0,80}\bany order\b"
    r"|\bany order\b[^.;]{0,40}\b(?:if|when|where)\b[^.;]{0,40}\b(?:tied?|same|equal)\b",
    re.I,
)
_BOTH = re.compile(
    r"\border of\b[^.;]{0,60}\b(?:and|nor|or) (?:(?:the )?(?:order|that) )?(?:of|inside|within)\b"
    r"|\b(?:and|nor|or|as well as) (?:the |those )?(?:\w{1,30} )?(?:of|in|inside|within) (?:each|every|them|it)\b",
    re.I,
)
_SORT = re.compile(r"^\W*(?:sort|group|enumerate|(?:find|generate|list|collect) all)\b", re.I)
_GOES_ON = re.compile(r"^\W*(?:they|these|those|their|it|the|within|inside|neither|any order|order|note)\b", re.I)
_FIRST = re.compile(r"^\W*(?:and )?(\w{1,30}?)s? ", re.I)
_STANDS = re.compile(
    r"\b(?:be|is|are|comes?|appears?|occurs?|stands?)\s(?:also\s|given\s|returned\s|printed\s|output\s|listed\s|presented\s){0,2}in\b"
    r"|\b(?:may|can|could)\s(?:also\s)?list\b",
    re.I,
)
_NEAR = 400
"""Characters before a phrase in which its subject is looked for."""


def free_levels(sentences: Iterable[str]) -> tuple[int, ...]:
    """The levels whose order is free: 0 for the outermost list, 1 for those inside it; empty where none is.

    Raises ValueError where only what ties is free, which no comparison of one answer can tell.
    """
    levels: set[int] = set()
    answer = ""
    for sentence in sentences:
        for clause in filter(str.strip, sentence.split(";")):
            levels_here = _levels_of(clause, answer)
            if _TIE.search(clause) and (levels_here or (answer and not _MOVES.search(clause))):
                raise ValueError("its statement accepts any order of what ties, and it brings no checker")
            levels |= levels_here
            if _SCALAR.search(clause):
                answer = ""
            elif _SORT.search(clause) or _TELL.search(clause):
                answer = clause.lower()
            elif not levels_here:
                answer = ""
    return tuple(sorted(levels))


def _levels_of(clause: str, answer: str) -> set[int]:
    """The levels that one clause frees; `answer` is the one before it where that is about the answer, or ""."""
    levels: set[int] = set()
    start = 0
    for found in _FREE.finditer(clause):
        if levels or _of_the_answer(clause, found, answer):
            if _BOTH.search(clause, start, found.end()):
                levels |= {0, 1}
            else:
                levels.add(1 if _INSIDE.search(clause, start, found.end()) else 0)
        start = found.end()
    return levels


def _of_the_answer(clause: str, found: re.Match[str], answer: str) -> bool:
    before = clause[max(0, found.start() - _NEAR) : found.start()]
    verbs = list(_TELL.finditer(before))
    if verbs:
        between = before[verbs[-1].end() :]
        return not (_MOVES.search(between) or _GIVEN.search(between))
    if _BEHIND.match(clause, found.end()) or _TELL.search(found[0]):
        return True
    whole = before + found[0]
    if _MOVES.search(whole) or _GIVEN.search(whole):
        return False
    if found[0][:3].lower() == "in " and not _STANDS.search(whole):
        return False
    first = _FIRST.match(clause)
    return bool(
        _ANSWER.search(whole)
        or (answer and (_GOES_ON.search(clause) or (first is not None and first[1].lower() in answer)))
    )

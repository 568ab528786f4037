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
    r"(?:valid |possible |arbitrary )?order\b"
    r"|\bany order (?:is|will be) (?:accepted|acceptable|allowed|fine|ok|valid|considered)"
    r"|\border\b[^.;]{0,100}?\b(?:(?:does not|doesn't|do not|don't) matter"
    r"|is (?:not important|unimportant|irrelevant|free|arbitrary|insignificant))"
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
_TIE = re.compile(
    r"\b(?:ties?|tied|(?:have|has|having|with|of) (?:the |an )?(?:same|equal))\b(?:(?!\ball\b)[^.;]){0,80}\bany order\b"
    r"|\bany order\b[^.;]{0,40}\b(?:if|when|where)\b[^.;]{0,40}\b(?:tied?|same|equal)\b",
    re.I,
)
_BOTH = re.compile(r"\border of\b[^.;]{0,60}\b(?:and|nor|or) (?:the )?(?:order|that) (?:of|inside|within)\b", re.I)
_SORT = re.compile(r"^\W*sort\b", re.I)
_GOES_ON = re.compile(
    r"^\W*(?:they|these|those|their|it|the|within|inside|neither|you|any order|order|note|and)\b", re.I
)
_MANY = re.compile(r"\b(?:all|list|array|every|\w{1,30}s)\b", re.I)
_MAY = re.compile(r"\b(?:may|can|could|will|is|are|does|do|doesn't|don't|matters?)\b", re.I)


def free_levels(sentences: Iterable[str]) -> tuple[int, ...]:
    """The levels whose order is free: 0 for the outermost list, 1 for those inside it; empty where none is.

    Raises ValueError where only what ties is free, which no comparison of one answer can tell.
    """
    levels: set[int] = set()
    about_answer = False
    for sentence in sentences:
        for clause in sentence.split(";"):
            if not clause.strip():
                continue
            told = _told(clause, about_answer)
            if _TIE.search(clause) and (told or (about_answer and not _MOVES.search(clause))):
                raise ValueError("its statement accepts any order of what ties, and it brings no checker")
            levels |= told
            about_answer = bool(_SORT.search(clause) or _TELL.search(clause) or (about_answer and told))
    return tuple(sorted(levels))


def _told(clause: str, about_answer: bool) -> set[int]:
    """The levels that one clause frees, where the one before it was about the answer or not."""
    levels: set[int] = set()
    start = 0
    for found in _FREE.finditer(clause):
        before = clause[start : found.end()]
        if levels or _of_the_answer(clause, found, about_answer):
            if _BOTH.search(found[0]):
                levels |= {0, 1}
            else:
                levels.add(1 if _INSIDE.search(before) else 0)
        start = found.end()
    return levels


def _of_the_answer(clause: str, found: re.Match[str], about_answer: bool) -> bool:
    before = clause[: found.start()]
    verbs = list(_TELL.finditer(before))
    if verbs:
        between = before[verbs[-1].end() :]
        return not (_MOVES.search(between) or _GIVEN.search(between))
    if _ANSWER.search(before) or _ANSWER.search(found[0]) or _TELL.search(found[0]):
        return not (_MOVES.search(before) or _GIVEN.search(clause[: found.end()]))
    behind = clause[found.end() :]
    if re.match(r"\W*(?:the )?(?:\w{1,30} ){0,4}(?:is|are|be) (?:returned|printed|output)", behind, re.I):
        return True
    whole = clause[: found.end()]
    return (
        about_answer
        and bool(_GOES_ON.search(clause) and _MAY.search(whole))
        and not (_MOVES.search(whole) or _GIVEN.search(whole))
    )

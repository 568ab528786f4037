"""At which nesting levels a statement leaves the order of what is returned or printed free.

Promises: "any order" counts only where it is said of what is returned or printed, in its sentence or in one that goes
on about it; of what is moved, visited or given it says nothing. An inner level is free only where words name it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_TELL = re.compile(
    r"\b(?:print|output|return|report|give|display|list|answer|result|solution)(?:s|ed|ing)?\b(?!\s+(?:true|false|the\s+number)\b)",
    re.I,
)
_MOVES = re.compile(
    r"\b(?:arrang|rearrang|reorder|order(?:ed|ing)\b|shuffl|choos|pick|perform|visit|tak(?:e|ing)|process|appl(?:y|ied)|"
    r"remov|delet|eat(?:s|en|ing)?\b|swap|us(?:es?|ed|ing)\b|do(?:es|ing)?\b|mak(?:e|ing)|buy|collect|open|play|travers|insert|add(?:s|ed|ing)?\b|"
    r"merg|permut|connect|select|execut|complet|finish|concatenat|read)\w{0,8}",
    re.I,
)
_GIVEN = re.compile(r"\b(?:given|input|provided|received|stored)\b", re.I)
_FREE = re.compile(
    r"\bin (?:any|an arbitrary|arbitrary|whatever|whichever|no particular|no specific) (?:valid |possible |arbitrary )?order\b"
    r"|\bany order (?:is|will be) (?:accepted|acceptable|allowed|fine|ok|valid|considered)"
    r"|\border\b[^.;]{0,100}?\b(?:(?:does not|doesn't|do not|don't) matter|is (?:not important|unimportant|irrelevant|free|arbitrary|insignificant))"
    r"|\b(?:does not|doesn't) matter in (?:which|what) order\b",
    re.I,
)
_INSIDE = re.compile(
    r"\b(?:within|inside|inner|of|in) (?:each|every|an?|the (?:inner|same)) (?!y\b)\w{1,30}|\binside\b|\bwithin\b|\binner\b"
    r"|\b(?:each|every) (?!(?:one )?of\b)\w{1,30}(?:'s)? (?:\w{1,30} ){0,4}in (?:any|arbitrary)",
    re.I,
)
_TIE = re.compile(r"\b(?:ties?|tied|same|equal)\b[^.;]{0,80}\bany order\b|\bany order\b[^.;]{0,40}\b(?:if|when|where)\b[^.;]{0,40}\b(?:tied?|same|equal)\b", re.I)
_BOTH = re.compile(r"\border of\b[^.;]{0,60}\b(?:and|nor|or) (?:the )?(?:order|that) (?:of|inside|within)\b", re.I)
_GOES_ON = re.compile(r"^\W*(?:they|these|those|it|the|within|inside|you|any order|order|note|and)\b", re.I)
_MANY = re.compile(r"\b(?:all|list|array|every|\w{1,30}s)\b", re.I)
_MAY = re.compile(r"\b(?:may|can|could|will|is|are|does|do|doesn't|don't)\b", re.I)


def free_levels(sentences: Iterable[str]) -> tuple[int, ...]:
    """The levels whose order is free: 0 for the outermost list, 1 for those inside it; empty where none is.

    Raises ValueError where only what ties is free, which no comparison of one answer can tell.
    """
    levels: set[int] = set()
    about_answer = False
    for sentence in sentences:
        for clause in sentence.split(";"):
            told = _told(clause, about_answer)
            if told and _TIE.search(clause):
                raise ValueError("its statement accepts any order of what ties, and it brings no checker")
            levels |= told
            about_answer = bool(_TELL.search(clause) or (about_answer and told))
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
    told = _TELL.search(before)
    if told is not None:
        between = before[told.end() :]
        return not (_MOVES.search(between) or _GIVEN.search(between))
    if _TELL.search(found[0]) and not _GIVEN.search(found[0]):
        return True
    behind = clause[found.end() :]
    if re.match(r"\W*(?:the )?(?:\w{1,30} ){0,4}(?:is|are|be) (?:returned|printed|output)", behind, re.I):
        return True
    whole = clause[: found.end()]
    return (
        about_answer
        and bool(_GOES_ON.search(clause) and _MAY.search(whole))
        and not (_MOVES.search(whole) or _GIVEN.search(whole))
    )

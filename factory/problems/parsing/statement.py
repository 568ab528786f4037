"""What a problem's statement says about how answers are judged, for sets that bring inputs and outputs alone.

Promises: only what the statement says in words, in a sentence about the answer, is granted, and exactly that much;
where it accepts any of several answers, and the set brings no checker, one recorded output cannot decide and the
problem is refused. Where it asks for something of which there may be several, without a word about it, that is a
doubt, which the row's own solutions may settle (`factory.run.reference_checks`); without them it is refused too. A
statement is read in linear time, its blanks taken together first. Does not promise to understand every way to say so:
solutions that differ show some of the others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from factory.problems.parsing.choice import is_interactive, leaves_choice
from factory.problems.parsing.doubt import is_doubtful
from factory.problems.parsing.order import free_levels
from factory.records import Case, Comparison
from factory.records.values import decode

_CHOICE = "its statement accepts any of several answers, and it brings no checker"
_DOUBT = "its statement asks for something of which there may be several, and it brings no checker"
_SORTED = re.compile(
    r"\b(?:print|output|return)\b[^.;]{0,80}"
    r"\b(?:sorted|(?:ascending|descending|increasing|decreasing|lexicographical) order)\b",
    re.I,
)
_BLANKS = re.compile(r"[ \t\r\f\v]+")
_LINES = re.compile(r"(?: ?\n ?){2,}")
_SENTENCE_END = re.compile(r"(?<=[.!?])[\s\"')]+|\n\n")
_OF_THE_ANSWER = re.compile(
    r"\b(?:answers?|outputs?|print(?:s|ed|ing)?|return(?:s|ed|ing)?|solutions?|results?|verdict|checker|judges?|judged|"
    r"accept(?:s|ed|able)?|considered|allowed|permitted|tolerated|valid)\b",
    re.I,
)
_OF_THE_INPUT = re.compile(r"\b(?:input|given|reads?|stor(?:es|ed)|names?|search(?:es|ing)?)\b", re.I)
_TELL = r"(?:print|output|write|display|return|give|answer)(?:s|ed|ing)?"
_CASE_TOLD = re.compile(
    rf"""\b(?:can|may|could|might|allowed|free|accept\w{{0,4}}|recogni[sz]ed)\b[^.]{{0,120}}?
            \b(?:in\ (?:any|an\ arbitrary|arbitrary|either|whatever|whichever)\ (?:letter\ |character\ )?
                (?:case|register)s?\b(?!\ of)
              |in\ any\ \(?(?:upper|lower)
              |(?:in|as)\ (?:either\ )?(?:upper|lower)[- ]?case\ (?:or|and|/)\ (?:in\ )?(?:upper|lower)[- ]?case\b)
      | \b(?:can|may|could)\ be\ (?:of|in)\ (?:either|any)\ case\b
      | \b(?:can|may|could)\b[^.]{{0,60}}\bin\ (?:upper|lower)\ or\ (?:upper|lower)[- ]?case\b
      | \b{_TELL}\b[^.]{{0,120}}?(?:\bin\ any\ (?:letter\ )?case\ \(|\(in\ any\ (?:letter\ )?case\b)
      | \b(?:upper|lower)[- ]?case\ (?:or|and)\ (?:upper|lower)[- ]?case\b[^.]{{0,120}}\baccepted\b
      | \b(?:combination|mix(?:ture)?)\ of\ (?:upper|lower)[^.]{{0,60}}\baccepted\b
      | \baccepted\b[^.]{{0,40}}\b(?:combination|mix(?:ture)?)\ of\ (?:upper|lower)""",
    re.I | re.X,
)
_CASE_IGNORED = re.compile(
    r"\bignor(?:es|ed|ing) (?:the )?case\b|"
    r"\b(?:without regard to|regardless of|irrespective of) (?:the |letter )?(?:case|upper)|"
    r"(?<!\bnot )\bcase[- ]insensitive|\bnot case[- ]sensitive|\binsensitive to case|"
    r"\b(?:case|capitali[sz]ation)(?: of(?: \w{1,30}){1,3})? (?:does not|doesn't|do not) matter|"
    r"\b(?:case|capitali[sz]ation)(?: of(?: \w{1,30}){1,3})? is (?:not important|unimportant|ignored|irrelevant)",
    re.I,
)
_CASE_CHOSEN = re.compile(
    r"^\W*you (?:can|may) choose the case \((?:lower|upper) or (?:lower|upper)\) (?:for|of) each (?:letter|character)",
    re.I,
)
_IDIOM = re.compile(r"^\W*in any case\b", re.I)
_TOLD = re.compile(rf"\b(?:{_TELL}|answers|outputs|verdict)\b", re.I)
_COUNTED = re.compile(r"\b(?:number of|how many|count)\b", re.I)
_ERROR = re.compile(r"\b(?:errors?|precision|tolerance|inaccuracy)\b", re.I)
_UP_TO = re.compile(r"\bcorrect\b[^.;]{0,20}\b(?:up )?to\b[^.;]{0,60}\b(?:relative|absolute)\b", re.I)
_FORMULA = re.compile(
    r"\b(?:accepted|correct)\b[^.;]{0,40}\bif\b[^;]{0,40}"
    r"\|\s?\w{1,10}(?:\s\w{1,10})?\s?[-−–]\s?\w{1,10}(?:\s\w{1,10})?\s?\|",
    re.I,
)
_WITHIN = re.compile(
    r"\bwithin\b[^.;]{0,40}\b(?:of|from)\s+the\s+(?:actual|correct|expected|exact|true|jury|judge)", re.I
)
_DIFFERS = re.compile(r"\bdiffer(?:s|ence)?\b[^;]{0,80}\b(?:correct|jury|judge|expected|exact|true|actual)", re.I)
_BOUND = re.compile(
    r"\b(?:absolute|relative)\b.{0,80}(?:\bnot|n't)\s+exceed\b"
    r"|^\W*(?:absolute |relative )?error (?:must|should|is|of|may|can)\b",
    re.I | re.S,
)
_POWER = re.compile(r"\b10\s?\^?\s?[{(]?\s?[-−–]\s?(\d{1,2})|\b1e-(\d{1,2})|\b0\.(0{1,14})1\b", re.I)


def doubt(statement: str) -> str:
    """Why another answer than the recorded one may be right, although no word says so; "" where nothing hints at it."""
    return _DOUBT if is_doubtful(_sentences(statement)) else ""


def of_streams(statement: str, cases: Sequence[Case] = (), *, doubtful: bool = False) -> Comparison:
    """How printed output is compared: token by token, exactly but for what the statement grants.

    What `cases` expect decides whether there is an order at all. With `doubtful` a doubt is left to who asks for it.
    Raises ValueError where any of several answers is right, or the judge answers back.
    """
    sentences = _sentences(statement)
    _refuse_choice(sentences, doubtful=doubtful)
    single = cases and all(len((case.stdout or "").split()) < 2 for case in cases)
    if not single and free_levels(sentences):
        raise ValueError(_CHOICE)
    any_case, tolerance = _any_case(sentences), _tolerance(sentences)
    if tolerance is None:
        return Comparison(kind="tokens", rel=0, abs=0, any_case=any_case)
    return Comparison(kind="tokens", rel=tolerance[0], abs=tolerance[1], numbers=True, any_case=any_case)


def of_calls(
    statement: str, cases: Sequence[Case] = (), *, from_json: bool = True, doubtful: bool = False
) -> Comparison:
    """How returned values are compared, those that were JSON in the set without telling tuples from lists.

    What the recorded answers of `cases` are decides what an order can be of. With `doubtful` a doubt is left to who
    asks for it. Raises ValueError where any of several answers is right.
    """
    sentences = _sentences(statement)
    _refuse_choice(sentences, doubtful=doubtful)
    levels = _orders(sentences, cases)
    if levels:
        return Comparison(kind="unordered", free_levels=levels, tuples_as_lists=from_json)
    tolerance = _tolerance(sentences)
    if tolerance is None:
        return Comparison(tuples_as_lists=from_json)
    return Comparison(kind="float", rel=tolerance[0], abs=tolerance[1], tuples_as_lists=from_json)


def _orders(sentences: Sequence[str], cases: Sequence[Case]) -> tuple[int, ...]:
    """The levels that the statement leaves free and that the recorded answers have.

    Raises ValueError where it can only be the order within a text: one recorded text does not decide.
    """
    levels = free_levels(sentences)
    answers = [decode(case.expected) for case in cases]
    if not levels or not answers:
        return levels
    if any(isinstance(answer, list | tuple) for answer in answers):
        if any(map(_SORTED.search, sentences)) and all(map(_is_sorted, answers)):
            return tuple(level for level in levels if level)
        return levels
    if any(isinstance(answer, str) and len(answer) > 1 for answer in answers):
        raise ValueError(_CHOICE)
    return ()


def _is_sorted(answer: Any) -> bool:
    """Whether a list is in ascending or descending order."""
    if not isinstance(answer, list | tuple):
        return True
    try:
        return list(answer) in (sorted(answer), sorted(answer, reverse=True))
    except TypeError:
        return False


def _joined(statement: str) -> str:
    """`statement` with one blank for several, and lines joined but for empty ones between them."""
    text = _LINES.sub("\0", _BLANKS.sub(" ", statement))
    return text.replace(" \n", "\n").replace("\n ", "\n").replace("\n", " ").replace("\0", "\n\n")


def _sentences(statement: str) -> list[str]:
    return _SENTENCE_END.split(_joined(statement))


def _refuse_choice(sentences: Sequence[str], *, doubtful: bool) -> None:
    if any(map(is_interactive, sentences)):
        raise ValueError("its statement is of an interactive problem: no recorded output can replace its judge")
    if leaves_choice(sentences):
        raise ValueError(_CHOICE)
    if not doubtful and is_doubtful(sentences):
        raise ValueError(_DOUBT)


def _any_case(sentences: Sequence[str]) -> bool:
    return any(
        _CASE_CHOSEN.search(sentence)
        or (_is_told(sentence, _CASE_TOLD.search(sentence)) and not _IDIOM.search(sentence))
        or (_CASE_IGNORED.search(sentence) and _OF_THE_ANSWER.search(sentence) and not _OF_THE_INPUT.search(sentence))
        for sentence in sentences
    )


def _is_told(sentence: str, found: re.Match[str] | None) -> bool:
    """Whether what a sentence says of the case of letters is said of printed ones."""
    if found is None:
        return False
    before = sentence[: found.end()]
    return bool(_TOLD.search(before)) and not _COUNTED.search(before)


def _tolerance(sentences: Sequence[str]) -> tuple[float, float] | None:
    """The relative and the absolute error that the statement allows an answer, the smallest where it names several.

    A kind that it does not name is 0 where it names the other; None where it allows none.
    """
    found: list[int] = []
    kinds: set[str] = set()
    for sentence in sentences:
        within = _WITHIN.search(sentence) or _DIFFERS.search(sentence)
        error = (
            _FORMULA.search(sentence)
            or _UP_TO.search(sentence)
            or any(
                _ERROR.search(clause) and (_OF_THE_ANSWER.search(clause) or _BOUND.search(clause))
                for clause in sentence.split(";")
            )
        )
        if not (within or error):
            continue
        powers = [int(power or short or len(zeros) + 1) for power, short, zeros in _POWER.findall(sentence)]
        if powers:
            found += powers
            kinds |= {kind for kind in ("absolute", "relative") if kind in sentence.lower()}
            kinds |= {"absolute"} if within and not error else set()
    if not found:
        return None
    allowed = 10.0 ** -max(found)
    return (0.0 if kinds == {"absolute"} else allowed, 0.0 if kinds == {"relative"} else allowed)

"""What a problem's statement says about how answers are judged, for sets that bring inputs and outputs alone.

Promises: only what the statement says in words, in a sentence about the answer, is granted, and exactly that much;
where it accepts any of several answers, and the set brings no checker, one recorded output cannot decide and the
problem is refused. A statement is read in linear time, its blanks taken together first. Does not promise to understand
every way to say so: a reference that fails shows some of the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from factory.records import Comparison

_BLANKS = re.compile(r"[ \t\r\f\v]+")
_LINES = re.compile(r"(?: ?\n ?){2,}")
_SENTENCE_END = re.compile(r"(?<=[.!?;])[\s\"')]+|\n\n")
_OF_THE_ANSWER = re.compile(
    r"\b(?:answers?|outputs?|print(?:s|ed|ing)?|return(?:s|ed|ing)?|solutions?|results?|verdict|checker|judges?|judged|"
    r"accept(?:s|ed|able)?|considered)\b",
    re.I,
)
_OF_THE_INPUT = re.compile(r"\b(?:input|given|reads?|stor(?:es|ed)|names?|search(?:es|ing)?)\b", re.I)
_GIVE = r"\b(?:print|output|return|report|give|display)(?:s|ed|ing)?\b"
_MOVES = (
    r"(?:arrang|rearrang|reorder|order(?:ed|ing)\b|shuffl|choos|pick|perform|visit|tak(?:e|ing)|process|appl(?:y|ied))"
)
_PARTS = r"(?:answers?|outputs?|results?)"
_ANY_ORDER = re.compile(
    rf"""(?:{_GIVE}|\b(?:{_PARTS}|solutions?)\b)(?:(?!{_MOVES})[^.;]){{0,160}}
          \bin\ an?(?:y|\ arbitrary)\ (?:valid\ |arbitrary\ |possible\ )?order\b
      | \bany\ order\ (?:is|will\ be)\ (?:accepted|acceptable|allowed|fine|ok|valid|considered)
      | \border\ of\ (?:the\ )?(?:{_PARTS}|(?:returned|printed|output)\ \w{{1,30}}|\w{{1,30}}\ in\ the\ {_PARTS})
          [^.;]{{0,40}}\bdoes(?:\ not|n't)\ matter
      | \b(?:in|of)\ (?:the|your)\ {_PARTS}[^.;]{{0,60}}\border[^.;]{{0,20}}\bdoes(?:\ not|n't)\ matter""",
    re.I | re.X,
)
_THINGS = (
    "string permutation array sequence graph tree path matrix subset subsequence substring list arrangement partition "
    "pair triple triplet cycle route schedule assignment coloring colouring grid table word pattern construction"
).replace(" ", "|")
_ANY_ANSWER = re.compile(
    rf"""\b(?:print|output|return|report|find|give|choose|display)(?:ing)?\s+any(?:\s+(?:one|single))?
          (?:\s+(?:of\s+(?:them|these|those|the)|valid|possible|correct|suitable|such|optimal|answer|solution)\b|\s*[.,;)])
      | \b(?:print|output|return|report|find|give|construct|build|produce)(?:ing)?\s+any\s+
          (?:\w{{1,30}}\s+)?(?:{_THINGS})s?\b
      | \bany\s+(?:one\s+)?
          (?:of\s+(?:them|these|those)|(?:valid\s+)?(?:answer|solution|output)|such\s+\w{{1,30}})\s+
          (?:is|are|will\s+be|would\s+be|may\s+be|can\s+be)\s+(?:accepted|acceptable|allowed|considered|correct|fine|valid)
      | \bany\s+(?:answer|solution|output)\s+(?:which|that|satisfying|with|meeting)\b[^.;]{{0,120}}
          \b(?:accepted|acceptable|correct|considered|valid)
      | \bany\s?(?:one)?(?:\s+of\s+(?:them|these|those))?\s+will\s+(?:do|suffice)\b
      | \b(?:multiple|several|many|more\s+than\s+one)\s+(?:\w{{1,30}}\s+)?
          (?:answers?|solutions?|outputs?|ways|sequences|options)\b
          [^.]{{0,80}}?(?:\bany\b|\bone\s+of\b)
      | \baccept(?:s|ed)?\s+any\s+(?:valid|correct)""",
    re.I | re.X,
)
_INTERACTIVE = re.compile(
    r"\binteractive\s+(?:problem|task)\b|\binteract(?:s|ing)?\s+with\s+(?:the\s+)?(?:judge|grader|interactor)\b|"
    r"\bflush(?:es|ing)?\s+(?:the\s+|your\s+)?(?:output|stdout|standard\s+output|buffer)|\bfflush\b",
    re.I,
)
_ANY_CASE = re.compile(
    r"\b(?:each|every|any) (?:letter|character) in any case\b|\bin any case \(upper|\bin any \(?(?:upper|lower)|"
    r"\bcase[- ]insensitive|\b(?:upper|lower)case or (?:lower|upper)case\b[^.]{0,120}\baccepted\b|"
    r"\bletters? (?:can|may) be (?:printed )?in any case\b",
    re.I,
)
_ERROR = re.compile(r"\b(?:error|precision|tolerance)\b", re.I)
_WITHIN = re.compile(r"\bwithin\b[^.;]{0,40}\bof\s+the\s+(?:actual|correct|expected|exact|true|jury|judge)", re.I)
_BOUND = re.compile(r"\b(?:absolute|relative)\b.{0,80}\bnot\s+exceed\b", re.I | re.S)
_POWER = re.compile(r"\b10\s?\^?\s?\{?\s?[-−–]\s?(\d{1,2})|\b1e-(\d{1,2})|\b0\.(0{1,14})1\b", re.I)


def of_streams(statement: str) -> Comparison:
    """How printed output is compared: token by token, exactly but for what the statement grants.

    Raises ValueError where any of several answers is right, or the judge answers back.
    """
    statement = _joined(statement)
    _refuse_choice(statement)
    if _ANY_ORDER.search(statement):
        raise ValueError("its statement accepts any of several answers, and it brings no checker")
    any_case, tolerance = _any_case(statement), _tolerance(statement)
    if tolerance is None:
        return Comparison(kind="tokens", rel=0, abs=0, any_case=any_case)
    return Comparison(kind="tokens", rel=tolerance[0], abs=tolerance[1], numbers=True, any_case=any_case)


def of_calls(statement: str, *, from_json: bool = True) -> Comparison:
    """How returned values are compared, those that were JSON in the set without telling tuples from lists.

    Raises ValueError where any of several answers is right.
    """
    statement = _joined(statement)
    _refuse_choice(statement)
    if _ANY_ORDER.search(statement):
        return Comparison(kind="unordered", tuples_as_lists=from_json)
    tolerance = _tolerance(statement)
    if tolerance is None:
        return Comparison(tuples_as_lists=from_json)
    return Comparison(kind="float", rel=tolerance[0], abs=tolerance[1], tuples_as_lists=from_json)


def _joined(statement: str) -> str:
    """`statement` with one blank for several, and lines joined but for empty ones between them."""
    text = _LINES.sub("\0", _BLANKS.sub(" ", statement))
    return text.replace(" \n", "\n").replace("\n ", "\n").replace("\n", " ").replace("\0", "\n\n")


def _refuse_choice(statement: str) -> None:
    if _INTERACTIVE.search(statement):
        raise ValueError("its statement is of an interactive problem: no recorded output can replace its judge")
    if _ANY_ANSWER.search(statement):
        raise ValueError("its statement accepts any of several answers, and it brings no checker")


def _sentences(statement: str) -> Iterator[str]:
    yield from _SENTENCE_END.split(statement)


def _any_case(statement: str) -> bool:
    return any(
        _ANY_CASE.search(sentence) and _OF_THE_ANSWER.search(sentence) and not _OF_THE_INPUT.search(sentence)
        for sentence in _sentences(statement)
    )


def _tolerance(statement: str) -> tuple[float, float] | None:
    """The relative and the absolute error that the statement allows an answer, the smallest where it names several.

    A kind that it does not name is 0 where it names the other; None where it allows none.
    """
    found: list[int] = []
    kinds: set[str] = set()
    for sentence in _sentences(statement):
        within = _WITHIN.search(sentence)
        error = _ERROR.search(sentence) and (_OF_THE_ANSWER.search(sentence) or _BOUND.search(sentence))
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

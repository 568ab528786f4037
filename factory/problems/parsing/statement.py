"""What a problem's statement says about how answers are judged, for sets that bring inputs and outputs alone.

Promises: only what the statement says in words is acted upon; where it accepts any of several answers, and the set
brings no checker, one recorded output cannot decide and the problem is refused. Does not promise to
understand every way to say so: a reference that fails shows some of the others.
"""

from __future__ import annotations

import re

from factory.records import Comparison

_ANY_ORDER = re.compile(
    r"\bin any (?:valid |arbitrary )?order\b|\bany order (?:is|of|will)\b|\border does(?: not|n't) matter\b", re.I
)
_ANY_ANSWER = re.compile(
    r"""\b(?:print|output|return|report|find|give|choose|display)(?:ing)?\s+any(?:\s+(?:one|single))?
          (?:\s+(?:of\s+(?:them|these|those|the)|valid|possible|correct|suitable|such|optimal|answer|solution)\b|\s*[.,;)])
      | \bany\s+(?:one\s+)?(?:of\s+(?:them|these|those)|valid\s+(?:answer|solution|output)|(?:answer|solution))\s+
          (?:is|are|will\s+be|would\s+be|may\s+be|can\s+be)\s+(?:accepted|acceptable|allowed|considered|correct|fine|valid)
      | \b(?:multiple|several|many|more\s+than\s+one)\s+(?:\w+\s+)?
          (?:answers?|solutions?|outputs?|ways|sequences|options)\b
          [^.]{0,80}?(?:\bany\b|\bone\s+of\b)
      | \baccept(?:s|ed)?\s+any\s+(?:valid|correct)""",
    re.I | re.X,
)
_ANY_CASE = re.compile(
    r"\b(?:each|every|any) (?:letter|character) in any case\b|\bin any case \(upper|\bin any \(?(?:upper|lower)|"
    r"\bcase[- ]insensitive|\b(?:upper|lower)case or (?:lower|upper)case\b[^.]{0,400}\baccepted\b|"
    r"\bletters? (?:can|may) be (?:printed )?in any case\b",
    re.I,
)
_ERROR = re.compile(
    r"\b(?:(?:absolute|relative)(?:\s+(?:or|and)\s+(?:absolute|relative))?\s+)?(?:error|precision)\b", re.I
)
_POWER = re.compile(r"\b10\s*+\^?+\s*+\{?+\s*+[-−–]\s*+(\d{1,2})|\b1e-(\d{1,2})|\b0\.(0{1,14})1\b", re.I)
_WINDOW = 160
"""Characters around "error" in which the tolerance stands."""


def of_streams(statement: str) -> Comparison:
    """How printed output is compared. Raises ValueError where any of several answers is right."""
    if _ANY_ANSWER.search(statement) or _ANY_ORDER.search(statement):
        raise ValueError("its statement accepts any of several answers, and it brings no checker")
    any_case, tolerance = bool(_ANY_CASE.search(statement)), _tolerance(statement)
    if tolerance is None:
        return Comparison(kind="tokens", any_case=any_case)
    return Comparison(kind="tokens", rel=tolerance, abs=tolerance, numbers=True, any_case=any_case)


def of_calls(statement: str, *, from_json: bool = True) -> Comparison:
    """How returned values are compared, those that were JSON in the set without telling tuples from lists.

    Raises ValueError where any of several answers is right.
    """
    if _ANY_ANSWER.search(statement):
        raise ValueError("its statement accepts any of several answers, and it brings no checker")
    if _ANY_ORDER.search(statement):
        return Comparison(kind="unordered", tuples_as_lists=from_json)
    tolerance = _tolerance(statement)
    if tolerance is None:
        return Comparison(tuples_as_lists=from_json)
    return Comparison(kind="float", rel=tolerance, abs=tolerance, tuples_as_lists=from_json)


def _tolerance(statement: str) -> float | None:
    """The error that the statement allows, the smallest where it names several; None where it names none."""
    found = []
    for match in _ERROR.finditer(statement):
        around = statement[max(match.start() - _WINDOW, 0) : match.end() + _WINDOW]
        found += [int(power or short or len(zeros) + 1) for power, short, zeros in _POWER.findall(around)]
    return 10.0 ** -max(found) if found else None

"""Whether a statement asks for something of which there may be several, without a word that another one is right.

Promises: a doubt, no more: the row's own solutions may settle it. Nothing is doubtful where the statement says which
one is meant (sorted, lexicographic, the one with the smallest index). Every search is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from factory.problems.parsing.choice import ANSWERS, FITTING, MAKE, TELL, THINGS

_DESCRIBED = re.compile(
    rf"""\b{TELL}\b(?P<between>[^.;]{{0,90}}?)\b(?:(?:a|an|some|one)\s+{FITTING}\s+(?:\w{{1,30}}\s+)?(?:{THINGS})\b
           |(?:that|which)\s+(?:could|may|might|can)\s+(?:have\s+been|be)\s+the\s+(?:original|initial|hidden|secret)\b)""",
    re.I | re.X,
)
_MEASURED = re.compile(
    r"\b(?:if|whether|when|for|number|count|many|length|size|cost|price|weight|value|sum|total|minim\w+|maxim\w+|least|most|"
    r"smallest|largest|greatest|shortest|longest|yes|no|true|false|probability|each|every)\b",
    re.I,
)
_OR_NONE = re.compile(
    rf"""\b(?:{MAKE}|write|colou?r|paint|split|divide|partition|assign|place|arrange|distribute|give)
          \s+(?:a|an|any|some|such|one|two|three|his|her|their|your|weights?|
             the\s+(?:vertices|edges|cells|rectangles|elements|numbers))\b
          (?!\s+(?:least|smallest|largest|minimum|maximum|min|max|number|total|shortest|longest)\b)
          [^.?!]{{0,220}}?\b(?:or|otherwise)\b[^.?!]{{0,12}}?
          \b(?:determine|claim|report|say|tell|state|print|output|find\ out|decide|declare|detect)[^.?!]{{0,60}}?
          \b(?:impossible|not\s+possible|no\s+such|does\s?n't\s+exist|does\s+not\s+exist|
             no\s+(?:solution|answer|valid)|cannot)""",
    re.I | re.X,
)
_FIND_SUCH = re.compile(
    rf"\bfind\s+(?:such\s+(?:an?\s+)?|some\s+)(?:{THINGS})\b(?!\s+(?:is|with\s+the\s+(?:least|smallest|largest)))",
    re.I,
)
_CONSTRUCT = re.compile(rf"\b{MAKE}\s+an?\s+(?:\w{{1,30}}\s+){{0,2}}?(?:{THINGS})\b", re.I)
_ONE_OF = re.compile(
    rf"\bone\s+of\s+(?:the\s+)?(?:possible|valid|many|several|correct)\s+(?:\w{{1,30}}\s+)?(?:{ANSWERS}|{THINGS})s?\b",
    re.I,
)
_PRINTS = re.compile(rf"\b(?:{TELL})\b", re.I)
_HEADING = re.compile(r"^\W*output(?: format| specification)?\W*(?:\n|$)", re.I)
_ENDS = re.compile(
    r"^\W*(?:examples?|samples?|notes?|constraints?|(?:sample )?inputs?|explanation)\b\W*\d*\W*(?:\n|$)", re.I
)
_NAMED = re.compile(
    r"\b(?:print|output|write|prints|outputs)\b[^.]{0,80}?"
    r"(?:\b(?:integer|number|length|size)s?\s|[\s$])\$?([a-z])\$?\s*(?:[(—–:,-]|\bthe\b|\bin\b|\bfollowed\b)",
    re.I,
)
_SO_MANY = (
    r"\$?\s+(?:(?:distinct|different|space-separated|positive|non-negative|more|further|other)\s+){0,2}"
    r"(?:integers|numbers|lines|pairs|indices|indexes|edges|vertices|points|operations|words|strings|moves|elements)\b"
)
_THEN = re.compile(
    r"\b(?:yes|possible|exists?|it does|otherwise)\b.{0,240}?\b(?:second|next|following|then|also)\b.{0,100}?"
    r"\b(?:integers|numbers|pairs|lines|indices|indexes|vertices|coordinates|permutation|sequence)\b",
    re.I | re.S,
)
_WAY = re.compile(
    rf"\b(?:{TELL})\s+(?P<between>(?:[^\s.;,]{{1,30}}\s+){{0,3}}?)"
    r"(?:path|route|tour|walk|plan|schedule|strategy|arrangement|assignment|colou?ring|partition|construction|moves|"
    r"operations|order\s+in\s+which)\b(?!['’]s|\s+(?:length|cost|sum|number|weight|count|is\b|of\s+the\s+(?:input|given)))",
    re.I,
)
_BY = re.compile(r"\b(?:after|in|of|by|with|from|until|during|on|at)\b", re.I)
_WITH = re.compile(
    rf"\b(?:{TELL})\s+(?:(?:a|an|one|some)\s+(?:[\w-]{{1,30}}\s+){{0,2}}?"
    r"(?:set|subset|plan|board|path|route|schedule|permutation|array|sequence|grid|matrix|tree|graph|arrangement|order|"
    r"chain|tiling|subsequence|colou?ring|assignment|partition)"
    r"|(?:(?:two|three|four|any|distinct|positive|[a-z])\s+){0,3}(?:integers|numbers)\s(?:[a-z],?\s(?:and\s)?){1,4})"
    r"[^.;]{0,40}?\s?\b(?:such\s+that|so\s+that|whose|that\s+needs|with\s+(?:at\s+most|at\s+least|exactly)|"
    r"on\s+which|in\s+which|where)\b",
    re.I,
)
_SETTLED = re.compile(
    r"\b(?:lexicographic\w*|alphabetic\w*|(?<!order of )(?:ascending|descending|(?:non-)?(?:in|de)creasing)|sorted|"
    r"unique|uniquely)\b"
    r"|\b(?:multiple|several|many|more\s+than\s+one|ties?|different)\b[^.]{0,120}?"
    r"\b(?:smallest|minim\w+|maxim\w+|first|last|largest|greatest|least|lowest|highest|earliest|leftmost|shortest|longest)\b"
    r"|\b(?:smallest|minim\w+|lowest|least|first)\s+(?:possible\s+)?(?:one|index|r|x)\b"
    r"|\b(?:x|y|r|k|value)\s+is\s+(?:the\s+)?(?:smallest|largest|minim\w+|maxim\w+)\b",
    re.I,
)


def is_doubtful(sentences: Sequence[str]) -> bool:
    """Whether sentences ask for an object and leave open which, or that there is none."""
    if any(map(_is_vague, sentences)):
        return True
    if any(map(_CONSTRUCT.search, sentences)) and any(map(_ONE_OF.search, sentences)):
        return True
    asked = _asked(sentences)
    return not _SETTLED.search(asked) and _asks_for_an_object(asked)


def _is_vague(sentence: str) -> bool:
    return bool(
        _OR_NONE.search(sentence)
        or _FIND_SUCH.search(sentence)
        or any(not _MEASURED.search(found["between"]) for found in _DESCRIBED.finditer(sentence))
    )


def _asked(sentences: Sequence[str]) -> str:
    """What a statement says of the output: what is under its heading, or else the sentences that say "print"."""
    asked: list[str] = []
    for at, sentence in enumerate(sentences):
        if _HEADING.search(sentence):
            asked = []
            for one in (_HEADING.sub("", sentence), *sentences[at + 1 :]):
                if _ENDS.search(one):
                    break
                asked.append(one)
            break
        if _PRINTS.search(sentence):
            asked.append(sentence)
    return " ".join(asked)


def _asks_for_an_object(asked: str) -> bool:
    """Whether a count or a yes goes before what it counts, or a way to do something is asked for."""
    for name in sorted({found[1].lower() for found in _NAMED.finditer(asked)}):
        if re.search(rf"(?<![\w$])\$?{name}{_SO_MANY}", asked, re.I):
            return True
    if _THEN.search(asked) or _WITH.search(asked):
        return True
    return any(not (_MEASURED.search(words) or _BY.search(words)) for words in _WAY.findall(asked))

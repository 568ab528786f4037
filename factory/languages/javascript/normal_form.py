"""A text that JavaScript programs share which differ in comments and white space only.

It tells programs apart where some are chosen; two of one normal form may still behave differently (`String(f)` shows
a function's text, white space and all), so each is run. Line breaks count where a statement can end by one. Read token
by token, without a parser: where a `/` could begin a regular expression or divide, and the tokens before it do not
tell which, the program is compared unchanged.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from factory.records import sha256

_BREAK = "\n\r\u2028\u2029"
_BREAKS = frozenset(_BREAK)
_SPACE = re.compile(rf"[^\S{_BREAK}]+|\ufeff")
_TOKEN = re.compile(
    rf"""(?P<comment>//[^{_BREAK}]*|/\*(?:[^*]|\*(?!/))*\*/|\A\#![^{_BREAK}]*)
    |(?P<break>[{_BREAK}]+)
    |(?P<number>\.?[0-9][\w.]*)
    |(?P<word>\#?(?:[\w$]|\\u(?:[0-9a-fA-F]{{4}}|\{{[0-9a-fA-F]+\}}))+)
    |(?P<string>"(?:[^"\\\n\r]|\\(?:\r\n|[\s\S]))*"|'(?:[^'\\\n\r]|\\(?:\r\n|[\s\S]))*')
    |(?P<mark>=>|\.\.\.|\+\+|--|>>>=?|<<=?|>>=?|\*\*=?|&&=?|\|\|=?|\?\?=?|\?\.(?![0-9])|[=!]==?|[-+*%&|^<>]=?
        |[=!~?:;,.(){{}}[\]@])
    """,
    re.VERBOSE,
)
_CHUNK = re.compile(r"(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?P<end>`|\$\{)")
_REGEX = re.compile(rf"/(?:[^/\\[{_BREAK}]|\\[^{_BREAK}]|\[(?:[^\]\\{_BREAK}]|\\[^{_BREAK}])*\])+/\w*")
_DIVISION = re.compile(r"/=?")
_BEFORE_REGEX = frozenset("return typeof case do else in instanceof new void delete throw".split())
_EITHER = frozenset("of yield await async let get set static".split())
"""Words that are names or not, as their place has it."""
_HEADS = frozenset("if while for with".split())
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_BRACKETS = _OPENING | _CLOSING


def key(source: str) -> str:
    """sha256 of the normal form of `source`, which compiles."""
    found = tokens(source)
    return sha256(source if found is None else json.dumps(found))


def tokens(source: str) -> list[str] | None:
    """The tokens of `source`, line breaks that may count among them; None where they are not certain."""
    if "<!--" in source or "-->" in source:
        return None  # to the end of the line, comments in a script and operators in a module
    try:
        return list(_without_idle_breaks(_read(source)))
    except _Unsure:
        return None


class _Unsure(Exception):
    """The tokens so far do not tell what the next one is."""


def _read(source: str) -> Iterator[str]:
    """Tokens in order; a break for each line break, or comment that holds one."""
    reader = _Reader()
    place = 0
    while place < len(source):
        if space := _SPACE.match(source, place):
            place = space.end()
            continue
        match = _TOKEN.match(source, place)
        kind, token = (str(match.lastgroup), match[0]) if match else ("", source[place])
        if not kind and source.startswith("/*", place):
            raise _Unsure  # a comment that never ends
        if kind not in ("comment", "break"):
            token = reader.token(source, place, kind, token)
            yield token
        elif not _BREAKS.isdisjoint(token):
            yield "\n"
        place += len(token)
    if reader.open:
        raise _Unsure


class _Reader:
    """What the tokens so far say of the next: the brackets that are open, and whether a value precedes it."""

    def __init__(self) -> None:
        self.open: list[str] = []
        """Open brackets; for one behind `if` and the like that word, for a value in a template a backtick."""
        self._value: bool | None = False
        """Whether the token before ends a value, so that a `/` divides; None where that is not sure."""
        self._previous = self._before = ""

    def token(self, source: str, place: int, kind: str, token: str) -> str:
        """The whole token at `place`, of which `kind` and `token` are what no context is needed for."""
        if kind == "mark" and token in _BRACKETS:
            value, token = self._bracket(source, place, token)
        elif kind == "mark":
            value = None if token in ("++", "--") else False
        elif kind == "word":
            value = self._word(token)
        elif kind:
            value = True
        elif token == "`":
            value, token = self._template(source, place)
        else:
            value, token = self._slash(source, place, token)
        self._before, self._previous, self._value = self._previous, token, value
        return token

    def _word(self, word: str) -> bool | None:
        if self._previous in (".", "?."):
            return True  # a property, whatever word it is
        return None if word in _EITHER else word not in _BEFORE_REGEX

    def _bracket(self, source: str, place: int, bracket: str) -> tuple[bool | None, str]:
        if bracket in _OPENING:
            head = bracket == "(" and self._previous in _HEADS and self._before not in (".", "?.")
            self.open.append(self._previous if head else bracket)
            return False, bracket
        if not self.open:
            raise _Unsure
        opening = self.open.pop()
        if opening == "`":
            return self._template(source, place)
        return None if bracket == "}" else opening not in _HEADS, bracket

    def _template(self, source: str, place: int) -> tuple[bool, str]:
        """A template from its backtick, or from the `}` that ends a value in it, to its end or to the next value."""
        match = _CHUNK.match(source, place + 1)
        if match is None:
            raise _Unsure
        ended = match["end"] == "`"
        self.open += [] if ended else ["`"]
        return ended, source[place : match.end()]

    def _slash(self, source: str, place: int, token: str) -> tuple[bool, str]:
        """The regular expression or division that begins here."""
        if token != "/" or self._value is None:
            raise _Unsure
        match = (_DIVISION if self._value else _REGEX).match(source, place)
        if match is None:
            raise _Unsure
        return not self._value, match[0]


def _without_idle_breaks(every: Iterator[str]) -> Iterator[str]:
    """Drop line breaks that follow or come before a mark at which no statement can end by one."""
    previous, waiting = ";", False
    for token in every:
        if token == "\n":
            waiting = previous not in _OPENING and previous not in (",", ";")
            continue
        if waiting and token not in _CLOSING:
            yield "\n"
        yield token
        previous, waiting = token, False

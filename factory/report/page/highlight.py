"""Programs as runs of text with a class each, for the page to colour. No HTML is made here."""

from __future__ import annotations

from itertools import groupby

from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Keyword, Name, Number, Operator, String, Token, _TokenType
from pygments.util import ClassNotFound

from factory.records.bounds import MAX_LEXED

_CLASSES: dict[_TokenType, str] = {
    Keyword.Type: "t",
    Keyword.Constant: "n",
    Keyword: "k",
    Operator.Word: "k",
    Name.Builtin: "t",
    Name.Function: "f",
    Name.Class: "f",
    Name.Decorator: "f",
    String: "s",
    Number: "n",
    Comment: "c",
}


def highlighted(code: str, language: str) -> list[str]:
    """`code` in pieces, each led by a letter for what it is: k(eyword), t(ype), f(unction), s, n, c, or a blank.

    A language that Pygments does not know is one plain piece, and so is what follows `MAX_LEXED` characters.
    """
    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return [f" {code}"]
    kinds = ((_class(kind), text) for kind, text in lexer.get_tokens(code[:MAX_LEXED]))
    pieces = [letter + "".join(text for _, text in run) for letter, run in groupby(kinds, key=lambda pair: pair[0])]
    return pieces + [f" {code[MAX_LEXED:]}"] * (len(code) > MAX_LEXED)


def _class(kind: _TokenType) -> str:
    while kind is not Token:
        if kind in _CLASSES:
            return _CLASSES[kind]
        kind = kind.parent
    return " "

"""What a Python function is called in Go."""

from __future__ import annotations

import re

from factory.languages.source import plain

KEYWORDS = frozenset(
    "break case chan const continue default defer else fallthrough for func go goto if import interface map "
    "package range return select struct switch type var".split()
)
_DECLARED = re.compile(r"^[^\S\n]*+(?:func|var)\s++(\w++)\s*[\[(=\s]", re.MULTILINE)
TAKEN = frozenset({"main", "init"})
"""Functions of these names are something else in Go."""


def go_name(python_name: str) -> str:
    """`python_name`, or its method, in lowerCamelCase; where Go keeps that word for itself, in UpperCamelCase."""
    python_name = python_name.rpartition(".")[2]
    words = [word for word in python_name.split("_") if word]
    if not words:
        return "f"
    first = words[0].lower() if words[0].isupper() else words[0][0].lower() + words[0][1:]
    name = first + "".join(_upper(word) for word in words[1:])
    if not name[0].isalpha():
        name = "f" + name
    return _upper(name) if name in KEYWORDS | TAKEN else name


def accepted_names(python_name: str) -> tuple[str, ...]:
    """The names an entry point may have, best first: lowerCamelCase, UpperCamelCase, Python's own."""
    camel = go_name(python_name)
    names = (camel, _upper(camel), python_name.rpartition(".")[2])
    return tuple(name for name in dict.fromkeys(names) if name not in KEYWORDS | TAKEN)


def declares(code: str, python_name: str) -> bool:
    """Whether `code`, by its text, declares a function, or a variable that may be one, of an accepted name.

    The tool decides: of names that differ from the accepted ones in case and underscores, it takes the only one.
    """
    wanted = {plain(name) for name in accepted_names(python_name)}
    return any(plain(found[1]) in wanted - {"main", "init"} for found in _DECLARED.finditer(code))


def _upper(word: str) -> str:
    return word[0].upper() + word[1:]

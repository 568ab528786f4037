"""What a Python function is called in JavaScript, and what a program's text says that it defines."""

from __future__ import annotations

import re

from factory.languages.source import plain

TAKEN = frozenset(
    "arguments async await break case catch class const continue debugger default delete do else enum eval export "
    "exports extends false finally for function if implements import in instanceof interface let module new null "
    "package private protected public require return static super switch this throw true try typeof undefined var "
    "void while with yield".split()
)
"""Words that JavaScript, or Node around a file, keeps for itself."""
_DEFINED = re.compile(
    r"^(?:export[ \t]+(?:default[ \t]+)?)?"
    r"(?:(?:async[ \t]+)?function\b[ \t]*+\*?|(?:const|let|var|class)\b)[ \t]*+([\w$]+)",
    re.MULTILINE,
)

_EXPORT, _AROUND = re.compile(r"\b(?:module\.exports|export)\b"), re.compile(r"[;()]")


def javascript_name(python_name: str) -> str:
    """`python_name` in lowerCamelCase; where JavaScript keeps that word for itself, in UpperCamelCase."""
    python_name = python_name.rpartition(".")[2]  # a method is asked for as a function
    words = [word for word in python_name.split("_") if word]
    if not words:
        return "f"
    first = words[0].lower() if words[0].isupper() else words[0][0].lower() + words[0][1:]
    name = first + "".join(map(_upper, words[1:]))
    if not name[0].isalpha():
        name = "f" + name
    return _upper(name) if name in TAKEN else name


def accepted_names(python_name: str) -> tuple[str, ...]:
    """The names an entry point may have, best first: lowerCamelCase, UpperCamelCase, Python's own."""
    camel = javascript_name(python_name)
    return tuple(
        name for name in dict.fromkeys((camel, _upper(camel), python_name.rpartition(".")[2])) if name not in TAKEN
    )


def names_in(code: str, python_name: str) -> tuple[str, ...]:
    """The accepted names, and behind them the only one in `code` that differs in case and underscores alone."""
    names = accepted_names(python_name)
    alike = [name for name in defined(code) if plain(name) == plain(names[0]) and name not in TAKEN]
    return tuple(dict.fromkeys((*names, *alike))) if len(alike) == 1 else names


def declares(code: str, python_name: str) -> bool:
    """Whether `code`, by its text, declares, assigns or exports something of an accepted name."""
    name = f"(?:{'|'.join(map(re.escape, names_in(code, python_name)))})"
    return bool(
        re.search(rf"\b(?:function\s*+\*?|const|let|var)\s*+\b{name}\b(?!\$)", code)
        or re.search(rf"^(?:(?:module\.)?exports\.|globalThis\.)?{name}\s*=[^=]", code, re.MULTILINE)
        or _exports(code, re.compile(rf"\b{name}\b(?!\$)"))
    )


def _exports(code: str, name: re.Pattern[str]) -> bool:
    """Whether `name` follows `export` or `module.exports` before a `;` or a parenthesis."""
    parts = _AROUND.split(code)
    return any((found := _EXPORT.search(part)) and name.search(part, found.end()) for part in parts)


def defined(code: str) -> list[str]:
    """The names that `code` declares at the margin, by its text, in order."""
    return list(dict.fromkeys(_DEFINED.findall(code)))


def _upper(word: str) -> str:
    return word[0].upper() + word[1:]

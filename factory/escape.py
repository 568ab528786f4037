"""What a model, a problem file, an endpoint or a path wrote, made fit for where people read it.

Promises: a character that does not print (`str.isprintable`) is shown as its Python escape, such as `\\x1b`. These are
control characters, which a terminal obeys; those without a width and those that turn the direction of reading (Unicode
TR 36), which make a text look like another; and halves of surrogate pairs, which no file can hold. Each function does
to its own result nothing more, `markdown` apart. What is kept as data (parts, shards, JSON) is never escaped here.
"""

from __future__ import annotations

import re
from typing import Any

_KEPT = str.maketrans("", "", "\n\t")
_MARKDOWN = re.compile(r"(?i)[\\`*{}\[\]<>#|~!$&:@]|(?<![a-z0-9])_|_(?![a-z0-9])|(?<=\bwww)\.")
"""What may begin or end markup of CommonMark or of GitHub's tables, links, mentions and formulas."""


def line(text: str) -> str:
    """`text` in one line: a name, in a line or table of ours."""
    return text if text.isprintable() else "".join(_shown(character) for character in text)


def block(text: str) -> str:
    """`text` of several lines: a program or a prompt, with its line breaks and tabs."""
    if text.translate(_KEPT).isprintable():
        return text
    return "".join(character if character in "\n\t" else _shown(character) for character in text)


def terminal(text: str) -> str:
    """A message for a terminal or a log: its later lines are indented, so that none can pose as a message of ours."""
    return block(text).replace("\n", "\n  ")


def markdown(text: str) -> str:
    """`text` in one line of Markdown, or a cell of its tables, that reads as it is written."""
    return _MARKDOWN.sub(r"\\\g<0>", line(text))


def html(value: Any) -> Any:
    """What a template of HTML prints, before its engine escapes markup; what is markup stays as it is."""
    return block(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def json_texts(data: Any) -> Any:
    """`data` with every text in it, keys apart, as `block` gives it: JSON that a script of the page shows."""
    if isinstance(data, str):
        return block(data)
    if isinstance(data, dict):
        return {key: json_texts(value) for key, value in data.items()}
    return [json_texts(value) for value in data] if isinstance(data, list | tuple) else data


def _shown(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode("ascii")

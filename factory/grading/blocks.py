"""Where code may stand in an answer: fenced, between tags, in HTML, in JSON, indented.

Promises: places come with what surrounds them, and nothing is parsed as a program; reading takes time in proportion to
the text. Does not promise that a place holds code: a language says that.
"""

from __future__ import annotations

import ast
import html
import json
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

_FENCE = re.compile(
    r"^(?P<margin>[ \t>]*+)(?P<mark>`{3,}+|~{3,}+)(?P<line>[ \t]*+\{?+\.?+(?P<info>[\w+#.-]*+)(?P<rest>[^`\n]*+))$",
    re.MULTILINE,
)
_ONE_LINE = re.compile(r"^[ \t>]*+`{1,3}(?P<code>[^`\n]++)`{1,3}[ \t]*+$", re.MULTILINE)
_TAG = re.compile(
    r"<(?P<end1>/?)(?P<name1>[A-Za-z_][\w:.-]{0,40})(?:[ =][^<>\n]{0,200})?>"
    r"|\[(?P<end2>/?)(?P<name2>[A-Z_]{2,20}|code)\]"
    r"|<\|(?P<end3>end_of_|begin_of_|START_|END_)(?P<name3>\w{1,30})\|>"
    r"|\\(?P<end4>begin|end)\{(?P<name4>\w{1,20}\*?)\}(?:\{\w{1,20}\}|\[[^\]\n]{0,100}\])?"
)
_SHUT = frozenset({"/", "end_of_", "END_", "end"})
_MOST_TAGS = 64
"""Tags between a tag and its end; what is read of nested ones is bounded by it."""
_STRING = re.compile(
    r"""(?P<q>["'])(?P<key>[A-Za-z_]{1,30})(?P=q)\s{0,9}:\s{0,9}"""
    r"""(?P<value>"(?:[^"\\]|\\.)*+"|'(?:[^'\\\n]|\\.)*+')""",
    re.DOTALL,
)
_THOUGHTS = re.compile(r"think|thought|reason|analysis|explan|plan|draft|scratch|wrong|test", re.IGNORECASE)
_ASIDE = re.compile(
    rf"{_THOUGHTS.pattern}|check|critique|reflect|verif|review|feedback|mistake|original", re.IGNORECASE
)
"""Names of tags that hold no answer."""
_MARKUP = re.compile(r"</?(?:span|pre|code)\b[^<>\n]{0,200}>")
_NESTED = 2
"""Texts in JSON in texts in JSON are read that deep."""


@dataclass(frozen=True, slots=True)
class Block:
    info: str
    code: str
    closed: bool
    line: str = ""
    """What else stands on the line that opens it."""
    start: int = 0
    end: int = 0
    """Where it begins and ends in the text, a fence before it included."""
    wider: tuple[str, ...] = ()
    """The code, were one of the next fences the one that closes it."""


def fenced(text: str) -> Iterator[Block]:
    """The fenced blocks of Markdown, the last one open when the text ends in it.

    A fence with an info string ends an open block, too: models forget to close one before they start the next.
    """
    fences = list(_FENCE.finditer(text))
    opening: re.Match[str] | None = None
    column = 0
    for place, match in enumerate(fences):
        indent = len(match["margin"].expandtabs(4))
        if opening is not None:
            # One that is indented four columns or more beyond the block's own is text to Markdown.
            if not match["mark"].startswith(opening["mark"]) or indent >= column + 4:
                continue  # it is part of the block, as in a docstring
            yield _block(text, opening, match, not match["info"], fences[place + 1 : place + 4])
        opening, column = (match, indent) if opening is None or match["info"] else (None, 0)
    if opening is not None:
        yield _block(text, opening, None, False, [])


def _block(
    text: str, opening: re.Match[str], closing: re.Match[str] | None, closed: bool, later: list[re.Match[str]]
) -> Block:
    code, *wider = (
        _out_of(opening["margin"], text[opening.end() + 1 : fence.start() if fence else len(text)])
        for fence in (closing, *later)
        if fence is closing or (fence is not None and fence.end() - opening.end() < _WIDEST)
    )
    end = closing.start() if closing else len(text)
    return Block(opening["info"].lower(), code, closed, opening["line"].strip(), opening.start(), end, tuple(wider))


_WIDEST = 20_000
"""Characters of a block that may hold fences of its own."""


def _out_of(margin: str, code: str) -> str:
    """`code` without the marks of a quote, or the indentation of a list item, that stand before its fence, too."""
    if ">" in margin:
        return "\n".join(line.removeprefix(shared(margin, line)) for line in code.split("\n"))
    if margin:  # its indentation is Markdown's, as far as the whole program has it
        lines = [line for line in code.split("\n") if line.strip()]
        return re.sub(f"^{shared(margin, *lines)}", "", code, flags=re.MULTILINE)
    return code


def shared(*texts: str) -> str:
    """What all of them begin with."""
    return "".join(column[0] for column in takewhile(lambda column: len(set(column)) == 1, zip(*texts, strict=False)))


def tagged(text: str) -> Iterator[Block]:
    """What stands between a tag and its end: <answer>, [PYTHON], [BEGIN] to [DONE], <pre><code> and all others.

    Before the first end that nothing opened, it is all of the text: the prompt opened it. Of tags without an end, the
    last one that begins a line.
    """
    opened: dict[str, tuple[int, re.Match[str]]] = {}
    lonely = True
    for place, tag in enumerate(_TAG.finditer(text)):
        name = next(name.lower() for name in tag.group("name1", "name2", "name3", "name4") if name)
        shut = not _SHUT.isdisjoint(tag.group("end1", "end2", "end3", "end4"))
        if name == "done":
            name, shut = "begin", True
        if not shut:
            opened[name] = (place, tag)
            continue
        before, opening = opened.pop(name, (-1, None))
        if opening is None and lonely:
            yield Block("", _content(name, text[: tag.start()]), True, end=tag.start())
        elif opening is not None and place - before <= _MOST_TAGS:
            yield Block("", _content(name, text[opening.end() : tag.start()]), True, end=tag.start())
        lonely = False
    _, last = max(opened.values(), default=(-1, None), key=lambda one: one[0])
    if last is not None and text[last.start() - 1 : last.start()] in ("", "\n"):
        yield Block("", _content("", text[last.end() :]), False, end=len(text))


def asides(text: str) -> Callable[[int], bool]:
    """Says of a place in the text whether it lies in a tag that holds no answer, by its name."""
    opened: dict[str, int] = {}
    spans: list[tuple[int, int]] = []
    for tag in _TAG.finditer(text):
        name = next(name.lower() for name in tag.group("name1", "name2", "name3", "name4") if name)
        if not _ASIDE.search(name):
            continue
        if _SHUT.isdisjoint(tag.group("end1", "end2", "end3", "end4")):
            opened.setdefault(name, tag.start())
        elif (start := opened.pop(name, None)) is not None:
            while spans and spans[-1][0] > start:
                spans.pop()
            spans.append((start, tag.start()))
    starts = [start for start, _ in spans]

    def within(place: int) -> bool:
        at = bisect_right(starts, place) - 1
        return at >= 0 and place <= spans[at][1]

    return within


def nested(blocks: Sequence[Block]) -> Iterator[Block]:
    """The blocks in those that hold Markdown."""
    for block in blocks:
        if block.info in ("md", "markdown"):
            yield from (replace(inner, start=block.start, end=block.end) for inner in fenced(block.code))


def _content(name: str, code: str) -> str:
    if name in ("pre", "code"):
        code = _MARKUP.sub("", code)
        if "<" not in code:  # what is written in HTML has none
            code = html.unescape(code)
    return code.strip("\r\n")


def quoted(text: str, depth: int = 0) -> Iterator[Block]:
    """Values of JSON, or of a Python literal, that may be code, as in a tool call; blocks in them, too."""
    for found in _STRING.finditer(text):
        if _THOUGHTS.search(found["key"]):
            continue
        try:
            value = json.loads(found["value"], strict=False) if found["value"][0] == '"' else _literal(found["value"])
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        yield Block("", value, True, end=found.end())
        if depth < _NESTED:
            inner = (*fenced(value), *quoted(value, depth + 1))
            yield from (Block(block.info, block.code, block.closed, end=found.end()) for block in inner)


def _literal(text: str) -> str:
    value = ast.literal_eval(text)
    return value if isinstance(value, str) else ""


def indented(text: str) -> Iterator[Block]:
    """Lines in backticks; runs of lines behind a blank one that begin with four blanks or a tab, as Markdown has it."""
    for found in _ONE_LINE.finditer(text):
        yield Block("", found["code"], True)
    run: list[str] = []
    blank = margin = True
    for line in (*text.split("\n"), "."):
        if (run or (blank and margin)) and (line[:4] == "    " or line[:1] == "\t" or (run and not line.strip())):
            run.append(line)
        elif run:
            yield Block("", "\n".join(run) + "\n", True)
            run = []
        blank = not line.strip()
        margin = margin if blank else not line[0].isspace()

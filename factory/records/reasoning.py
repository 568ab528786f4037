"""Where a model thinks before it answers, and in which marks.

Promises: one table of marks for whoever samples and whoever grades; the text is read once, in linear time. Thoughts
come out whether their marks are whole, open only (the answer was cut off) or closed only (the prompt opened them).
A mark in quotes, or in a fenced block of the answer, is text. Does not promise to know every model's marks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_TAGS = (
    "think|thinking|thoughts?|reasoning|reasoning_content|reason|reflection|analysis|scratchpad|rationale|inner_monologue|"
    "chain_of_thought|cot|ant_?thinking|seed:think|longcat_think|internal_thoughts?"
)
_CHANNEL = r"<\|channel\|>\s?(?:{})\b[^<\n]{{0,200}}(?:<\|constrain\|>[^<\n]{{0,50}})?<\|message\|>"

MARKS: tuple[tuple[str, str], ...] = (
    *((rf"<{tag}(?: [^<>\n]{{0,200}})?>", rf"</{tag}>") for tag in _TAGS.split("|")),
    *((rf"\[{tag}\]", rf"\[/{tag}\]") for tag in ("THINK", "THINKING", "REASONING")),  # Magistral
    ("◁think▷", "◁/think▷"),  # Kimi
    (r"<\|begin_of_thought\|>", r"<\|end_of_thought\|>"),  # Sky-T1, OpenThinker
    (r"<\|START_THINKING\|>", r"<\|END_THINKING\|>"),  # Command A
    (r"<\|(?:begin_of_)?think(?:ing)?\|>", r"<\|(?:/think(?:ing)?|end_of_think(?:ing)?)\|>"),
    (r"<\|inner_prefix\|>", r"<\|inner_suffix\|>"),  # Apertus
    ("<unused94>(?:thought)?", "<unused95>"),  # MedGemma
    (r"<\|channel>thought", r"<channel\|>"),  # Gemma 4
    (r"^Here(?:'s| is) my thought process:", r"^Here(?:'s| is) my response:"),  # Granite 3
    (_CHANNEL.format("analysis"), _CHANNEL.format("final|commentary")),  # Harmony (gpt-oss)
    (
        r"(?:\A\s{0,9}|assistant)analysis(?=(?-i:[^\W\d_a-z]))",
        "assistant(?:final|commentary)",
    ),  # its special tokens cut out
)
"""What opens and what closes thoughts, as regular expressions; upper and lower case are one."""
_INLINE = len(_TAGS.split("|")) + 3
"""Marks from here on are special tokens: they count in the middle of a line, too."""
_ANSWER = re.compile(
    r"^[ \t]*+(?:<(?:answer|solution|final_answer|response|output)>|\[ANSWER\]"
    r"|<\|(?:begin_of_solution|START_RESPONSE)\|>)",
    re.MULTILINE | re.IGNORECASE,
)
"""Where an answer begins behind thoughts that nothing closed."""
_WITH_FINAL = (
    *MARKS[:-2],
    (_CHANNEL.format("(?:analysis|commentary)"), _CHANNEL.format("final")),
    (r"(?:\A\s{0,9}|assistant)(?:analysis|commentary)(?=(?-i:[^\W\d_a-z])|\sto=)", "assistantfinal"),
)
"""MARKS where Harmony's final channel is somewhere: then its commentary is no answer, before it or behind it."""
_FINAL = re.compile(rf"{_CHANNEL.format('final')}|assistantfinal(?!\w*\()", re.IGNORECASE)


def _token(marks: tuple[tuple[str, str], ...]) -> re.Pattern[str]:
    return re.compile(
        r"(?P<fence>(?:^[ \t>]{0,40}|(?<=\|>) ?)(?:`{3,}+|~{3,}+)(?=(?P<info>[^`\n]{0,40})))|"
        + "|".join(f"(?P<o{at}>{opens})|(?P<c{at}>{closes})" for at, (opens, closes) in enumerate(marks)),
        re.MULTILINE | re.IGNORECASE,
    )


_TOKEN, _TOKEN_WITH_FINAL = _token(MARKS), _token(_WITH_FINAL)
_QUOTES = frozenset("'\"`")
_WINDOW = 200
"""Characters around a mark that are looked at."""


def split(text: str) -> tuple[str | None, str]:
    """The thoughts in `text`, None where there are none, and the answer: `text` without them."""
    return _Reader(text).read()


@dataclass(slots=True)
class _Reader:
    text: str
    at: int = 0
    """Where what is read now began: a thought, or a part of the answer."""
    kind: int | None = None
    """The row of MARKS that opened the thought at `at`; None in the answer."""
    thoughts: list[str] = field(default_factory=list)
    answer: list[str] = field(default_factory=list)
    fenced: bool = False
    named: dict[int, int] = field(default_factory=dict)
    """Kind -> place of the last opening mark that was text."""
    inner: dict[int, int] = field(default_factory=dict)
    """Kind -> opening marks met inside of its thoughts, which may have closing ones of their own."""

    def read(self) -> tuple[str | None, str]:
        tokens = list((_TOKEN_WITH_FINAL if _FINAL.search(self.text) else _TOKEN).finditer(self.text))
        fences = [at for at, token in enumerate(tokens) if token["fence"] is not None]
        following = iter([*fences, None])
        upcoming = next(following)
        for at, token in enumerate(tokens):
            if at == upcoming:
                upcoming = next(following)
                if self.kind is None:
                    self.fenced = not self.fenced or bool(token["info"].strip())
                continue
            name = token.lastgroup or ""
            place = int(name[1:])
            if name[0] == "o":
                self._open(token, place)
            else:
                self._close(token, place, None if upcoming is None else tokens[upcoming])
        return self._ended()

    def _open(self, token: re.Match[str], kind: int) -> None:
        if self.kind is not None:
            self.inner[kind] = self.inner.get(kind, 0) + (kind == self.kind)
        elif self._is_text(token) or self.fenced or not (kind >= _INLINE or self._before(token) == ""):
            self.named[kind] = token.start()
        else:
            self.answer.append(self.text[self.at : token.start()])
            self.at, self.kind = token.end(), kind

    def _close(self, token: re.Match[str], kind: int, next_fence: re.Match[str] | None) -> None:
        if self.kind is not None:
            if kind == self.kind:
                self._end_thought(token)
        elif not self._is_text(token) and self._closes(token, kind, next_fence):
            self.answer.append(self.text[self.at : token.start()])
            self.thoughts.append("".join(self.answer))
            self.answer.clear()
            self.inner[kind] = max(self.inner.get(kind, 0) - 1, 0)
            self.at, self.fenced = token.end(), False

    def _closes(self, token: re.Match[str], kind: int, next_fence: re.Match[str] | None) -> bool:
        """Whether a closing mark that nothing opened ends thoughts that the prompt opened, or nested ones."""
        before, after = self._before(token), self._after(token)
        opened = self.named.get(kind, -1) >= self.at
        if self.fenced:
            if before == "" == after:
                return not opened
            return next_fence is not None and bool(next_fence["info"].strip())  # a draft that was never closed
        if opened and "\n" not in self.text[self.named[kind] : min(token.start(), self.named[kind] + _WINDOW)]:
            return False
        return not self.thoughts or self.inner.get(kind, 0) > 0 or kind >= _INLINE or before == "" or after == ""

    def _end_thought(self, token: re.Match[str]) -> None:
        self.thoughts.append(self.text[self.at : token.start()])
        self.at, self.kind, self.fenced = token.end(), None, False

    def _ended(self) -> tuple[str | None, str]:
        rest = self.text[self.at :]
        if self.kind is None:
            self.answer.append(rest)
        else:
            begins = max((found.start() for found in _ANSWER.finditer(rest)), default=len(rest))
            self.thoughts.append(rest[:begins])
            self.answer.append(rest[begins:])
        thoughts = "\n\n".join(filter(None, map(str.strip, self.thoughts))) if self.thoughts else None
        return thoughts, "".join(self.answer)

    def _before(self, token: re.Match[str]) -> str:
        """The text between the line's beginning, or a thought's end, and the mark, without white space."""
        window = self.text[max(self.at, token.start() - _WINDOW) : token.start()]
        return window.rpartition("\n")[2].strip()

    def _after(self, token: re.Match[str]) -> str:
        """The same up to the line's end."""
        return self.text[token.end() : token.end() + _WINDOW].partition("\n")[0].strip()

    def _is_text(self, token: re.Match[str]) -> bool:
        """Whether it is in quotes of one kind."""
        before, after = self.text[token.start() - 1 : token.start()], self.text[token.end() : token.end() + 1]
        return before == after != "" and before in _QUOTES

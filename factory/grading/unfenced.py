"""Programs in text without marks, and in answers that end in the middle."""

from __future__ import annotations

from factory.languages import Language
from factory.records.bounds import Tries

_ATTEMPTS = 200
"""Cuts tried to find a program in unfenced text, as far as `MAX_TRIED` reaches."""


def whole_part(code: str, entry_point: str, language: Language) -> str:
    """An answer that ended in the middle, without what it did not finish, if the entry point comes before that."""
    tries = Tries()
    if not tries.afford(code) or language.looks_like(code):
        return code
    lines = code.split("\n")
    margins = [number for number, line in enumerate(lines) if line and not line[0].isspace()]
    for number in reversed(margins[-20:]):
        kept = "\n".join(lines[:number])
        if not tries.afford(kept):
            break
        if language.looks_like(kept) and language.defines(kept, entry_point):
            return kept
    return code


def unfenced(text: str, entry_point: str | None, language: Language, tries: Tries) -> str | None:
    """The longest run of whole lines that is a program with the entry point, starting and ending at the margin.

    Without the entry point, the first that is a program at all.
    """
    if tries.afford(text) and language.looks_like(text):
        return text
    lines = text.split("\n")
    margins = [number for number, line in enumerate(lines) if line and not line[0].isspace()]
    attempts = 0
    other: str | None = None
    for at, start in enumerate(margins):
        if not language.opening.match(lines[start]):
            continue
        for place in range(len(margins), at, -1):
            attempts += 1
            if attempts > _ATTEMPTS:
                return other
            part = "\n".join(lines[start : margins[place] if place < len(margins) else len(lines)])
            if tries.afford(part) and language.looks_like(part):
                if language.defines(part, entry_point):
                    return part
                other = other or part
                break
    return other

"""Programs of different problems that are nearly the same: the later one is not shipped.

Similarity is that of the sets of `SHINGLE` tokens in a row (Jaccard), estimated by MinHash. Tokens are those of
Pygments without comments and docstrings; names of variables and functions count as one, those after a dot do not.

Promises: the same programs in the same order give the same answer in every process. Within a problem nothing is
compared: those programs were chosen for being different. Of a program the first `MAX_LEXED` characters count. An
estimate from `SLOTS` slots is off by some hundredths.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Name, String, Text
from rensa import RMinHash, RMinHashDeduplicator

from factory.records import Survivor, sha256
from factory.records.bounds import MAX_LEXED

SHINGLE = 5
"""Tokens in a row, as in SantaCoder (Ben Allal et al. 2023)."""
LEAST_TOKENS = 30
"""Shorter programs are never near-duplicates: they coincide by nature. Of 1,466 programs that pass HumanEval and MBPP
no two from here on, of different problems, reach a similarity of 0.8."""
SLOTS, BANDS, SEED = 128, 16, 1
"""Of MinHash: 32-bit slots, bands by which similar ones are found (99 % of those at 0.85), seed of the hashes."""
MOST_KEPT = 65536
"""Sketches that a process keeps, of some 700 bytes each. Lexing a program for one takes milliseconds."""
NEAR, ITS_SOURCE = "near_duplicate", "translation of a near_duplicate"
"""Why a program is left out."""
_BLIND = {Name, Name.Other, Name.Function, Name.Class, Name.Variable}


class NearDuplicates:
    """Give it the survivors of every problem in the run's order; of each it keeps some 2 kB."""

    name = "near_duplicates"

    def __init__(self, threshold: float | None) -> None:
        self._threshold = threshold
        self._seen: dict[str, Any] = {}
        """By language."""

    def reasons(self, survivors: Sequence[Survivor]) -> list[str | None]:
        """Why each of a problem's survivors is not shipped, None where it is; sources come before translations."""
        if self._threshold is None:
            return [None] * len(survivors)
        reasons: list[str | None] = []
        gone: set[str] = set()
        new: list[tuple[str, RMinHash]] = []
        for survivor in survivors:
            reason = ITS_SOURCE if survivor.parent in gone else None
            sketch = None if reason else _sketch(survivor)
            if sketch is not None:
                if self._seen_in(survivor.language).get_duplicates(sketch):
                    reason = NEAR
                else:
                    new.append((survivor.language, sketch))
            if reason and survivor.parent is None:
                gone.add(survivor.code_sha256)
            reasons.append(reason)
        for language, sketch in new:
            seen = self._seen_in(language)
            seen.add(str(seen.len()), sketch)
        return reasons

    def _seen_in(self, language: str) -> Any:
        if language not in self._seen:
            self._seen[language] = RMinHashDeduplicator(
                threshold=self._threshold, num_perm=SLOTS, use_lsh=True, num_bands=BANDS, seed=SEED
            )
        return self._seen[language]


_SKETCHES: dict[tuple[str, str], RMinHash | None] = {}


def _sketch(survivor: Survivor) -> RMinHash | None:
    """The MinHash of a program; None of a short one. The first `MOST_KEPT` are kept: a run asks twice for each."""
    key = sha256(survivor.code), survivor.language
    if key in _SKETCHES:
        return _SKETCHES[key]
    shingles, sketch = _shingles(survivor.code, survivor.language), None
    if shingles:
        sketch = RMinHash(num_perm=SLOTS, seed=SEED)
        sketch.update(shingles)
    if len(_SKETCHES) < MOST_KEPT:
        _SKETCHES[key] = sketch
    return sketch


def _shingles(code: str, language: str) -> list[str]:
    """Each run of `SHINGLE` tokens as a text; none of a short program."""
    found = list(_tokens(code, language))
    if len(found) < LEAST_TOKENS:
        return []
    return [" ".join(found[at : at + SHINGLE]) for at in range(len(found) - SHINGLE + 1)]


def _tokens(code: str, language: str) -> Iterator[str]:
    before = ""
    for kind, text in _lexer(language).get_tokens(code[:MAX_LEXED]):
        if kind in Comment or kind in String.Doc or kind in Text:
            continue
        yield "_" if kind in _BLIND and before != "." else text
        before = text


@cache
def _lexer(language: str) -> Lexer:
    return get_lexer_by_name(language)

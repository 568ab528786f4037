"""Programs of different problems that are nearly the same: the later one is not shipped.

Similarity is that of the sets of `SHINGLE` tokens in a row (Jaccard), estimated by MinHash. Tokens are those of
Pygments without comments and docstrings; names of variables and functions count as one, those after a dot do not.

Promises: the same programs in the same order give the same answer in every process. Within a problem nothing is
compared: those programs were chosen for being different. Of a program the first `MAX_LEXED` characters count. An
estimate from `SLOTS` slots is off by some hundredths.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Sketch:
    """What a program is compared by."""

    language: str
    code_sha256: str
    parent: str | None
    """The sha256 of the program it translates."""
    minhash: bytes | None
    """The state of its MinHash, some 700 bytes; None of a short program."""


def sketch(survivor: Survivor) -> Sketch:
    """What `survivor` is compared by."""
    minhash = _minhash(survivor.code, survivor.language)
    return Sketch(survivor.language, survivor.code_sha256, survivor.parent, minhash)


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
        return self.sift([sketch(survivor) for survivor in survivors])

    def sift(self, sketches: Sequence[Sketch]) -> list[str | None]:
        """The same of their sketches."""
        if self._threshold is None:
            return [None] * len(sketches)
        reasons: list[str | None] = []
        gone: set[str] = set()
        new: list[tuple[str, RMinHash]] = []
        for it in sketches:
            reason = ITS_SOURCE if it.parent in gone else None
            if it.minhash is not None and not reason:
                minhash = RMinHash(num_perm=SLOTS, seed=SEED)
                minhash.__setstate__(it.minhash)
                if self._seen_in(it.language).get_duplicates(minhash):
                    reason = NEAR
                else:
                    new.append((it.language, minhash))
            if reason and it.parent is None:
                gone.add(it.code_sha256)
            reasons.append(reason)
        for language, minhash in new:
            seen = self._seen_in(language)
            seen.add(str(seen.len()), minhash)
        return reasons

    def _seen_in(self, language: str) -> Any:
        if language not in self._seen:
            self._seen[language] = RMinHashDeduplicator(
                threshold=self._threshold, num_perm=SLOTS, use_lsh=True, num_bands=BANDS, seed=SEED
            )
        return self._seen[language]


_SKETCHES: dict[tuple[str, str], bytes | None] = {}


def _minhash(code: str, language: str) -> bytes | None:
    """The state of a program's MinHash; None of a short one. The first `MOST_KEPT` are kept: a run asks twice."""
    key = sha256(code), language
    if key in _SKETCHES:
        return _SKETCHES[key]
    shingles, state = _shingles(code, language), None
    if shingles:
        made = RMinHash(num_perm=SLOTS, seed=SEED)
        made.update(shingles)
        state = made.__getstate__()
    if len(_SKETCHES) < MOST_KEPT:
        _SKETCHES[key] = state
    return state


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

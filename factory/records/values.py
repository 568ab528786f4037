"""Plain values on the trusted side: reading the tagged JSON that crosses the wall.

The encoding is `sandbox.worker.codec`'s. Here its text comes from a candidate, so reading it
is bounded: whatever cannot be read is the candidate's fault and raises `Unreadable`.
"""

from __future__ import annotations

import sys
from typing import Any

from sandbox.worker.codec import decode, dumps, encode, loads
from sandbox.worker.kinds import Unencodable, apart

__all__ = ["MAX_INT_DIGITS", "Unencodable", "Unreadable", "apart", "decode", "dumps", "encode", "read"]

MAX_INT_DIGITS = 100_000
"""Longest integer read back, in decimal digits: reading takes time quadratic in it (0.1 s here)."""
sys.set_int_max_str_digits(MAX_INT_DIGITS)


class Unreadable(ValueError):
    """A candidate's answer that is no tagged JSON, or too deep or too long to read."""


def read(text: str) -> Any:
    """The value in `text`, built of exact built-in types. Raises Unreadable."""
    try:
        return loads(text)
    except RecursionError:
        raise Unreadable("nested too deep") from None
    except (ValueError, TypeError, OverflowError) as error:
        raise Unreadable(str(error)) from None

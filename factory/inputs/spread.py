"""How far a new value may lie from those seen, and the values that programs are often wrong about."""

from __future__ import annotations

from random import Random

NEAR, WIDE, EXTREME = "near", "wide", "extreme"
_SPREADS = (NEAR, NEAR, NEAR, NEAR, NEAR, WIDE, WIDE, EXTREME)

SMALL_INTS = (0, 1, -1, 2, -2, 3, -3, 7, 10, -10, 100)
LARGE_INTS = (999, 1000, -1000, 4096, 32768, 46341, -46341, 65536)
"""46341 is the least whole number whose square is no int32."""
EXTREME_INTS = (
    *(2**31 - 1, 2**31, -(2**31) - 1, 2**32 + 1, 3037000500, 2**53 + 1, -(2**53) - 1, 10**18, 2**63 - 1, 2**63),
    *(-(2**63), -(2**63) - 1, 2**64 + 1, 10**20, -(10**20)),
)
"""Around the ends of int32, of float64's whole numbers, of the squares of int64, and of int64."""
FLOAT_EXACT = 2**53
"""Where whole numbers and floats are mixed, whole ones stay within what a float64 holds exactly."""
FLOATS = (0.0, -0.0, 1.0, 0.5, -1.0, 2.5, -0.5, 1.5, -2.5, 0.1, 1 / 3, 2.675, 1.005, 1e-7, 123456789.125, -7.25)
EXTREME_FLOATS = (
    float("nan"),
    1e16,
    float("inf"),
    5e-324,
    1e300,
    float("-inf"),
    1e21,
    1e22,
    9007199254740993.0,
    -1e300,
)
LETTERS = "abcxyzABZ"
FOREIGN = ("é", "e\u0301", "ñ", "Ж", "日本", "😀", "ü")
"""Two, three and four bytes of UTF-8, and a letter with a combining accent: one character to the eye, two to Python."""
BYTES = (b"", b"\x00", b"a", b"\xff\xfe", b"\x80", "é".encode(), b"abc" * 5)
STABLE_UP_TO = 12
"""Sorts that are not stable are, in Go, on so few elements; ties matter only in longer lists."""
NESTING = 24
DRAWS_AN_INPUT, MOST_DRAWS = 50_000, 3_000_000
"""Draws of lots for one input, several for each number in it: what takes more is longer than `MOST_CHARACTERS`, and of
no use. And for all inputs of a problem: 3 s."""


class Chance(Random):
    """All chance of one problem's inputs. It runs out: what is nested deep is otherwise made for ever."""

    left = MOST_DRAWS
    here = DRAWS_AN_INPUT
    """What is left for the input that is being made."""

    def _randbelow(self, n: int) -> int:
        """A number below `n`, the one that `Random` gives; all but `random` draw by it. Raises OutOfChance."""
        self.left -= 1
        self.here -= 1
        if self.left < 0 or self.here < 0:
            raise OutOfChance
        bits = n.bit_length()
        drawn = self.getrandbits(bits)
        while drawn >= n > 0:
            drawn = self.getrandbits(bits)
        return drawn


class OutOfChance(Exception):
    """An input, or all of them together, became too large to be of use."""


def choose_spread(random: Random) -> str:
    """How far from the seen values a new input may lie; the same for all parts of one input."""
    return random.choice(_SPREADS)

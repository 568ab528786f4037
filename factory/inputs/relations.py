"""A value for one argument that is made of another argument: what lies exactly on a limit between the two.

Promises: the type asked for, or None; all chance is the caller's `Random`.
"""

from __future__ import annotations

import itertools
from random import Random
from typing import Any

_MANY = (list, tuple, set, frozenset, dict)


def part_of(random: Random, whole: Any, kind: type) -> Any:
    """A value of type `kind` that `whole` has in it: an item, a part, a difference of two items, a size; else None."""
    items = list(whole) if isinstance(whole, list | tuple) else [whole]
    if kind in (int, float):
        numbers = [item for item in items if type(item) in (int, float)]
        found = [*numbers, *(abs(a - b) for a, b in itertools.pairwise(numbers))]
        if isinstance(whole, (str, *_MANY)):
            found += [len(whole), len(whole) - 1]
        found = [kind(value) for value in found if value == value and abs(value) < 2**53 and kind(value) == value]
        return random.choice(found) if found else None
    if kind is str:
        texts = [item for item in items if type(item) is str and item]
        if not texts:
            return None
        text = random.choice(texts)
        start = random.choice((0, random.randrange(len(text))))
        return text[start : start + random.randrange(1, len(text) + 1)]
    same = [item for item in items if type(item) is kind and item is not whole]
    if kind is type(whole) is list and whole:
        same.append(whole[: random.randrange(len(whole) + 1)])
    return random.choice(same) if same else None

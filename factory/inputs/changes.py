"""Small changes to a value: one item less, one more, two exchanged, one number next to it.

Promises what `factory.inputs.fresh` does.
"""

from __future__ import annotations

from random import Random
from typing import Any

from factory.inputs.fresh import fresh, with_ties
from factory.inputs.seen import SeenValues
from factory.inputs.spread import EXTREME, FOREIGN, NEAR, STABLE_UP_TO


def changed(seen: SeenValues, random: Random, value: Any, spread: str) -> Any:
    """`value`, one like those of `seen`, with one small change somewhere in it."""
    kind = type(value)
    if kind is list and list in seen.items:
        return _changed_list(random, value, seen.items[list], spread)
    if kind is tuple and seen.parts and len(value) == len(seen.parts) and value:
        at = random.randrange(len(value))
        return (*value[:at], changed(seen.parts[at], random, value[at], spread), *value[at + 1 :])
    if kind is dict and value and (seen.fields or seen.value):
        key = random.choice(list(value))
        field = seen.fields.get(key, seen.value)
        if not seen.fields and random.random() < 0.3:
            return {name: item for name, item in value.items() if name != key}
        return value | {key: changed(field, random, value[key], spread) if field else value[key]}
    if kind is str and value:
        return _changed_text(random, value, spread)
    if kind is int and kind in seen.kinds and spread == NEAR:
        return value + random.choice((1, -1, 2, -2, 10))
    return fresh(seen, random, spread)


def _changed_list(random: Random, items: list[Any], seen: SeenValues, spread: str) -> list[Any]:
    if not items:
        return [fresh(seen, random, spread)]
    at, other = random.randrange(len(items)), random.randrange(len(items))
    match random.randrange(7):
        case 0:
            return items[:at] + items[at + 1 :]
        case 1:
            return [*items[:at], fresh(seen, random, spread), *items[at:]]
        case 2:
            return [*items, items[at]]
        case 3:
            swapped = list(items)
            swapped[at], swapped[other] = items[other], items[at]
            return swapped
        case 4:
            return with_ties(random, (items * STABLE_UP_TO)[: STABLE_UP_TO + 6])
        case _:
            return [*items[:at], changed(seen, random, items[at], spread), *items[at + 1 :]]


def _changed_text(random: Random, text: str, spread: str) -> str:
    at = random.randrange(len(text))
    letter = random.choice(FOREIGN) if spread == EXTREME or random.random() < 0.2 else random.choice(text)
    letters = list(text)
    random.shuffle(letters)
    return random.choice(
        (
            text[:at] + text[at + 1 :],
            text[:at] + letter + text[at:],
            text[:at] + letter + text[at + 1 :],
            text[:at] + text[at].swapcase() + text[at + 1 :],
            text + text[at:],
            "".join(letters),
        )
    )

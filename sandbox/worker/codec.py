"""Plain values as JSON and back: the only language spoken across the wall.

Promises: a value that decodes is built of exact types of Python's own; decoding runs nothing of a
candidate's and looks nothing up by name, and takes time linear in the text, but for whole numbers,
which take time quadratic in their digits. An object of a subclass of a built-in type (a named tuple,
an IntEnum) counts as the value that it holds, unless the class says by an `__eq__` of its own what
it equals; so do numpy's numbers and texts, where a wall has numpy. Does not promise to carry anything
else: an object of any other type (a generator, a class of the candidate's) is refused by its type's
name. A `defaultdict` counts as the dict it is.

JSON is too poor for some values; those are tagged as {"$": kind, "v": ...}:
tuple, set, frozenset, bytes (base64), float ("nan", "inf", "-inf"), complex ([re, im]),
int (decimal text, beyond ±2^53) and dict (pairs, when a key is no string or is "$").
What `==` may hold equal to those, or to its own like, has a tag, too: subclass (the value that it holds), and those
of `kinds`.
"""

import base64
import json
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from typing import Any

from sandbox.worker.kinds import KINDS, Unencodable, apart, bytes_of, dict_of

MAX_DEPTH = 200
SAFE_INT = 2**53

SUBCLASS = '{"$":"subclass",'
"""What is in the text of a value that holds an object of a subclass; in a JSON string the quotes would be escaped."""

ORDERED = '{"$":"ordereddict",'
"""The same of an OrderedDict: outside of test code it counts as a dict, but two of them differ in another order."""


def encode(value: Any) -> Any:
    """`value` as a JSON-able structure. Raises Unencodable, naming the type that is not plain."""
    return _encode(value, MAX_DEPTH)


def _encode(value: Any, depth: int) -> Any:  # noqa: C901 (one branch a type)
    # `type(...) is`, never isinstance nor ==: a class, and its class, may lie in every method they have.
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if kind is int:
        return value if -SAFE_INT <= value <= SAFE_INT else {"$": "int", "v": str(value)}
    if kind is float:
        if value != value or value in (float("inf"), float("-inf")):
            return {"$": "float", "v": repr(value)}
        return value
    if depth == 0:
        raise Unencodable(f"value nested deeper than {MAX_DEPTH}")
    if kind is list:
        return [_encode(item, depth - 1) for item in value]
    if kind is tuple or kind is frozenset or kind is set:
        items = [_encode(item, depth - 1) for item in value]
        if kind is not tuple:
            items.sort(key=lambda item: json.dumps(item, sort_keys=True))
        return {"$": kind.__name__, "v": items}
    if kind is dict or kind is defaultdict:
        pairs = [[_encode(key, depth - 1), _encode(item, depth - 1)] for key, item in dict.items(value)]
        if all(type(key) is str and key != "$" for key, _ in pairs):
            return {str(key): item for key, item in pairs}
        return {"$": "dict", "v": pairs}
    if kind is bytes:
        return {"$": "bytes", "v": base64.b64encode(value).decode("ascii")}
    if kind is complex:
        return {"$": "complex", "v": [_encode(value.real, 1), _encode(value.imag, 1)]}
    return _encode_other(value, kind, depth)


def _encode_other(value: Any, kind: type, depth: int) -> Any:
    """What is of no type of JSON's or of the common tags."""
    for above in kind.__mro__:
        name, parts = _BASES.get(id(above), (None, None))
        if parts is not None:
            encoded = _encode(parts(value), depth)
            encoded = encoded if name is None else {"$": name, "v": encoded}
            return encoded if above is kind else {"$": "subclass", "v": encoded}
        if "__eq__" in vars(above):
            break
    raise Unencodable(kind.__name__)


# What an object of a subclass holds, whatever the methods of its own class say.
_HELD: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (int, int.__int__),
    (float, float.__float__),
    (complex, complex.__complex__),
    (str, str.__str__),
    (bytes, lambda value: bytes.__getitem__(value, slice(None))),
    (list, lambda value: list(list.__iter__(value))),
    (tuple, lambda value: tuple(tuple.__iter__(value))),
    (set, lambda value: set(set.__iter__(value))),
    (frozenset, lambda value: frozenset(frozenset.__iter__(value))),
    (dict, lambda value: dict(dict.items(value))),
)
# By identity: a class may lie about what it equals.
_BASES: dict[int, tuple[str | None, Callable[[Any], Any]]] = {
    **{id(base): (None, held) for base, held in _HELD},
    **{id(base): (name, kind.parts) for name, kind in KINDS.items() for base in kind.bases},
}


def tell_as_held(base: type, held: Callable[[Any], Any]) -> None:
    """Tell objects of `base`, which `==` holds equal to what `held` makes of one, as if its type were a base of theirs.

    What `held` makes is of another type, which the codec can write.
    """
    _BASES[id(base)] = ("subclass", held)


_write = json.JSONEncoder(separators=(",", ":")).encode


def dumps(value: Any) -> str:
    """`value` as tagged JSON text. Raises Unencodable."""
    if value is True:
        return "true"
    if value is False:
        return "false"
    return _write(encode(value))


def decode(data: Any) -> Any:
    """The value that `encode` made `data` of. Raises ValueError naming what is malformed."""
    if isinstance(data, list):
        return [decode(item) for item in data]
    if not isinstance(data, dict):
        return data
    if "$" not in data:
        return {key: decode(item) for key, item in data.items()}
    if set(data) != {"$", "v"}:
        raise ValueError(f'a tagged value has exactly the keys "$" and "v", not {sorted(data)}')
    kind, payload = data["$"], data["v"]
    try:
        return _DECODERS[kind](payload)
    except KeyError:
        raise ValueError(f"unknown value tag {kind!r}; known: {', '.join(_DECODERS)}") from None
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"malformed {kind} value: {error}") from None


def loads(text: str) -> Any:
    """The value in tagged JSON `text`. Raises ValueError, or RecursionError when nested too deep."""
    return decode(json.loads(text))


def _items(payload: Any) -> list[Any]:
    if not isinstance(payload, list):
        raise TypeError(f"expected a list, found {type(payload).__name__}")
    return [decode(item) for item in payload]


def _decode_float(payload: Any) -> float:
    if payload not in ("nan", "inf", "-inf"):
        raise ValueError('expected "nan", "inf" or "-inf"')
    return float(str(payload))


def _decode_int(payload: Any) -> int:
    if not isinstance(payload, str):
        raise TypeError(f"expected a string, found {type(payload).__name__}")
    return int(payload)


def _decode_complex(payload: Any) -> complex:
    parts = _items(payload)
    if len(parts) != 2 or not all(type(part) in (int, float) for part in parts):
        raise ValueError("expected [real, imaginary]")
    return complex(*parts)


def _builder(build: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda payload: build(decode(payload))


_DECODERS: dict[str, Callable[[Any], Any]] = {
    "tuple": lambda payload: tuple(_items(payload)),
    "set": lambda payload: set(apart(_items(payload))),
    "frozenset": lambda payload: frozenset(apart(_items(payload))),
    "bytes": bytes_of,
    "float": _decode_float,
    "complex": _decode_complex,
    "int": _decode_int,
    "dict": _builder(dict_of),
    "subclass": lambda payload: decode(payload),
    **{name: _builder(kind.build) for name, kind in KINDS.items()},
}


def keep_dicts() -> None:
    """From now on this process decodes a Counter and an OrderedDict as such, which may differ where dicts are equal."""
    _DECODERS["counter"] = _builder(lambda pairs: Counter(dict_of(pairs)))
    _DECODERS["ordereddict"] = _builder(lambda pairs: OrderedDict(dict_of(pairs)))

"""Plain values as JSON and back: the only language spoken across the wall.

Promises: a value that decodes is built of exact types of Python's own; decoding runs nothing of a
candidate's and looks nothing up by name, and takes time linear in the text, but for whole numbers,
which take time quadratic in their digits. An object of a subclass of a built-in type (a named tuple,
an IntEnum) counts as the value that it holds, unless the class says by an `__eq__` of its own what
it equals. Does not promise to carry anything else: an object of any other type (a generator, a class
of the candidate's) is refused by its type's name. `Counter`, `defaultdict` and `OrderedDict` count
as the dicts they are.

JSON is too poor for some values; those are tagged as {"$": kind, "v": ...}:
tuple, set, frozenset, bytes (base64), float ("nan", "inf", "-inf"), complex ([re, im]),
int (decimal text, beyond ±2^53) and dict (pairs, when a key is no string or is "$").
What `==` may hold equal to those has a tag, too: subclass (the value that it holds), keys and items
(of a dict), bytearray and memoryview (base64), fraction ([numerator, denominator]), decimal and date,
datetime (text), deque (items).
"""

import base64
import json
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

MAX_DEPTH = 200
SAFE_INT = 2**53
MAX_ALIKE = 100
"""Different members of a set, or keys of a dict, that may have one hash: each is compared with all those before it.
Honest ones share theirs with few (-1 with -2); any number can be made (multiples of 2^61 - 1, tuples of -1 and -2)."""
MAX_EXPONENT = 10_000
"""Largest exponent of a Decimal, either way: as an int, one of a few characters may take gigabytes."""
_DICTS = (defaultdict, OrderedDict, Counter)
_KEYS: tuple[type, ...] = (type({}.keys()), type(OrderedDict().keys()))
_ITEMS: tuple[type, ...] = (type({}.items()), type(OrderedDict().items()))


SUBCLASS = '{"$":"subclass",'
"""What is in the text of a value that holds an object of a subclass; in a JSON string the quotes would be escaped."""


class Unencodable(ValueError):
    """A value that is not plain; the message names its type."""


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
    if kind is dict or _among(kind, _DICTS):
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
    name = kind.__name__
    if _among(kind, _KEYS):
        return {"$": "keys", "v": [_encode(item, depth - 1) for item in value]}
    if _among(kind, _ITEMS):
        return {"$": "items", "v": [[_encode(part, depth - 1) for part in pair] for pair in value]}
    if kind is bytearray or (kind is memoryview and value.format == "B" and value.ndim == 1):
        return {"$": name, "v": base64.b64encode(bytes(value)).decode("ascii")}
    if kind is Fraction:
        return {"$": "fraction", "v": [_encode(value.numerator, 1), _encode(value.denominator, 1)]}
    if kind is Decimal or kind is date or kind is datetime:
        return {"$": name.lower(), "v": str(value)}
    if kind is deque:
        return {"$": name, "v": [_encode(item, depth - 1) for item in value]}
    for above in kind.__mro__:
        for base, held in _HELD:
            if above is base:
                return {"$": "subclass", "v": _encode(held(value), depth)}
        if "__eq__" in vars(above) and not _among(above, _DICTS):
            break
    raise Unencodable(name)


def _among(kind: type, kinds: tuple[type, ...]) -> bool:
    return any(kind is one for one in kinds)


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


def apart(items: Iterable[Any]) -> list[Any]:
    """`items` as they are, for a set or for keys. Raises ValueError where too many different ones have one hash."""
    every = list(items)
    if len(every) > MAX_ALIKE and max(Counter(map(hash, every)).values()) > MAX_ALIKE:
        different: dict[int, list[Any]] = {}
        for item in every:
            alike = different.setdefault(hash(item), [])
            if item not in alike:
                alike.append(item)
            if len(alike) > MAX_ALIKE:
                raise ValueError(f"more than {MAX_ALIKE} different members of one hash")
    return every


def _items(payload: Any) -> list[Any]:
    if not isinstance(payload, list):
        raise TypeError(f"expected a list, found {type(payload).__name__}")
    return [decode(item) for item in payload]


def _text(payload: Any) -> str:
    if not isinstance(payload, str):
        raise TypeError(f"expected a string, found {type(payload).__name__}")
    return payload


def _decode_float(payload: Any) -> float:
    if payload not in ("nan", "inf", "-inf"):
        raise ValueError('expected "nan", "inf" or "-inf"')
    return float(str(payload))


def _decode_complex(payload: Any) -> complex:
    parts = _items(payload)
    if len(parts) != 2 or not all(type(part) in (int, float) for part in parts):
        raise ValueError("expected [real, imaginary]")
    return complex(*parts)


def _decode_dict(payload: Any) -> dict[Any, Any]:
    pairs = _items(payload)
    if not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
        raise ValueError("expected a list of [key, value] pairs")
    apart(pair[0] for pair in pairs)
    return {pair[0]: pair[1] for pair in pairs}


def _decode_fraction(payload: Any) -> Fraction:
    parts = _items(payload)
    if len(parts) != 2 or not all(type(part) is int for part in parts) or parts[1] < 1:
        raise ValueError("expected [numerator, denominator]")
    return Fraction(*parts)


def _decode_decimal(payload: Any) -> Decimal:
    try:
        value = Decimal(_text(payload))
    except ArithmeticError:
        raise ValueError("expected a number") from None
    if value.is_snan() or (value.is_finite() and abs(value.adjusted()) > MAX_EXPONENT):
        raise ValueError(f"a signal, or an exponent beyond {MAX_EXPONENT}")
    return value


def _decode_bytes(payload: Any) -> bytes:
    return base64.b64decode(_text(payload), validate=True)


_DECODERS: dict[str, Callable[[Any], Any]] = {
    "tuple": lambda payload: tuple(_items(payload)),
    "set": lambda payload: set(apart(_items(payload))),
    "frozenset": lambda payload: frozenset(apart(_items(payload))),
    "bytes": _decode_bytes,
    "float": _decode_float,
    "complex": _decode_complex,
    "int": lambda payload: int(_text(payload)),
    "dict": _decode_dict,
    "subclass": lambda payload: decode(payload),
    "keys": lambda payload: dict.fromkeys(apart(_items(payload))).keys(),
    "items": lambda payload: _decode_dict(payload).items(),
    "bytearray": lambda payload: bytearray(_decode_bytes(payload)),
    "memoryview": lambda payload: memoryview(_decode_bytes(payload)),
    "fraction": _decode_fraction,
    "decimal": _decode_decimal,
    "date": lambda payload: date.fromisoformat(_text(payload)),
    "datetime": lambda payload: datetime.fromisoformat(_text(payload)),
    "deque": lambda payload: deque(_items(payload)),
}

"""What a candidate raised, raised again where its tests run."""

from __future__ import annotations

import builtins
import json
from typing import cast


def revived(payload: str) -> BaseException:
    """What a candidate raised, for tests that expect it: of its own class's name, and of its built-in kind.

    What would end a test's own loops or generators, as if all were well, is of no kind but Exception or BaseException.
    """
    error = json.loads(payload)
    name, message = str(error["type"]), error["message"]
    kind = getattr(builtins, str(error["kind"]), None)
    if not (isinstance(kind, type) and issubclass(kind, BaseException)):
        kind = Exception
    widest = Exception if issubclass(kind, Exception) else BaseException
    if issubclass(kind, StopIteration | StopAsyncIteration | GeneratorExit):
        kind = widest
    own: type[BaseException] = kind if name == kind.__name__ else type(name, (kind,), {})
    if kind is KeyError:
        message = _key(message)
    try:
        return own(message)
    except TypeError:  # UnicodeDecodeError and a few want more arguments
        plain = {"__init__": lambda *_: None, "__str__": lambda _: message}
    try:
        return cast("BaseException", type(name, (kind,), plain)(message))
    except TypeError:  # a group of exceptions wants them
        return cast("BaseException", type(name, (widest,), {})(message))


def _key(message: str) -> object:
    """What a KeyError was given, whose message is how that is written."""
    import ast  # few candidates need it, and it takes a moment to load

    try:
        return cast("object", ast.literal_eval(message))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return message

"""What a call does besides returning a value: arguments that it changes, and lists, dicts and sets that it shares.

Test code and candidate have no memory in common. So the candidate's side tells, as plain data, how its arguments look
after the call, and which parts of the result are its arguments or parts of earlier results; the tests' side makes the
same true of its own objects. Promises: nothing goes the other way; what the candidate's side tells is a claim.
Does not promise to notice a result that changes later without being returned again, nor what tuples share.
"""

from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from typing import Any

from sandbox.worker import codec

KEPT = 32
"""Results that are remembered, the latest."""
_DICTS = (dict, defaultdict, OrderedDict, Counter)
Place = list[int]
"""[which container of a result, which earlier result (-1: the arguments), which container there]."""


class Mirror:
    """One side's objects: those of the results so far, in step with the other side's."""

    def __init__(self) -> None:
        self._results: deque[list[Any]] = deque(maxlen=KEPT)

    def claims(self, given: list[Any], result: Any) -> list[Place]:
        """The candidate's side: which containers of `result` are among those `given`, or in earlier results."""
        known = {id(one): (at, n) for at, some in enumerate(self._results) for n, one in enumerate(some)}
        known |= {id(one): (-1, n) for n, one in enumerate(given)}
        found: list[Place] = []
        met: list[Any] = []

        def visit(container: Any) -> Any:
            met.append(container)
            if id(container) not in known:
                return None
            found.append([len(met) - 1, *known[id(container)]])
            return container

        walk(result, visit)
        self._results.append(met)
        return found

    def joined(self, given: list[Any], result: Any, claims: list[Place]) -> Any:
        """The tests' side: `result` with its own objects where `claims` has them."""
        own = {n: (given if at < 0 else self._results[at])[which] for n, at, which in claims}
        met: list[Any] = []

        def visit(container: Any) -> Any:
            met.append(own.get(len(met), container))
            return own.get(len(met) - 1)

        value = walk(result, visit)
        self._results.append(met)
        return value


def containers(value: Any) -> list[Any]:
    """The lists, dicts and sets in `value`, outermost first."""
    found: list[Any] = []
    walk(value, found.append)
    return found


def walk(value: Any, visit: Callable[[Any], Any]) -> Any:
    """`value`; each list, dict and set in it goes to `visit`, and is replaced by what that gives, if not None."""
    kind = type(value)
    if kind is tuple:
        items = tuple(walk(item, visit) for item in value)
        return value if all(a is b for a, b in zip(items, value, strict=True)) else items
    if kind is not list and kind is not set and kind not in _DICTS:
        return value
    other = visit(value)
    if other is not None:
        return other
    if kind is not set:
        for key, item in list(enumerate(value) if kind is list else value.items()):
            new = walk(item, visit)
            if new is not item:
                value[key] = new
    return value


def assign(old: Any, new: Any) -> Any:
    """`old` made equal to `new` where it can be, else `new`."""
    if type(old) is not type(new):
        return new
    if type(old) is list:
        old[:] = [*map(assign, old, new), *new[len(old) :]]
    elif type(old) is dict:
        kept = {key: assign(old[key], value) if key in old else value for key, value in new.items()}
        old.clear()
        old.update(kept)
    elif type(old) is set:
        old.clear()
        old.update(new)
    else:
        return old if codec.dumps(old) == codec.dumps(new) else new
    return old

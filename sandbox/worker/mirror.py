"""What a call does besides returning a value: arguments that it changes, and lists, dicts and sets that it shares.

Test code and candidate have no memory in common. So the candidate's side tells, as plain data, how its arguments look
after the call, which parts of the result are its arguments or parts of earlier results, and which of the latter have
changed since; the tests' side makes the same true of its own objects. Promises: nothing goes the other way; what the
candidate's side tells is a claim. Does not promise to notice a result that changes later without being returned again,
nor what tuples, and values that hold objects of subclasses, share.
"""

from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from typing import Any

from sandbox.worker import codec

KEPT = 32
"""Results that are remembered, the latest."""
_DICTS = (dict, defaultdict, OrderedDict, Counter)
Place = list[int]
"""[which container of a result, which earlier result (-1: the arguments), which container there, 1 if it changed since
that result, else 0]."""


class Mirror:
    """One side's objects: those of the results so far, in step with the other side's."""

    def __init__(self) -> None:
        self._results: deque[list[Any]] = deque(maxlen=KEPT)
        self._held: deque[list[list[Any]]] = deque(maxlen=KEPT)
        """What each held when it was returned; of the candidate's side alone."""

    def claims(self, given: list[Any], result: Any) -> list[Place]:
        """The candidate's side: which containers of `result` are among those `given`, or in earlier results."""
        known = {id(one): (at, n) for at, some in enumerate(self._results) for n, one in enumerate(some)}
        known |= {id(one): (-1, n) for n, one in enumerate(given)}
        met = containers(result)
        held = [_items(one) for one in met]
        found: list[Place] = []
        for number, one in enumerate(met):
            if id(one) in known:
                at, n = known[id(one)]
                found.append([number, at, n, int(at >= 0 and not _identical(self._held[at][n], held[number]))])
        self._results.append(met)
        self._held.append(held)
        return found

    def joined(self, given: list[Any] | None, result: Any, claims: list[Place]) -> Any:
        """The tests' side: `result` with its own objects where `claims` has them.

        `given` is None where its arguments are built in another way than the candidate's copies.
        """
        claims = [place for place in claims if given is not None or place[1] >= 0]
        every = containers(result)
        own = {id(every[n]): ((given or []) if at < 0 else self._results[at])[which] for n, at, which, _ in claims}
        changed = {id(every[n]) for n, at, _, differs in claims if differs and at >= 0}

        def instead(container: Any) -> Any:
            mine = own.get(id(container), container)
            if id(container) in changed:
                _refill(mine, container)
            return mine

        value = walk(result, instead)
        self._results.append([own.get(id(one), one) for one in every])
        return value


def containers(value: Any) -> list[Any]:
    """The lists, dicts and sets in `value`, innermost first."""
    found: list[Any] = []

    def visit(container: Any) -> Any:
        found.append(container)
        return container

    walk(value, visit)
    return found


def walk(value: Any, visit: Callable[[Any], Any]) -> Any:
    """`value`, where each list, dict and set in it is replaced by what `visit` makes of it, after those inside it."""
    kind = type(value)
    if kind is tuple:
        items = tuple(walk(item, visit) for item in value)
        return value if all(a is b for a, b in zip(items, value, strict=True)) else items
    if kind is not list and kind is not set and kind not in _DICTS:
        return value
    if kind is not set:
        for key, item in list(enumerate(value) if kind is list else value.items()):
            new = walk(item, visit)
            if new is not item:
                value[key] = new
    return visit(value)


def _items(container: Any) -> list[Any]:
    """What a container holds, in one order."""
    return [part for pair in container.items() for part in pair] if type(container) in _DICTS else list(container)


def _identical(some: list[Any], others: list[Any]) -> bool:
    return len(some) == len(others) and all(a is b for a, b in zip(some, others, strict=True))


def _refill(old: Any, new: Any) -> None:
    """Make `old` hold what `new` holds. Raises TypeError where they are of different kinds."""
    if type(old) is not type(new):
        raise TypeError("what an earlier result shares is of another kind")
    if type(old) is list:
        old[:] = new
    else:
        held = new.copy()
        old.clear()
        old.update(held)


def assign(old: Any, new: Any) -> Any:
    """`old` made equal to `new`, which is of exact types, where it can be, else `new`."""
    kind = type(new)
    if not isinstance(old, kind):
        return new
    if kind is list:
        old[:] = [*map(assign, old, new), *new[len(old) :]]
    elif kind in _DICTS:
        kept = {key: assign(old[key], value) if key in old else value for key, value in new.items()}
        old.clear()
        old.update(kept)
    elif kind is set:
        old.clear()
        old.update(new)
    elif kind is deque:
        items = [*map(assign, old, new), *list(new)[len(old) :]]
        old.clear()
        old.extend(items)
    elif kind is bytearray:
        old[:] = new
    elif kind is tuple and len(old) == len(new):
        return old if all(a is b for a, b in zip(map(assign, old, new), old, strict=True)) else new
    else:
        return old if codec.dumps(old) == codec.dumps(new) else new
    return old

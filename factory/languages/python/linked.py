"""Linked lists and binary trees from plain lists, and back, and calls of a class's methods, as LeetCode writes them.

This file is also run, as text, in a candidate's process behind the program, so it imports nothing of ours. There it
is the candidate's as all else is: what it gives back is a claim that is compared outside.
"""

from collections.abc import Callable, Sequence
from typing import Any

MOST_NODES = 1_000_000
"""More of a list or tree that is given back is taken for one without end."""


class ListNode:
    def __init__(self, val: Any = 0, next: Any = None) -> None:
        self.val = val
        self.next = next


class TreeNode:
    def __init__(self, val: Any = 0, left: Any = None, right: Any = None) -> None:
        self.val = val
        self.left = left
        self.right = right


def build(value: Any, shape: str, kinds: dict[str, Any]) -> Any:
    """`value` as `shape` (see `factory.records.calling`), of the classes `kinds`: ListNode and TreeNode by name."""
    if shape == "value" or value is None:
        return value
    if shape in ("lists", "trees"):
        return [build(item, shape[:-1], kinds) for item in value]
    return _linked(value, kinds["ListNode"]) if shape == "list" else _tree(value, kinds["TreeNode"])


def flat(value: Any, shape: str) -> Any:
    """The plain value of `value`, which is of `shape`. Raises TypeError where it is not."""
    if shape == "value":
        return value
    if shape in ("lists", "trees"):
        return [flat(item, shape[:-1]) for item in value]
    return _values(value) if shape == "list" else _levels(value)


def call(
    target: Callable[..., Any],
    kinds: dict[str, Any],
    shapes: Sequence[str],
    result: str,
    in_place: int | None,
    args: list[Any],
) -> Any:
    """The answer of one call, with plain arguments and a plain answer."""
    given = [build(value, shape, kinds) for value, shape in zip(args, shapes)]  # noqa: B905  # shapes may be fewer
    given += args[len(given) :]
    answer = target(*given)
    return flat(answer if in_place is None else given[in_place], result)


def operate(kind: Callable[..., Any], names: Sequence[str], arguments: Sequence[list[Any]]) -> list[Any]:
    """What each of the methods `names[1:]` returns, called on one object of `kind`; the first is the object's own."""
    made = kind(*arguments[0])
    return [None, *(getattr(made, name)(*given) for name, given in zip(names[1:], arguments[1:]))]  # noqa: B905


def _linked(values: Sequence[Any], kind: Any) -> Any:
    head = None
    for value in reversed(values):
        node = kind(value)
        node.next = head
        head = node
    return head


def _values(node: Any) -> list[Any]:
    values: list[Any] = []
    while node is not None:
        if not (hasattr(node, "val") and hasattr(node, "next")):
            raise TypeError(f"{type(node).__name__} is no ListNode")
        if len(values) == MOST_NODES:
            raise TypeError("a linked list without end")
        values.append(node.val)
        node = node.next
    return values


def _tree(values: Sequence[Any], kind: Any) -> Any:
    if not values or values[0] is None:
        return None
    root = kind(values[0])
    level, at = [root], 1
    for parent in level:
        for side in ("left", "right"):
            if at < len(values) and values[at] is not None:
                node = kind(values[at])
                setattr(parent, side, node)
                level.append(node)
            at += 1
        if at >= len(values):
            break
    return root


def _levels(root: Any) -> list[Any]:
    values: list[Any] = []
    level = [root]
    for node in level:
        if node is None:
            values.append(None)
            continue
        if not all(hasattr(node, name) for name in ("val", "left", "right")):
            raise TypeError(f"{type(node).__name__} is no TreeNode")
        if len(values) == MOST_NODES:
            raise TypeError("a tree without end")
        values.append(node.val)
        level += (node.left, node.right)
    while values and values[-1] is None:
        values.pop()
    return values

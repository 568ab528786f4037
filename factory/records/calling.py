"""How the harness of a set calls a program, where that is more than `f(*args)` and what it returns."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from factory.records.base import Record

Shape = Literal["value", "list", "tree", "lists", "trees"]
"""What a plain value represents: itself; a list for a linked list (`ListNode`) or, level by level with None for what is
missing, a binary tree (`TreeNode`); or several of them."""


class Calling(Record):
    """The default is a call with the values of the case, whose answer is what it returns."""

    either: bool = False
    """A function of the method's name will do where the entry point is a method of a class that the program does not
    define, and the method of a `class Solution` where it is a function."""
    args: tuple[Shape, ...] = ()
    """What positional arguments are made into, in their order; those beyond stay values."""
    result: Shape = "value"
    """What the answer is made from."""
    in_place: int | None = Field(None, ge=0)
    """The position of the argument that is the answer, as it is after the call; None: what is returned."""
    operations: bool = False
    """The entry point is a class. A case has two lists: its name and those of the methods to call on one object of it,
    and the arguments of each; the answer is the list of what each returns, None for the object itself."""

    @property
    def takes_trees(self) -> bool:
        return any(shape in ("tree", "trees") for shape in self.args)

    @property
    def converts(self) -> bool:
        """Whether a program takes or gives other things than the values of its cases."""
        shaped = self.result != "value" or any(shape != "value" for shape in self.args)
        return shaped or self.operations or self.in_place is not None

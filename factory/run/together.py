"""Coroutines done at once."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Iterator
from typing import Any, TypeVar

T = TypeVar("T")
E = TypeVar("E", bound=BaseException)


async def together(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """The results of `work`, in order; when one fails the others are cancelled first.

    Raises an ExceptionGroup of what they raise.
    """
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one) for one in work]
    return [task.result() for task in tasks]


def leaves(error: BaseException, kind: type[E]) -> Iterator[E]:
    """The errors of a kind in a group, however deep they lie; an error that is no group is its own."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from leaves(inner, kind)
    elif isinstance(error, kind):
        yield error

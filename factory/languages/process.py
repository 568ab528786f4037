"""What languages share whose programs a harness of ours calls, in a process of their own (`go`, `javascript`).

The calls go in, typed answers come back in frames, or a program reads its input and prints; both are read on the
host and trusted in nothing. An answer counts only when exactly the frames that were due came, in order, ended by
the nonce that this run's request carried, and the process then ended well. Everything else is the program's
failure, in one human line. Of what an answer means only what is the same in every language is here.
"""

from __future__ import annotations

from array import array
from collections import UserDict, UserList, deque
from collections.abc import Callable, Collection, ItemsView, Iterable, Iterator, KeysView, Sequence, Set
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, Protocol, TypeVar

from factory.languages.base import Call, Unfit
from factory.records import Problem, Rejection, Run, Status
from factory.records.values import MAX_INT_DIGITS, apart, decode
from sandbox import ExecutionResult, Limits, Usage
from sandbox.contract import Answer, AnswerKind, Answers

LONGEST_DETAIL = 300
A = TypeVar("A")


def line(text: str) -> str:
    """`text` as one line of bounded length."""
    return " ".join(text[: 4 * LONGEST_DETAIL].split())[:LONGEST_DETAIL]


# ---- what goes in ----


def counterpart(value: Any) -> Any:
    """What replaces an argument whose type has a tag for answers alone, in a language without such a type."""
    match value:
        case bytearray() | memoryview():
            return bytes(value)
        case deque() | UserList() | array():
            return list(value)
        case UserDict() | MappingProxyType():
            return dict(value)
        case KeysView() | ItemsView():
            try:
                return set(value)
            except TypeError:  # items of a dict that holds lists
                return list(value)
    return str(value)


class Shape(Protocol):
    """What the values at one place are made of, over all cases."""

    def add(self, value: Any) -> Any: ...


S = TypeVar("S", bound=Shape)


def calls(problem: Problem) -> list[Call]:
    """The arguments of every case, positional and by keyword, as plain values."""
    return [(decode(case.args), {name: decode(value) for name, value in case.kwargs.items()}) for case in problem.cases]


def shapes(every: Iterable[Call], empty: Callable[[], S]) -> tuple[list[S], dict[str, S]]:
    """The shapes of the arguments, made of `empty` ones: by position, and by keyword."""
    positional: list[S] = []
    named: dict[str, S] = {}
    for args, kwargs in every:
        positional += [empty() for _ in args[len(positional) :]]
        for shape, value in zip(positional, args, strict=False):
            shape.add(value)
        for name, value in kwargs.items():
            named.setdefault(name, empty()).add(value)
    return positional, named


# ---- what comes back ----


def read_outputs(
    report: ExecutionResult,
    answers: Answers,
    ended: Rejection | None,
    nonce: str,
    due: int,
    value: Callable[[str], A],
    raised: Callable[[str], Rejection],
) -> tuple[tuple[A | Rejection, ...], Rejection | None]:
    """One entry per answered case, and what befell the whole program, None when it answered all and ended well.

    `answers` are the frames of `report`, none of them forged; `ended` is how the process ended, when not well.
    `value` and `raised` read the payload of an answer, and of an exception.
    """
    outputs = tuple(_output(answer, value, raised) for answer in answers.answers)
    if ended is not None:
        return outputs, ended
    if not answers.complete:
        return outputs, Rejection(Status.RUNTIME_ERROR, f"exited with status 0 after {len(outputs)} of {due} answers")
    if not report.output.endswith(nonce.encode()):
        return (), Rejection(Status.RUNTIME_ERROR, "wrote out of turn: an end that is not the harness's")
    return outputs, None


def _output(answer: Answer, value: Callable[[str], A], raised: Callable[[str], Rejection]) -> A | Rejection:
    if answer.kind is AnswerKind.VALUE:
        return value(answer.payload)
    if answer.kind is AnswerKind.UNENCODABLE:
        return Rejection(Status.WRONG_ANSWER, line(answer.payload))
    return raised(answer.payload)


def answer_streams(
    problem: Problem,
    limits: Limits,
    start: Callable[[bytes], ExecutionResult],
    ending: Callable[[ExecutionResult, Limits], Rejection | None],
) -> Run:
    """What a program prints for each input of `problem`, until one breaks a limit.

    `start` runs it on an input, in a process and work directory of its own; `ending` says how that ended, when not
    well.
    """
    outputs: list[str | Rejection] = []
    usage, slowest_ms = Usage(), 0.0
    left = limits.for_calls(len(problem.cases)).output_kb * 1024
    for case in problem.cases:
        report = start((case.stdin or "").encode("utf-8", "surrogateescape"))
        left -= len(report.output)
        usage += report.usage
        slowest_ms = max(slowest_ms, report.usage.cpu_ms)
        ended = ending(report, limits)
        if left < 0:
            ended = Rejection(Status.OUTPUT_LIMIT, "wrote more output than allowed, for all inputs together")
        outputs.append(ended or report.output.decode("utf-8", "surrogateescape"))
        if ended is not None and ended.status is not Status.RUNTIME_ERROR:
            return as_run(outputs, ended, usage, slowest_ms)
    return as_run(outputs, None, usage, slowest_ms)


def as_run(outputs: Iterable[Any], failure: Rejection | None, usage: Usage, slowest_ms: float) -> Run:
    return Run(tuple(outputs), failure, usage.cpu_ms, usage.wall_ms, usage.peak_mb, slowest_ms)


# ---- what it means ----

ANYTHING: Any = object()
"""The form that is expected where nothing is."""


@contextmanager
def reading() -> Iterator[None]:
    """Within it, all that can be wrong in an answer, which is hostile, ends in `Unfit`."""
    try:
        yield
    except Unfit:
        raise
    except RecursionError:
        raise Unfit("an answer nested too deep") from None
    except (ValueError, TypeError, KeyError, IndexError, OverflowError) as error:
        raise Unfit(f"a malformed answer ({type(error).__name__})") from None


def bigint(digits: Any) -> int:
    """The number that hexadecimal `digits` write. Raises Unfit for one too long to be written as text."""
    if len(digits) > MAX_INT_DIGITS * 5 // 6:
        raise Unfit(f"a number of {len(digits)} hexadecimal digits")
    return int(digits, 16)


class Wanted:
    """The forms expected of a collection's members: by position, else the first of any type that suits.

    `suits(form, *data)` is whether `data`, as the language has it, could be meant for `form`.
    """

    def __init__(self, members: Collection[Any], suits: Callable[..., bool]) -> None:
        self._suits = suits
        self._items: Sequence[Any] = members if isinstance(members, list | tuple) else ()
        self._samples: dict[type, Any] = {}
        for member in members:
            self._samples.setdefault(type(member), member)

    @property
    def kinds(self) -> Set[type]:
        """The types of all members."""
        return self._samples.keys()

    def at(self, place: int | None, *data: Any) -> Any:
        if place is not None and place < len(self._items) and self._suits(self._items[place], *data):
            return self._items[place]
        return next((sample for sample in self._samples.values() if self._suits(sample, *data)), ANYTHING)


class Forms:
    """The forms in one expected value: each collection of it is looked through once, however many answers go by it."""

    def __init__(self, suits: Callable[..., bool]) -> None:
        self._suits = suits
        self._found: dict[tuple[int, str], Wanted] = {}
        """By the id of the collection, which is part of the expected value and lives as long."""

    def members(self, want: Any) -> Wanted:
        """Those of the items of a list, tuple or set."""
        return self._of(want, "members", want if type(want) in (list, tuple, set, frozenset) else ())

    def keys(self, want: Any) -> Wanted:
        """Those of the keys of a dict."""
        return self._of(want, "keys", want.keys() if type(want) is dict else ())

    def values(self, want: Any) -> Wanted:
        """Those of the values of a dict."""
        return self._of(want, "values", want.values() if type(want) is dict else ())

    def _of(self, want: Any, which: str, members: Collection[Any]) -> Wanted:
        key = id(want), which
        if key not in self._found:
            self._found[key] = Wanted(members, self._suits)
        return self._found[key]


def hashed(values: Iterable[Any], dicts: str) -> list[Any]:
    """`values` as keys or as members of a set, each as `frozen`. Raises Unfit where they cannot be."""
    try:
        return apart(frozen(value, dicts) for value in values)
    except ValueError as error:
        raise Unfit(str(error)) from None


def frozen(value: Any, dicts: str) -> Any:
    """A value that can be a key or a member of a set. Raises Unfit for a dict, which is one of `dicts` there."""
    if type(value) is list or type(value) is tuple:
        return tuple(frozen(item, dicts) for item in value)
    if type(value) is set:
        return frozenset(value)
    if type(value) is dict:
        raise Unfit(f"a {dicts} where Python needs a hashable value")
    return value

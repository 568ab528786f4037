"""Programs asked for their answers to generated inputs, which may well end them.

Promises: an input that ends a program takes no other's answer with it, as far as `RESTARTS` reach. Nothing here judges.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from factory.grading.session import GradingSession
from factory.inputs.generate import heaviest, weight
from factory.languages import language
from factory.languages.base import Unfit
from factory.records import Case, Prepared, Problem, Rejection, Run, Status
from factory.records.values import Unencodable, encode
from sandbox import Limits
from sandbox.contract import Answer

RESTARTS = 6
"""Runs of one program on one set of inputs, each going on behind the input that ended the last."""
LONGEST_ANSWER = 65_536
"""Characters of an answer, as JSON, that still counts."""
_HALF = re.compile("[\ud800-\udfff]")
NOTHING = Rejection(Status.RUNTIME_ERROR, "never asked, or asked too much")


def ask(
    session: GradingSession,
    problem: Problem,
    sources: Sequence[str],
    cases: Sequence[Case],
    limits: Limits,
    second_worker: bool = False,
    restarts: int = RESTARTS,
) -> list[list[Any]]:
    """What each of `sources` puts out for each of `cases`: answers, and Rejections where it gave none.

    Of an answer that costs too much to get nothing counts, which is `NOTHING`; one that our own failure cost is an
    `infrastructure_error`. `second_worker` as in `GradingSession`.
    """
    if not cases:
        return [[] for _ in sources]
    asked = problem.model_copy(update={"cases": tuple(cases), "test_code": ""})
    programs = [Prepared(source, "") for source in sources]
    own = heaviest(problem)
    first = session.runs(asked, programs, "python", limits, second_worker)

    def more(program: Prepared, waiting: list[int]) -> Run:
        rest = asked.model_copy(update={"cases": tuple(asked.cases[number] for number in waiting)})
        return session.runs(rest, [program], "python", limits, second_worker)[0]

    return [_whole(asked.cases, own, run, partial(more, it), restarts) for it, run in zip(programs, first, strict=True)]


def _whole(
    cases: Sequence[Case], own: tuple[int, int], run: Run, more: Callable[[list[int]], Run], restarts: int
) -> list[Any]:
    """The outputs of `run`, and of more runs behind each input that ended one."""
    outputs: list[Any] = [NOTHING] * len(cases)
    waiting = list(range(len(cases)))
    for left in reversed(range(restarts)):
        for number, output in zip(waiting, run.outputs, strict=False):
            outputs[number] = output
        waiting = waiting[len(run.outputs) :]
        if run.failure is not None and run.failure.status is Status.INFRASTRUCTURE_ERROR:
            return [run.failure if number in waiting else output for number, output in enumerate(outputs)]
        waiting = waiting and _without_guilty(cases, own, waiting, bool(run.outputs))
        if not waiting:
            return outputs
        if left:
            run = more(waiting)
    # How far a program came that is slow on everything is a matter of chance; a power of two is less so.
    came = [number for number, output in enumerate(outputs) if output is not NOTHING]
    for number in came[1 << max(len(came).bit_length() - 1, 0) :]:
        outputs[number] = NOTHING
    return outputs


def _without_guilty(cases: Sequence[Case], own: tuple[int, int], waiting: list[int], others_ran: bool) -> list[int]:
    """`waiting` without its first, which ended the run, and without those that are as heavy in what makes it heavy.

    One no heavier than the problem's own cases (`own`), behind others, may only have had too little time left.
    """
    guilty, *rest = waiting
    digits, characters = weight(cases[guilty])
    if digits <= own[0] and characters <= 2 * own[1]:
        return waiting if others_ran else rest
    return [
        number
        for number in rest
        if not (digits > own[0] and weight(cases[number])[0] >= digits)
        and not (characters > 2 * own[1] and weight(cases[number])[1] >= characters)
    ]


def plain(output: Any, longest: int = LONGEST_ANSWER) -> Any:
    """The answer in an output of Python's, or the Rejection that it does not count.

    None does that is longer than `longest` characters, or has halves of surrogate pairs, which no file can hold.
    """
    text = output.payload if isinstance(output, Answer) else output
    if isinstance(output, Rejection) or len(text) > longest:
        return NOTHING
    try:
        answer = language("python").fit(output, None)
        written = json.dumps(encode(answer), ensure_ascii=False)
    except (Unfit, Unencodable):  # the latter of a frame that no harness of ours wrote: nested too deep
        return NOTHING
    return NOTHING if _HALF.search(written) else answer

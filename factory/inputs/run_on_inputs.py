"""What programs answer to generated inputs, which may well end them.

Promises: an input that ends a program costs no other input its answer, as far as `MOST_RUNS` reach. Judges nothing.
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

MOST_RUNS = 6
"""Runs of one program on one set of inputs, each of which starts behind the input that ended the last."""
LONGEST_ANSWER = 65_536
"""Characters of an answer, as JSON, that still counts."""
_HALF = re.compile("[\ud800-\udfff]")
NO_ANSWER = Rejection(Status.RUNTIME_ERROR, "never asked, or asked too much")
"""The output of an input that a program was not run on, or that cost too much."""


def run_on_inputs(
    session: GradingSession,
    problem: Problem,
    sources: Sequence[str],
    cases: Sequence[Case],
    limits: Limits,
    second_worker: bool = False,
    most_runs: int = MOST_RUNS,
) -> list[list[Any]]:
    """What each of `sources`, Python programs, puts out for each of `cases`: an answer, or a Rejection without one.

    An answer that costs too much is `NO_ANSWER`; one that our own failure cost is an `infrastructure_error`.
    `second_worker` is as in `GradingSession`. Raises InfrastructureError.
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

    return [
        _whole(asked.cases, own, run, partial(more, it), most_runs) for it, run in zip(programs, first, strict=True)
    ]


def _whole(
    cases: Sequence[Case], own: tuple[int, int], run: Run, more: Callable[[list[int]], Run], most_runs: int
) -> list[Any]:
    """The outputs of `run`, and of more runs behind each input that ended one."""
    outputs: list[Any] = [NO_ANSWER] * len(cases)
    waiting = list(range(len(cases)))
    for left in reversed(range(most_runs)):
        for number, output in zip(waiting, run.outputs, strict=False):
            outputs[number] = output
        waiting = waiting[len(run.outputs) :]
        if run.failure is not None and run.failure.status is Status.INFRASTRUCTURE_ERROR:
            return [run.failure if number in waiting else output for number, output in enumerate(outputs)]
        if waiting and run.failure is not None and run.failure.status is Status.RUNTIME_ERROR:
            outputs[waiting[0]] = run.failure  # it ended itself, which no more time would have changed
        waiting = waiting and _without_guilty(cases, own, waiting, bool(run.outputs))
        if not waiting:
            return outputs
        if left:
            run = more(waiting)
    # How far a program came that is slow on every input is chance; the last power of two before that is less so.
    came = [number for number, output in enumerate(outputs) if output is not NO_ANSWER]
    for number in came[1 << max(len(came).bit_length() - 1, 0) :]:
        outputs[number] = NO_ANSWER
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
    """The answer in an output of Python's as a plain value; NO_ANSWER for a Rejection.

    An answer does not count either that is longer than `longest` characters, or that has halves of surrogate pairs,
    which no file can hold.
    """
    text = output.payload if isinstance(output, Answer) else output
    if isinstance(output, Rejection) or len(text) > longest:
        return NO_ANSWER
    try:
        answer = language("python").fit(output, None)
        written = json.dumps(encode(answer), ensure_ascii=False)
    except (Unfit, Unencodable):  # the latter of a frame that no harness of ours wrote: nested too deep
        return NO_ANSWER
    return NO_ANSWER if _HALF.search(written) else answer

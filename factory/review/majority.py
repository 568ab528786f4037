"""What several programs answer to one input nobody has the answer to: a majority, a dispute, or a refusal.

Each program has one vote, a reference one that has to be with the majority. The source of the idea is N-version
testing (Chen and Avizienis, 1978; as "self-consistency" of sampled programs in CodeT, Chen et al., 2022); the numbers
are ours. Promises: nothing of the candidates' runs here; the order of the votes changes nothing but which of equal
answers is told. Does not promise that a majority is right: programs of one model make the same mistakes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from factory.inputs.run_on_inputs import NOTHING
from factory.records import Rejection, Status

QUORUM = 3
"""Programs that have to agree: two may well have come from one thought."""
DECLINED = Rejection(Status.RUNTIME_ERROR, "refused in so many words")
"""The answer of a program that says the input is none: a few such are ignored, more are believed."""
Same = Callable[[Any, Any], bool]


class Result(StrEnum):
    AGREED = "agreed"
    """A clear majority gives `answer`."""
    DISPUTED = "disputed"
    """Programs answer, but no clear majority alike."""
    REFUSED = "refused"
    """Half of them or more give no answer, or more decline than may dissent: it may be no input at all. Or there were
    too few to tell.
    """


@dataclass(frozen=True, slots=True)
class Vote:
    """How one input was answered; `dissenters` are the positions of those that answered otherwise, or refused."""

    result: Result
    answer: Any = None
    dissenters: tuple[int, ...] = ()
    voters: int = 0


def vote(answers: Sequence[Any], same: Same, majority: float, reference: Any = NOTHING) -> Vote:
    """The vote of `answers`: plain values, Rejections of those that raised, DECLINED, NOTHING of those not asked.

    `majority` is the share, above a half, of all that were asked that has to agree. `reference` is an answer too,
    and NOTHING where there is none.
    """
    asked = [(at, answer) for at, answer in enumerate(answers) if answer is not NOTHING]
    if reference is not NOTHING:
        asked.append((-1, reference))
    declined = sum(answer is DECLINED for _, answer in asked)
    if reference is DECLINED or len(asked) - declined < majority * len(asked):
        return Vote(Result.REFUSED, voters=len(asked))
    asked = [(at, answer) for at, answer in asked if answer is not DECLINED]
    if len(asked) < QUORUM:
        return Vote(Result.REFUSED, voters=len(asked))
    groups: list[tuple[Any, list[int]]] = []
    for at, answer in asked:
        if isinstance(answer, Rejection):
            continue
        for first, members in groups:
            if same(answer, first):
                members.append(at)
                break
        else:
            groups.append((answer, [at]))
    if 2 * sum(len(members) for _, members in groups) <= len(asked):
        return Vote(Result.REFUSED, voters=len(asked))
    answer, members = max(groups, key=lambda group: len(group[1]))
    with_reference = reference is NOTHING or -1 in members
    if len(members) < QUORUM or len(members) < majority * len(asked) or not with_reference:
        return Vote(Result.DISPUTED, voters=len(asked))
    dissenters = tuple(at for at, _ in asked if at not in members)
    return Vote(Result.AGREED, answer, dissenters, len(asked))

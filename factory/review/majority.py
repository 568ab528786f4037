"""What several programs answer to an input without a known answer: a majority, a dispute, or a refusal.

Each program has one vote; the reference has one too, and must agree with the majority. The source of the idea is
N-version testing (Chen and Avizienis, 1978; as "self-consistency" of sampled programs in CodeT, Chen et al., 2022);
the numbers are ours. Promises: runs nothing; the order of the votes only decides which of several equivalent answers
is given. Does not promise that a majority is right: programs of one model make the same mistakes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from factory.inputs.run_on_inputs import NO_ANSWER
from factory.records import Rejection, Status

QUORUM = 3
"""Programs that have to agree, at least: two may well share one mistake."""
DECLINED = Rejection(Status.RUNTIME_ERROR, "refused in so many words")
"""The answer of a program that says the input is not valid: a few such are ignored, more are believed."""
Same = Callable[[Any, Any], bool]


class Result(StrEnum):
    AGREED = "agreed"
    """A clear majority gives `answer`."""
    DISPUTED = "disputed"
    """Programs answer, but no clear majority alike."""
    REFUSED = "refused"
    """Half of them or more give no answer, or more decline than may dissent: the input may not be valid. Or there are
    too few programs.
    """


@dataclass(frozen=True, slots=True)
class Majority:
    """How one input was answered; `dissenters` are the positions of those that answered otherwise, or refused."""

    result: Result
    answer: Any = None
    dissenters: tuple[int, ...] = ()
    voters: int = 0


def majority_of(answers: Sequence[Any], same: Same, share: float, reference: Any = NO_ANSWER) -> Majority:
    """What the majority of `answers` is: plain values, Rejections (it raised), DECLINED, NO_ANSWER (it was not asked).

    `share`, above a half, is how many of all that were asked have to agree. `reference` is an answer too,
    and NO_ANSWER where there is none.
    """
    asked = [(at, answer) for at, answer in enumerate(answers) if answer is not NO_ANSWER]
    if reference is not NO_ANSWER:
        asked.append((-1, reference))
    declined = sum(answer is DECLINED for _, answer in asked)
    if reference is DECLINED or len(asked) - declined < share * len(asked):
        return Majority(Result.REFUSED, voters=len(asked))
    asked = [(at, answer) for at, answer in asked if answer is not DECLINED]
    if len(asked) < QUORUM:
        return Majority(Result.REFUSED, voters=len(asked))
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
        return Majority(Result.REFUSED, voters=len(asked))
    answer, members = max(groups, key=lambda group: len(group[1]))
    with_reference = reference is NO_ANSWER or -1 in members
    if len(members) < QUORUM or len(members) < share * len(asked) or not with_reference:
        return Majority(Result.DISPUTED, voters=len(asked))
    dissenters = tuple(at for at, _ in asked if at not in members)
    return Majority(Result.AGREED, answer, dissenters, len(asked))

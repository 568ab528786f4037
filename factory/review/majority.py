"""What several programs answer to an input without a known answer: an agreement, a dispute, or a refusal.

Among the inputs of the cases a reference that answers decides alone: it passed the problem's own tests. Without one,
and wherever an input lies farther off, a clear majority decides, the reference with it. The source
of the idea is N-version testing (Chen and Avizienis, 1978; as "self-consistency" of sampled programs in CodeT, Chen et
al., 2022); the numbers are ours. Promises: runs nothing; the order of the votes only decides which of several
equivalent answers is given. Does not promise that a majority is right: programs of one model make the same mistakes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from factory.inputs.domain import Reach
from factory.inputs.run_on_inputs import NO_ANSWER
from factory.records import Rejection, Status

QUORUM = 3
"""Programs that have to agree, at least, and by which they have to outnumber all others: two may well share one
mistake, and so may three of five.
"""
LEAST_SHARE = {Reach.SIGNED: 0.8, Reach.NAMED: 0.9}
"""Share that has to agree, at least, on inputs that prompts often exclude. Of those that a model names, valid ones drop
as many wrong programs at 0.9 as at 0.6 (CodeGen and Qwen, HumanEval/0-81); such as chance makes drop 1.4 % of the right
ones at 0.8, and 0.7 % at 0.9.
"""
DECLINED = Rejection(Status.RUNTIME_ERROR, "refused by a raise or an assert of its own")
"""The answer of a program that says the input is not valid: a few such are ignored, more are believed."""
Same = Callable[[Any, Any], bool]


class Result(StrEnum):
    AGREED = "agreed"
    """The reference or a clear majority gives `answer`."""
    DISPUTED = "disputed"
    """Programs answer, but no clear majority alike."""
    REFUSED = "refused"
    """The reference gives no answer, half of the programs or more give none, or more decline than may dissent: the
    input may not be valid. Or there are too few programs, which agree.
    """


@dataclass(frozen=True, slots=True)
class Majority:
    """How one input was answered: `dissenters` are the positions of those that answered otherwise, or broke."""

    result: Result
    answer: Any = None
    dissenters: tuple[int, ...] = ()
    voters: int = 0
    """How many answered or broke, the reference too."""
    asked: int = 0
    """The same with those that declined."""
    groups: tuple[tuple[int, ...], ...] = ()
    """The positions of those that gave equivalent answers, the largest group first; the reference is at -1."""

    @property
    def alike(self) -> bool:
        """Whether more than half of all that were asked, and two at least, give one answer."""
        return bool(self.groups) and len(self.groups[0]) > max(self.asked / 2, 1)

    @property
    def who(self) -> str:
        """Those that gave `answer`, in words."""
        agree = next((group for group in self.groups if -1 in group), self.groups[0])
        programs = f"{len(agree) - (-1 in agree)} of {self.voters - (-1 in agree)} programs that passed"
        return f"the reference and {programs}" if -1 in agree else programs


def majority_of(
    answers: Sequence[Any], same: Same, share: float, reference: Any = NO_ANSWER, reach: Reach = Reach.INSIDE
) -> Majority:
    """What `answers` come to: plain values, Rejections (it raised), DECLINED, NO_ANSWER (it was not asked).

    `share`, above a half, is how many of all that were asked have to agree, and `QUORUM` more than do not. `reference`
    is an answer too, and NO_ANSWER where there is no reference. `reach` is how far the input lies from those of the
    cases.
    """
    asked = [(at, answer) for at, answer in enumerate(answers) if answer is not NO_ANSWER]
    if reference is not NO_ANSWER:
        asked.append((-1, reference))
    voting = {at: answer for at, answer in asked if answer is not DECLINED}
    groups = _grouped(voting, same)
    found = Majority(Result.REFUSED, voters=len(voting), asked=len(asked), groups=groups)
    most, referred = groups[0] if groups else (), next((group for group in groups if -1 in group), None)
    share = max(share, LEAST_SHARE.get(reach, 0))
    if isinstance(reference, Rejection) and reference is not NO_ANSWER:
        return found
    if referred and reach is Reach.INSIDE:
        most = referred
    elif len(voting) < share * len(asked) or 2 * sum(map(len, groups)) <= len(voting):
        return found
    elif len(most) < share * len(voting) or 2 * len(most) < len(asked) + QUORUM or (referred and referred != most):
        return replace(found, result=Result.DISPUTED) if len(groups) > 1 or len(voting) >= QUORUM else found
    dissenters = tuple(at for at in voting if at not in most)
    return replace(found, result=Result.AGREED, answer=voting[most[0]], dissenters=dissenters)


def _grouped(voting: Mapping[int, Any], same: Same) -> tuple[tuple[int, ...], ...]:
    """The positions of equivalent answers, most first; Rejections are in no group."""
    groups: list[tuple[Any, list[int]]] = []
    for at, answer in voting.items():
        if isinstance(answer, Rejection):
            continue
        for first, members in groups:
            if same(answer, first):
                members.append(at)
                break
        else:
            groups.append((answer, [at]))
    return tuple(sorted((tuple(members) for _, members in groups), key=len, reverse=True))


# ---- what disputes say of programs ----


def agreement(disputed: Sequence[Majority], programs: int) -> list[float]:
    """The mean share of the others that answer as each of `programs` does; 1 where nothing is in dispute."""
    shares = [0.0] * programs
    for vote in disputed:
        for group in vote.groups:
            for at in group:
                shares[at] += (len(group) - 1) / max(vote.voters - 1, 1)
    return [round(share / len(disputed), 6) if disputed else 1.0 for share in shares]


def certainly_wrong(disputed: Sequence[Majority]) -> int:
    """How many programs are wrong at least, if one answer to an input is right and no other."""
    return max((sum(map(len, vote.groups)) - len(vote.groups[0]) for vote in disputed), default=0)

"""Whole answers that may be taught: `shards.answers: full`.

Promises: the one program that a reader finds in such an answer is the one that was graded, to the letter but for blank
space around it, and is what the factory itself finds in it. Where that is in doubt there is no whole answer, and the
program alone is taught.
"""

from __future__ import annotations

from collections.abc import Mapping

from factory.grading.blocks import fenced
from factory.grading.extract import extract
from factory.languages import language
from factory.records import Answered, Problem, ProblemOutcome, Rollout, Status, Verdict, reasoning


def full(outcome: ProblemOutcome) -> Mapping[Answered, str]:
    """The whole answers of rollouts that passed, reasoning first, by what tells the rollouts apart."""
    return {
        (verdict.language, rollout.parent, verdict.index): answer
        for rollout, verdict in outcome.graded
        if verdict.status is Status.PASSED and rollout.mode == "chat" and rollout.finish_reason != "length"
        for answer in [_answer(rollout)]
        if _holds(answer, rollout, verdict, outcome.problem)
    }


def _answer(rollout: Rollout) -> str:
    """The text, behind the reasoning where an engine gave that apart."""
    apart = (rollout.reasoning or "").strip()
    return f"<think>\n{apart}\n</think>\n\n{rollout.text.strip()}" if apart else rollout.text.strip()


def _holds(answer: str, rollout: Rollout, verdict: Verdict, problem: Problem) -> bool:
    """Whether the one fenced block behind the reasoning in `answer` is the program of `verdict`, and is found."""
    _, behind = reasoning.split(answer)
    blocks = list(fenced(behind))
    if len(blocks) != 1 or not blocks[0].closed or blocks[0].code.strip() != verdict.code.strip():
        return False
    found = extract(rollout.model_copy(update={"text": answer}), problem, language(verdict.language)).code
    return found is not None and found.strip() == verdict.code.strip()

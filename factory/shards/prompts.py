"""What a program in a shard is the answer to, and the answer: the same in every view.

Promises: every view asks for a program in the words of `prompt`, and no other file of this room words one. It is a
function of the outcome: the plain task (`factory.sampling.prompts.task`), or with `shards.prompts: asked` the messages
that were sent.
"""

from __future__ import annotations

from typing import Protocol

from factory.languages import language
from factory.records import LanguageName, ProblemOutcome, Question
from factory.sampling.prompts import task

Chat = list[dict[str, str]]
"""Messages as TRL and verl take them: each a role and its content."""


class Asked(Protocol):
    """A rollout or a survivor: what says which prompt of its problem and language it answers."""

    @property
    def parent(self) -> str | None: ...
    @property
    def repair_of(self) -> str | None: ...


def question(outcome: ProblemOutcome, name: LanguageName, one: Asked) -> Question:
    """What tells the prompt of `one` from others: with plain tasks, the language alone."""
    return (name, None, None) if outcome.asked is None else (name, one.parent, one.repair_of)


def prompt(outcome: ProblemOutcome, name: LanguageName, one: Asked) -> Chat:
    """The messages that `one`, in the language `name`, is an answer to."""
    if outcome.asked is None:
        return [{"role": "user", "content": _task(outcome, name)}]
    return [message.model_dump() for message in outcome.asked[name, one.parent, one.repair_of]]


def text(chat: Chat) -> str:
    """The contents of `chat` as one text."""
    return "\n\n".join(message["content"].strip() for message in chat)


def reply(content: str) -> dict[str, str]:
    """The message of the one who answers."""
    return {"role": "assistant", "content": content}


def _task(outcome: ProblemOutcome, name: LanguageName) -> str:
    """The plain task: one text a language, whatever program a translation was made from."""
    kept = (survivor.code for survivor in outcome.survivors if survivor.parent is None)
    return task(outcome.tests_for(name), language(name), next(kept, ""))


def answer(code: str, language: str) -> str:
    """A program in a fence that nothing in it closes."""
    fence = "```"
    while fence in code:
        fence += "`"
    return f"{fence}{language}\n{code.rstrip()}\n{fence}"

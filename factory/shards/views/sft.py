"""Supervised fine-tuning: a chat a program."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from factory.records import ProblemOutcome
from factory.shards.prompts import answer, prompt, reply
from factory.shards.rows import Cells
from factory.shards.views.base import LINEAGE, MESSAGES, ORIGIN, TEXT, WHO, View, origin, teacher, who


def rows(outcome: ProblemOutcome, split: str, first: int) -> Iterator[Cells]:
    for survivor in outcome.survivors:
        full = outcome.full.get((survivor.language, survivor.parent, survivor.index))
        said = answer(survivor.code, survivor.language) if full is None else full
        yield {
            **who(survivor),
            "messages": [*prompt(outcome, survivor.language, survivor), reply(said)],
            "answer": "code" if full is None else "full",
            **origin(outcome.problem),
            **teacher(outcome, survivor),
        }


VIEW = View(
    "sft",
    "chats (`messages`) for supervised fine-tuning",
    'SFTTrainer("your/model", train_dataset=rows)',
    pa.schema([*WHO, ("messages", MESSAGES), ("answer", TEXT), *LINEAGE, *ORIGIN]),
    rows,
)  # fmt: skip

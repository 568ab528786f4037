"""Supervised fine-tuning: a chat a program."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from factory.records import ProblemOutcome
from factory.shards.rows import Cells, messages
from factory.shards.views.base import LINEAGE, MESSAGES, ORIGIN, WHO, View, origin, who


def rows(outcome: ProblemOutcome, split: str, first: int) -> Iterator[Cells]:
    for survivor in outcome.survivors:
        yield {**who(survivor), "messages": messages(outcome.problem, survivor), **origin(outcome.problem)}


VIEW = View(
    "sft",
    "chats (`messages`) for supervised fine-tuning",
    'SFTTrainer("your/model", train_dataset=rows)',
    pa.schema([*WHO, ("messages", MESSAGES), *LINEAGE, *ORIGIN]),
    rows,
)  # fmt: skip

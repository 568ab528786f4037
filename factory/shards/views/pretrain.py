"""Continued pre-training: task and answer as one text."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from factory.records import ProblemOutcome
from factory.shards.prompts import answer, prompt, text
from factory.shards.rows import Cells
from factory.shards.views.base import LINEAGE, ORIGIN, TEXT, WHO, View, origin, teacher, who


def rows(outcome: ProblemOutcome, split: str, first: int) -> Iterator[Cells]:
    for survivor in outcome.survivors:
        asked = text(prompt(outcome, survivor.language, survivor))
        document = f"{asked}\n\n{answer(survivor.code, survivor.language)}\n"
        yield {**who(survivor), "text": document, **origin(outcome.problem), **teacher(outcome, survivor)}


VIEW = View(
    "pretrain",
    "plain `text`: the task, then the program in a fence",
    'SFTTrainer("your/model", train_dataset=rows)',
    pa.schema([*WHO, ("text", TEXT), *LINEAGE, *ORIGIN]),
    rows,
)  # fmt: skip

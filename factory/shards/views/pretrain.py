"""Continued pre-training: task and answer as one text."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from factory.records import ProblemOutcome
from factory.shards.rows import Cells, answer, task
from factory.shards.views.base import LINEAGE, ORIGIN, TEXT, WHO, View, origin, who


def rows(outcome: ProblemOutcome, split: str, first: int) -> Iterator[Cells]:
    for survivor in outcome.survivors:
        text = f"{task(outcome.problem, survivor.language)}\n\n{answer(survivor.code, survivor.language)}\n"
        yield {**who(survivor), "text": text, **origin(outcome.problem)}


VIEW = View(
    "pretrain",
    "plain `text`: the task, then the program in a fence",
    'SFTTrainer("your/model", train_dataset=rows)',
    pa.schema([*WHO, ("text", TEXT), *LINEAGE, *ORIGIN]),
    rows,
)  # fmt: skip

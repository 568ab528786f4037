"""How records lie in parts: the version of each, and what its columns were once called and held.

Promises: a part of any version of this table is read as the records of today. A field that is new takes its
default, so it needs one; a field that is renamed or becomes another type needs a line here. Does not promise that
an older factory reads a newer part.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from factory.records.review import Review
from factory.records.rollout import Rollout
from factory.records.survivor import Survivor
from factory.records.verdict import Verdict


@dataclass(frozen=True, slots=True)
class PartFormat:
    """One kind of part. Raise `version` when a column is renamed or becomes another type, not when one is added."""

    name: str
    version: int = 1
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Old names of columns, with the names of today."""
    texts: Mapping[str, Callable[[str], Any]] = field(default_factory=dict)
    """Readers of columns, by the names of today, that once held JSON text."""


_RENAMED = {"repairs": "import_fixes", "findings": "lint", "form": "normal_form"}
_FORMATS: dict[type, PartFormat] = {
    Rollout: PartFormat("rollouts", 2, renamed={"mends": "repair_of"}),
    Verdict: PartFormat("verdicts", 2, renamed=_RENAMED | {"scrutiny": "review", "repeats": "contaminated_by"}),
    Review: PartFormat(
        "review",
        2,
        renamed={"fallen": "rejected", "standing": "accepted", "harvested": "traced"},
        texts={"rejected": json.loads, "accepted": json.loads},
    ),
    Survivor: PartFormat("survivors", 2, renamed=_RENAMED | {"mends": "repair_of"}),
}


def part_format(kind: type) -> PartFormat:
    """The format of parts of the record class `kind`; of one that is not in the table, the first version."""
    return _FORMATS.get(kind) or PartFormat(kind.__name__.lower())

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

from factory.records.problem import Case
from factory.records.review import RejectedProgram, Review
from factory.records.rollout import Rollout
from factory.records.survivor import Survivor
from factory.records.verdict import BenchmarkMatch, Difference, Differential, Failure, Status, Verdict


@dataclass(frozen=True, slots=True)
class PartFormat:
    """One kind of part. Raise `version` when a column is renamed or becomes another type, not when one is added."""

    name: str
    version: int = 1
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Old names of columns, with the names of today."""
    texts: Mapping[str, Callable[[str], Any]] = field(default_factory=dict)
    """Readers of columns, by the names of today, that once held JSON text."""


def _failure(text: str) -> Failure:
    return Failure(**json.loads(text))


def _differential(text: str) -> Differential:
    data = json.loads(text)
    decided = tuple(_difference(it) for it in data.pop("decided", ()))
    return Differential(decided=decided, inputs=tuple(map(json.dumps, data.pop("inputs", ()))), **data)


def _difference(data: dict[str, Any]) -> Difference:
    label, got = data.pop("label"), data.pop("got")
    return Difference(label, json.dumps(data), got)


def _rejected(text: str) -> dict[str, RejectedProgram]:
    found = {}
    for form, data in json.loads(text).items():
        failure = data.pop("first_failure")
        status = Status(data.pop("status"))
        found[form] = RejectedProgram(**data, status=status, first_failure=_failure(failure) if failure else None)
    return found


def _cases(text: str) -> tuple[Case, ...]:
    return tuple(Case.model_validate(case) for case in json.loads(text))


_RENAMED = {"repairs": "import_fixes", "findings": "lint", "form": "normal_form"}
_FORMATS: dict[type, PartFormat] = {
    Rollout: PartFormat("rollouts", 2, renamed={"mends": "repair_of"}),
    Verdict: PartFormat(
        "verdicts",
        2,
        renamed=_RENAMED | {"scrutiny": "review", "repeats": "contaminated_by"},
        texts={
            "first_failure": _failure,
            "differential": _differential,
            "contaminated_by": BenchmarkMatch.from_text,
        },
    ),
    Review: PartFormat(
        "review",
        2,
        renamed={"fallen": "rejected", "standing": "accepted", "harvested": "traced"},
        texts={"rejected": _rejected, "accepted": json.loads, "traced": _cases, "derived": _cases},
    ),
    Survivor: PartFormat(
        "survivors", 2, renamed=_RENAMED | {"mends": "repair_of"}, texts={"differential": _differential}
    ),
}


def part_format(kind: type) -> PartFormat:
    """The format of parts of the record class `kind`; of one that is not in the table, the first version."""
    return _FORMATS.get(kind) or PartFormat(kind.__name__.lower())

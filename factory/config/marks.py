"""Marks on config fields: what a value does to a run that has started, and to the bytes of its shards.

A mark is part of the field's annotation: `workers: Annotated[int, Resume.FREE] = 0`. What a resumed run may change,
what goes into `config_sha256`, the manifest's `varies_from_run_to_run`, the JSON schema and docs/config.md all follow
from the marks; there is no second list.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic.fields import FieldInfo


class Resume(StrEnum):
    """What a resumed run may do with a value. A field without a mark is `REFUSE`."""

    FREE = "free"
    """Change it: no rollout and no verdict depends on it."""
    EXTENDS = "extends"
    """Raise it: the run does more, and what it has done stays valid."""
    SHRINKS = "shrinks"
    """Lower it: the same."""
    REFUSE = "refuse"
    """Nothing: results depend on it."""


@dataclass(frozen=True, slots=True)
class VariesWhen:
    """Marks a field that makes the shards' bytes depend on measurements, and so vary from run to run.

    They vary when the field has `value` (or is a list that has it). Without `value` they vary when the field is set.
    """

    value: Any = None

    def holds(self, found: Any) -> bool:
        """Whether a field with the value `found` makes the shards vary."""
        if self.value is None:
            return found is not None
        return self.value in found if isinstance(found, tuple | list) else bool(found == self.value)

    def label(self, key: str) -> str:
        """The field in the manifest: its key, and the value that matters where the key does not say it."""
        return key if self.value in (None, True) else f"{key}: {self.value}"


class Unstated:
    """Marks a field that is left out of `config_sha256` where it has its default: runs that began before the field was
    there keep theirs.
    """


def is_unstated(field: FieldInfo, value: Any) -> bool:
    """Whether a field with this value is left out."""
    return value == field.default and any(mark is Unstated for mark in field.metadata)


def resume_of(field: FieldInfo) -> Resume:
    """What a resumed run may do with a field."""
    return next((mark for mark in field.metadata if isinstance(mark, Resume)), Resume.REFUSE)


def varies_of(field: FieldInfo) -> VariesWhen | None:
    """When a field makes the shards vary from run to run; None is never."""
    return next((mark for mark in field.metadata if isinstance(mark, VariesWhen)), None)

"""What every record shares."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue

LanguageName = str


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def plain(value: Any) -> Any:
    """A record that is a dataclass, and what is in it, as JSON has it: a field whose default is None only if it is set.

    Fields keep their order, and so do keys.
    """
    if dataclasses.is_dataclass(value):
        return {
            it.name: plain(found)
            for it in dataclasses.fields(value)
            if (found := getattr(value, it.name)) is not None or it.default is not None
        }
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


class Record(BaseModel):
    """A frozen record with validation; what is not a field is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def as_json(self) -> dict[str, JsonValue]:
        """The record as JSON, from which it can be validated again; equal records give equal JSON."""
        return self.model_dump(mode="json", exclude_defaults=True)

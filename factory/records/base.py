"""What every record shares."""

from __future__ import annotations

import hashlib

from pydantic import BaseModel, ConfigDict, JsonValue

LanguageName = str


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Record(BaseModel):
    """A frozen record with validation; what is not a field is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def as_json(self) -> dict[str, JsonValue]:
        """The record as JSON, from which it can be validated again; equal records give equal JSON."""
        return self.model_dump(mode="json", exclude_defaults=True)

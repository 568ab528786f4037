"""What every record shares."""

from __future__ import annotations

import hashlib

from pydantic import BaseModel, ConfigDict

LanguageName = str


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

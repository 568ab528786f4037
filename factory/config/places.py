"""Where files lie: a path of this machine, or a URL that fsspec knows, such as `s3://bucket/folder`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_COLLAPSED = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+):/(?P<rest>[^/].*)", re.DOTALL)
"""What `Path` makes of a URL."""


def is_url(place: object) -> bool:
    return isinstance(place, str) and _URL.match(place) is not None


def as_place(given: Any) -> Any:
    """A URL as text, without slashes at its end; any other text as a path. A path that was a URL is one again."""
    if isinstance(given, Path) and (found := _COLLAPSED.fullmatch(str(given))) is not None:
        given = f"{found['scheme']}://{found['rest']}"
    if is_url(given):
        return given.rstrip("/")
    return Path(given) if isinstance(given, str) else given


Place = Annotated[Path | str, BeforeValidator(as_place), WithJsonSchema({"type": "string", "format": "path-or-url"})]
"""A field of the config that holds a path, or a URL as text."""

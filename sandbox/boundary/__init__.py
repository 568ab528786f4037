"""The walls there are, by name. A new wall is one file here and one line below."""

from importlib import import_module
from typing import cast

from sandbox.contract import Boundary
from sandbox.errors import WallUnavailable

WALLS = {"docker": "Docker", "bubblewrap": "Bubblewrap"}
"""Module here -> its class, in the order in which `auto` tries them. Imported when asked for: an SDK takes a while."""


def walls(backend: str) -> list[Boundary]:
    """The wall named `backend`, or all of them for "auto". Raises WallUnavailable naming those there are."""
    if backend == "auto":
        return [wall for name in WALLS for wall in walls(name)]
    if backend not in WALLS:
        raise WallUnavailable(f"sandbox backend {backend!r} is unknown; there are: auto, {', '.join(WALLS)}")
    return [cast("Boundary", getattr(import_module(f"sandbox.boundary.{backend}"), WALLS[backend])())]

"""The walls there are, by name. A new wall is one file here and one line below."""

from sandbox.boundary.bubblewrap import Bubblewrap
from sandbox.contract import Boundary
from sandbox.errors import WallUnavailable

WALLS: dict[str, type[Boundary]] = {"bubblewrap": Bubblewrap}


def boundary(backend: str) -> Boundary:
    """The wall named `backend`; "auto" takes bubblewrap. Raises WallUnavailable naming those there are."""
    name = "bubblewrap" if backend == "auto" else backend
    if name not in WALLS:
        raise WallUnavailable(f"sandbox backend {backend!r} is unknown; there are: auto, {', '.join(WALLS)}")
    return WALLS[name]()

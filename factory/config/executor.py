"""Which executor runs the units of work."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from factory.config.base import Section
from factory.config.marks import Resume


class LocalExecutorConfig(Section):
    """Processes of this machine."""

    kind: Annotated[Literal["local"], Resume.FREE] = "local"
    workers: Annotated[int, Resume.FREE] = Field(0, ge=0)
    """Number of processes, each with one warm sandbox; 0 starts one for each CPU."""
    stuck_s: Annotated[float, Resume.FREE] = Field(1800.0, gt=0, allow_inf_nan=False)
    """Seconds without a sign, beyond the limits of the program it runs, after which a worker is ended as stuck."""


ExecutorConfig = LocalExecutorConfig
"""What `executor:` may be. Of several kinds it becomes `Annotated[A | B, Field(discriminator="kind")]`."""

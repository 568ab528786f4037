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


class RayExecutorConfig(Section):
    """Nodes of a Ray cluster, which share the run directory: each worker is a one-machine factory on one slice."""

    kind: Annotated[Literal["ray"], Resume.FREE] = "ray"
    address: Annotated[str, Resume.FREE] = "auto"
    """Address of the cluster; `auto` is the one that this machine belongs to, `local` a new one of this machine."""
    workers: Annotated[int, Resume.FREE] = Field(1, ge=1)
    """Number of workers, each with an engine of its own."""
    gpus_per_worker: Annotated[float, Resume.FREE] = Field(0.0, ge=0, allow_inf_nan=False)
    """GPUs of one node that a worker's engine has."""
    cpus_per_worker: Annotated[int, Resume.FREE] = Field(1, ge=1)
    """CPUs of one node that a worker has: its number of processes that verify."""
    verifiers: Annotated[int, Resume.FREE] = Field(0, ge=0)
    """CPUs of other nodes that verify for each worker when its own are busy; they need no GPU."""
    stuck_s: Annotated[float, Resume.FREE] = Field(1800.0, gt=0, allow_inf_nan=False)
    """As of the local executor, for the processes of each worker."""


ExecutorConfig = Annotated[LocalExecutorConfig | RayExecutorConfig, Field(discriminator="kind")]
"""What `executor:` may be."""

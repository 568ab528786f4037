"""What a program may use, and the sandbox it runs in."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from factory.config.base import Section
from factory.config.marks import Resume, VariesWhen
from factory.records import LimitOverrides
from sandbox import Isolation, Limits, Mount, SandboxSpec
from sandbox.boundary import WALLS

UNKNOWN_S = 10.0
"""CPU seconds for `limits.cpu_s: auto` where nothing tells what a right program needs."""


class LimitsConfig(Section):
    """What one program may use. CPU time decides, so that a busy machine fails nobody."""

    cpu_s: Annotated[Annotated[float, Field(gt=0, le=3600)] | Literal["auto"], VariesWhen("auto")] = 5.0
    """CPU seconds: of one program on all its calls, or on one input when it reads stdin. auto takes ten times what the
    reference or, without one, the median passing program needed, from 1 to 60.
    """
    wall_s: float = Field(30.0, gt=0, le=36000)
    """Seconds on the clock, for programs that sleep."""
    memory_mb: int = Field(512, ge=32)
    """Mebibytes for all its processes together."""
    processes: int = Field(32, ge=1)
    """Processes and threads at once."""
    output_kb: int = Field(4096, ge=1)
    """Kibibytes of output."""
    open_files: int = Field(64, ge=16)
    """Open file descriptors a process."""

    def for_problem(self, overrides: LimitOverrides, auto_s: float = UNKNOWN_S) -> Limits:
        """These limits with a problem's own put over them; `auto_s` are the CPU seconds for `cpu_s: auto`."""
        auto = {"cpu_s": auto_s} if self.cpu_s == "auto" else {}
        return Limits(**(self.model_dump() | auto | overrides.model_dump(exclude_none=True)))


class SandboxConfig(Section):
    """The wall, and who works behind it."""

    backend: Annotated[str, Resume.FREE] = "auto"
    """Which wall: docker, bubblewrap, or auto, which takes docker where a daemon answers, else bubblewrap."""
    scratch_mb: int = Field(64, ge=1)
    """Mebibytes a program may write to its work directory; they count as its memory too."""
    isolation: Annotated[Isolation, Resume.FREE] = Isolation.FORK
    """namespace gives each program PID, mount and IPC namespaces of its own; fork only a process."""
    memory_mb: Annotated[int, Resume.FREE] = Field(4096, ge=64)
    """docker: mebibytes of all inside a wall together. A program's own limit is limits.memory_mb."""
    processes: Annotated[int, Resume.FREE] = Field(512, ge=16)
    """docker: processes and threads of all inside a wall. A program's own limit is limits.processes."""
    image: str | None = None
    """docker: image to use, made by docker/build_sandbox.py; None is made of this machine's interpreter."""
    runtime: str | None = None
    """docker: a runtime the daemon knows, such as runsc (gVisor)."""

    @field_validator("backend")
    @classmethod
    def _known(cls, backend: str) -> str:
        if backend not in ("auto", *WALLS):
            raise ValueError(f"there are: auto, {', '.join(WALLS)}")
        return backend

    @model_validator(mode="after")
    def _for_docker_alone(self) -> Self:
        for name in ("image", "runtime"):
            if getattr(self, name) is not None and self.backend != "docker":
                raise ValueError(f"sandbox.{name} is for docker; set sandbox.backend: docker")
        return self

    def wall(self, mounts: tuple[Mount, ...] = ()) -> SandboxSpec:
        """What these settings ask of a wall."""
        return SandboxSpec(
            mounts, self.scratch_mb, self.isolation, self.memory_mb, self.processes, self.image, self.runtime
        )

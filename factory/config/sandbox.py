"""What a program may use, and the sandbox it runs in."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from factory.config.base import Section
from factory.config.marks import Resume, VariesWhen, resume_of
from factory.records import LimitOverrides, Status
from factory.records.limits import CpuSeconds, MemoryMb, OpenFiles, OutputKb, Processes, WallSeconds
from sandbox import Isolation, Limits, Mount, SandboxSpec
from sandbox.boundary import WALLS

Package = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}(==[A-Za-z0-9][A-Za-z0-9.!+_-]{0,99})?$")]
"""A package of PyPI by name, and by version where one is asked for. No option of pip, path or URL has this form."""
UNKNOWN_S = 10.0
"""CPU seconds for `limits.cpu_s: auto` where no right program has been measured."""
_DEFAULTS = Limits()


class LimitsConfig(Section):
    """What one program may use. CPU time decides, so that a busy machine fails no program."""

    cpu_s: Annotated[CpuSeconds | Literal["auto"], VariesWhen("auto")] = _DEFAULTS.cpu_s
    """CPU seconds: of one program on all its calls, or on one input when it reads stdin. "auto" is ten times what the
    reference needed (without a reference, the median passing program), at least 1 and at most 60.
    """
    wall_s: WallSeconds = _DEFAULTS.wall_s
    """Seconds on the clock, for programs that sleep."""
    memory_mb: MemoryMb = _DEFAULTS.memory_mb
    """Mebibytes of memory of all its processes together."""
    processes: Processes = _DEFAULTS.processes
    """Processes and threads at once."""
    output_kb: OutputKb = _DEFAULTS.output_kb
    """Kibibytes of the answer to one call, or of standard output; sixteen times that for all of them together."""
    open_files: OpenFiles = _DEFAULTS.open_files
    """Open file descriptors a process."""

    def over(self, overrides: LimitOverrides) -> dict[str, Any]:
        """These limits by name, a problem's own put over them; `cpu_s` may be "auto"."""
        return self.model_dump() | overrides.model_dump(exclude_none=True)

    def for_problem(self, overrides: LimitOverrides, auto_s: float = UNKNOWN_S) -> Limits:
        """The same for the sandbox; `auto_s` are the CPU seconds for `cpu_s: auto`."""
        limits = self.over(overrides)
        return Limits(**(limits | ({"cpu_s": auto_s} if limits["cpu_s"] == "auto" else {})))


class MaxLimitsConfig(Section):
    """The most that a problem may set in its own `limits`. A problem that sets more is left out."""

    cpu_s: Annotated[CpuSeconds, Resume.EXTENDS] = 60.0
    """CPU seconds."""
    wall_s: Annotated[WallSeconds, Resume.EXTENDS] = 600.0
    """Seconds on the clock."""
    memory_mb: Annotated[MemoryMb, Resume.EXTENDS] = 2048
    """Mebibytes of memory."""
    processes: Annotated[Processes, Resume.EXTENDS] = 256
    """Processes and threads at once."""
    output_kb: Annotated[OutputKb, Resume.EXTENDS] = 65536
    """Kibibytes of the answer to one call, or of standard output."""
    open_files: Annotated[OpenFiles, Resume.EXTENDS] = 1024
    """Open file descriptors a process."""

    def refuse_more(self, asked: LimitOverrides) -> None:
        """Raise ValueError where `asked` is more, naming the key to raise."""
        for name, value in asked.model_dump(exclude_none=True).items():
            most = getattr(self, name)
            if value > most:
                key = f"max_limits.{name}"
                raise ValueError(f"limits.{name}: {value:g}: is more than {key} allows, {most:g}; raise that to use it")


def key_to_raise(status: Status) -> str:
    """What to do where a reference broke a limit, as the end of a message; "" for any other status."""
    key = {
        Status.TIMEOUT: "limits.cpu_s (or limits.wall_s, if it waits)",
        Status.MEMORY_LIMIT: "limits.memory_mb",
        Status.OUTPUT_LIMIT: "limits.output_kb",
    }.get(status)
    return f"; to use it, raise {key}" if key else ""


class SandboxConfig(Section):
    """The wall around programs, and what its workers get."""

    backend: Annotated[str, Resume.FREE] = "auto"
    """Which wall: "docker", "bubblewrap", or "auto": docker if a daemon answers, else bubblewrap."""
    scratch_mb: int = Field(64, ge=1)
    """Mebibytes a program may write to its work directory; they count as its memory too."""
    isolation: Annotated[Isolation, Resume.FREE] = Isolation.FORK
    """With "namespace", each program gets its own PID, mount and IPC namespaces; with "fork", only its own process."""
    memory_mb: Annotated[int, Resume.FREE] = Field(4096, ge=64)
    """docker: mebibytes that all programs behind one wall share. The limit of one program is `limits.memory_mb`."""
    processes: Annotated[int, Resume.FREE] = Field(512, ge=16)
    """docker: processes and threads that all programs behind one wall share; of one program, `limits.processes`."""
    image: str | None = None
    """docker: image to use, built by docker/build_sandbox.py; None builds one from this machine's interpreter."""
    runtime: str | None = None
    """docker: a runtime the daemon knows, such as runsc (gVisor)."""
    packages: tuple[Package, ...] = ()
    """Packages from PyPI that Python programs may import, each NAME or NAME==VERSION; pip fetches wheels once a
    machine. A run keeps the exact versions, those of their dependencies included, and its rows record them.
    """

    @field_validator("backend")
    @classmethod
    def _known(cls, backend: str) -> str:
        if backend not in ("auto", *WALLS):
            raise ValueError(f"it must be one of auto, {', '.join(WALLS)}")
        return backend

    @model_validator(mode="after")
    def _for_docker_alone(self) -> Self:
        for name in ("image", "runtime"):
            if getattr(self, name) is not None and self.backend != "docker":
                raise ValueError(f"sandbox.{name} is for docker; set sandbox.backend: docker")
        if self.image is not None and self.packages:
            raise ValueError(
                "sandbox.packages are wheels for this machine's interpreter, and sandbox.image has another; leave out "
                "sandbox.image, or install the packages in the image's BASE and leave out sandbox.packages"
            )
        return self

    def deciding(self) -> dict[str, Any]:
        """What a verdict may depend on, by name, as JSON has it: the settings that a resumed run may not change.

        Without packages there is no `packages`, as in rows from before there was the key.
        """
        found = {name: getattr(self, name) for name in self._named(Resume.REFUSE)}
        packages = found.pop("packages")
        return found | ({"packages": list(packages)} if packages else {})

    def behind(self, wall: SandboxConfig) -> SandboxConfig:
        """What of these settings decides verdicts, with all that does not from `wall`."""
        return self.model_copy(update={name: getattr(wall, name) for name in self._named(Resume.FREE)})

    def _named(self, resume: Resume) -> list[str]:
        return [name for name, field in type(self).model_fields.items() if resume_of(field) is resume]

    def wall(self, mounts: tuple[Mount, ...] = ()) -> SandboxSpec:
        """What these settings ask of a wall."""
        return SandboxSpec(
            mounts, self.scratch_mb, self.isolation, self.memory_mb, self.processes, self.image, self.runtime
        )

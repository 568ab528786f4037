"""What a program may use, by name, unit and bound: the types that the config's limits and a problem's own share.

Which limits there are, what they mean and their defaults is `sandbox.Limits`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from factory.records.base import Record

CpuSeconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]
WallSeconds = Annotated[float, Field(gt=0, le=36000, allow_inf_nan=False)]
MemoryMb = Annotated[int, Field(ge=32, le=1_000_000)]
Processes = Annotated[int, Field(ge=1, le=2**15)]
OutputKb = Annotated[int, Field(ge=1, le=1_000_000)]
OpenFiles = Annotated[int, Field(ge=16, le=2**16)]


class LimitOverrides(Record):
    """A problem's own limits, by the config's names, units and bounds; None leaves the config's."""

    model_config = ConfigDict(strict=True)

    cpu_s: CpuSeconds | None = None
    wall_s: WallSeconds | None = None
    memory_mb: MemoryMb | None = None
    processes: Processes | None = None
    output_kb: OutputKb | None = None
    open_files: OpenFiles | None = None

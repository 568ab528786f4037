"""From survivors to files that people train on."""

from factory.shards.check import SUMS, faults, miscounts
from factory.shards.manifest import PROGRAMS, Manifest
from factory.shards.rows import Cells
from factory.shards.writer import needs_rollouts, write

__all__ = ["PROGRAMS", "SUMS", "Cells", "Manifest", "faults", "miscounts", "needs_rollouts", "write"]

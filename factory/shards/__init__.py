"""From survivors to files that people train on."""

from factory.shards.check import faults
from factory.shards.hub import Push, push
from factory.shards.writer import PROGRAMS, needs_rollouts, write

__all__ = ["PROGRAMS", "Push", "faults", "needs_rollouts", "push", "write"]

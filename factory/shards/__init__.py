"""From survivors to files that people train on."""

from factory.shards.writer import write

__all__ = ["write"]

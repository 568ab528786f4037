"""What can go wrong on our side of the wall. What a candidate does is never one of these.

SandboxError
├── WallUnavailable   the boundary cannot be built on this machine; the message says what repair_of it
└── WorkerLost        a worker died or stopped answering, on a fresh one too
"""


class SandboxError(Exception):
    """A failure of the sandbox itself, never of the program inside it."""


class WallUnavailable(SandboxError):
    """The wall cannot be built here; the message names what is missing and the remedy."""


class WorkerLost(SandboxError):
    """A worker died or fell silent while a job ran, and again on fresh workers."""

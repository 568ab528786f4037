"""Runs untrusted programs behind a wall and reports what they did.

This package knows nothing of rollouts, problems or expected answers: it takes
programs and inputs, and returns outputs, exit states and usage. Whoever wants
to know whether an output is right compares it outside, with `sandbox.Sandbox`
never having seen the answer.
"""

from sandbox.errors import SandboxError, WallUnavailable, WorkerLost
from sandbox.model import (
    Breach,
    CommandJob,
    Conversation,
    ExecutionResult,
    Isolation,
    Limits,
    Mount,
    PythonCalls,
    PythonStreams,
    SandboxSpec,
    Step,
    Usage,
)
from sandbox.sandbox import Sandbox

__all__ = [
    "Breach",
    "CommandJob",
    "Conversation",
    "ExecutionResult",
    "Isolation",
    "Limits",
    "Mount",
    "PythonCalls",
    "PythonStreams",
    "Sandbox",
    "SandboxError",
    "SandboxSpec",
    "Step",
    "Usage",
    "WallUnavailable",
    "WorkerLost",
]

"""The programs of one problem under review: those still accepted, and those rejected, with the reason."""

from __future__ import annotations

from collections.abc import Sequence

from factory.records import Failure, RejectedProgram, Rejection, Verdict

DERIVED, HARD_CODED, NOT_REVIEWED = "derived", "hard-coded", "not reviewed"
SET_ORDER, UNSTABLE = "set order", "unstable"
"""The check that rejected a program; `NOT_REVIEWED` is our own failure."""


class Candidates:
    """Starts with all of `programs` accepted; none that was rejected comes back."""

    def __init__(self, programs: Sequence[Verdict]) -> None:
        self.accepted = list(programs)
        self.rejected: dict[str, RejectedProgram] = {}
        """By code_sha256."""

    def reject(self, program: Verdict, by: str, rejection: Rejection, failure: Failure | None = None) -> None:
        """Take `program` out; `failure` is its first failed case."""
        self.accepted.remove(program)
        self.rejected[program.code_sha256] = RejectedProgram(by, rejection.status, rejection.detail, failure)

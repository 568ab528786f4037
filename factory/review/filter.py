"""What a review means for verdicts: programs that it rejected have not passed.

Promises: changes only verdicts that passed, and of exactly the texts that the review rejected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from factory.records import Problem, Review, Status, Verdict


@dataclass(frozen=True, slots=True)
class ReviewFilter:
    """Drops what `review` rejected; without one, nothing."""

    review: Review | None

    @property
    def name(self) -> str:
        return "review"

    def apply(self, problem: Problem, verdicts: Sequence[Verdict]) -> list[Verdict]:
        """`verdicts`, those that the review rejected with its status and reason; `review` says by which check."""
        return [self._revised(verdict) for verdict in verdicts]

    def _revised(self, verdict: Verdict) -> Verdict:
        if self.review is None or verdict.status is not Status.PASSED:
            return verdict
        found = self.review.rejected.get(verdict.code_sha256)
        if found is None:
            return verdict
        return replace(
            verdict,
            status=found.status,
            detail=found.detail,
            first_failure=found.first_failure,
            review=found.by,
        )

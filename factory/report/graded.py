"""What one unit of a run came to, as the report reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from factory.records import Review, Verdict


@dataclass(frozen=True, slots=True)
class Graded:
    """A problem's verdicts in one language and what was chosen of them; for a translation, of `parent` alone.

    `kept` is in the order of choosing, the best first; `dropped` counts passed rollouts by why they were not kept.
    """

    verdicts: Sequence[Verdict]
    kept: tuple[Verdict, ...]
    dropped: dict[str, int]
    parent: Verdict | None = None
    review: Review | None = None
    """Of Python: the review, where there was one."""

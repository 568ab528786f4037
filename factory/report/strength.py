"""What the reviews of a run say of its problems' tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from factory import escape
from factory.records import Review
from factory.records.summary import ReviewCounts, ReviewSummary

_SUMMED = (
    "mutants_killed mutants_alive mutants_alike rollouts_killed rollouts_alive inputs disputed named excluded".split()
)
NAMED = 5
"""Problems that are named in a line, at most."""


def of(review: Review) -> ReviewCounts:
    """What it has shown of one problem's tests, in numbers."""
    return ReviewCounts(
        kill_rate=review.kill_rate,
        weak=review.weak,
        **{name: getattr(review, name) for name in _SUMMED},
        derived_cases=len(review.derived),
        traced_cases=len(review.traced),
    )


def weakest(by_problem: Mapping[str, ReviewCounts], most: int) -> list[tuple[str, ReviewCounts]]:
    """The problems of weakest tests, at most `most`, of those whose tests missed something."""
    found = [(name, it) for name, it in by_problem.items() if it.mutants_alive or it.rollouts_alive]
    return sorted(found, key=lambda item: (item[1].kill_rate or 0.0, item[0]))[:most]


def lines(found: ReviewSummary) -> Iterator[str]:
    """What `summed` says, for people; nothing where nothing was reviewed."""
    if found.kill_rate is not None:
        mutants, rollouts = (
            f"{killed:,} of {killed + alive:,}"
            for killed, alive in (
                (found.mutants_killed, found.mutants_alive),
                (found.rollouts_killed, found.rollouts_alive),
            )
        )
        yield (
            f"test strength {found.kill_rate:.3f} (mean of {found.rated:,} problems): tests caught "
            f"{mutants} mutants and {rollouts} wrong rollouts"
        )
    if found.inputs:
        yield f"{found.derived_cases:,} of {found.inputs:,} generated inputs became derived cases"
    if found.named or found.excluded:
        named, excluded = f"{found.named:,}", f"{found.excluded:,}"
        yield f"{named} of these inputs were named by the model; its preconditions excluded {excluded} others"
    if found.traced_cases:
        yield f"{found.traced_cases:,} calls of test code became cases for translations"
    for names, label in ((found.under_specified, "under-specified"), (found.weak, "dropped for weak tests")):
        if names:
            some = ", ".join(map(escape.line, names[:NAMED]))
            more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
            yield f"{len(names):,} problem{'s' * (len(names) != 1)} {label}: {some}{more}"

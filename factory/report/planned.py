"""What plans have decided, in words: how many rollouts a problem got, and why no more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from factory.sampling.plans import Why

_WHY = {
    Why.GOES_ON: "that go on",
    Why.ENOUGH: "with enough programs that pass",
    Why.LOW_YIELD: "that would rarely give another program",
    Why.N_MAX: "with sampling.plan.n_max rollouts",
    Why.RECORDED: "without further recorded rollouts",
    Why.BUDGET: "for which sampling.budget had no more",
}


@dataclass(frozen=True, slots=True)
class Planned:
    """The last decision on a problem."""

    why: str
    """One of `Why`."""
    graded: int
    """Rollouts that it was decided from."""
    distinct: int
    """Different programs among them that pass."""
    until: int
    """Rollouts that the problem was to have then."""
    by: str = ""
    """The generators that it was about, in a run of several."""

    def as_text(self) -> str:
        """Such as "stopped at 96: 8 distinct", or "large: stopped at 96: 8 distinct"."""
        return f"{self.by}: {self._as_text()}" if self.by else self._as_text()

    def _as_text(self) -> str:
        found = f"{self.distinct:,} distinct" if self.distinct else "none passes"
        match self.why:
            case Why.GOES_ON:
                return f"{self.graded:,} rollouts, {found}; to go on to {self.until:,}"
            case Why.LOW_YIELD:
                return f"stopped at {self.graded:,}: {found}, another one is unlikely"
            case Why.N_MAX:
                return f"pushed to {self.graded:,}: {found}"
            case Why.BUDGET:
                return f"stopped at {self.graded:,}: {found}, the budget is spent"
            case Why.RECORDED:
                return f"stopped at {self.graded:,}: {found}, no more are recorded"
            case _:
                return f"stopped at {self.graded:,}: {found}"


def reasons(planned: Iterable[Planned]) -> dict[str, int]:
    """Problems by why they get no more rollouts, in the order of `Why`."""
    counts = Counter(it.why for it in planned)
    return {str(why): counts[why] for why in Why if counts[why]}


def line(counts: Mapping[str, int]) -> str:
    """The same, in words: "problems with enough programs that pass: 4; …"."""
    return "; ".join(f"problems {_WHY[Why(why)]}: {count:,}" for why, count in counts.items())

"""How long a problem's programs may run, where the config leaves that to what right ones needed (`limits.cpu_s: auto`).

With a reference, that is run first and decides. Without one all programs get `FIRST_S`, and those it was too short
for run once more, with an allowance that the median of the passing ones decides. So an endless loop costs a second
where right answers take milliseconds, and a slow machine or a heavy problem fails nobody.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from factory.config import UNKNOWN_S
from factory.records import Run, Status

MULTIPLE = 10.0
"""Times what a right program needed. Ours: of 8,200 recorded CodeGen rollouts to HumanEval/0-81 none that passed needed
twice the median of its problem."""
FIRST_S = 1.0
"""CPU seconds everybody gets: below it, what is measured is mostly chance."""
MOST_S = 60.0


def allowance(needed_s: Sequence[float]) -> float:
    """CPU seconds to grant where right programs needed `needed_s`; `UNKNOWN_S` where there were none."""
    if not needed_s:
        return UNKNOWN_S
    return min(MOST_S, max(FIRST_S, MULTIPLE * statistics.median(needed_s)))


def cut_short(run: Run) -> bool:
    """Whether `FIRST_S` of CPU time ended this run. One that slept into the wall limit would do so again."""
    timed_out = run.failure is not None and run.failure.status is Status.TIMEOUT
    return timed_out and run.slowest_ms >= FIRST_S * 900

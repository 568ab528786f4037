"""How long a problem's programs may run, where the config leaves that to what right ones needed (`limits.cpu_s: auto`).

A reference is run first, and its time decides. Without one, all programs get `FIRST_LIMIT_S`, and those for which it
was too short run a second time, with a limit from the median time of those that passed. So an endless loop costs a
second where right answers take milliseconds, and a slow machine or a heavy problem fails no program.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from factory.config import UNKNOWN_S
from factory.records import Run, Status

TIMES_NEEDED = 10.0
"""The limit, in times of what a right program needed. Ours: of 8,200 recorded CodeGen rollouts to HumanEval/0-81 none
that passed needed twice the median of its problem."""
FIRST_LIMIT_S = 1.0
"""CPU seconds that every program gets: below it, what is measured is mostly chance."""
MAX_S = 60.0


def limit_from_times(needed_s: Sequence[float]) -> float:
    """CPU seconds to allow where right programs needed `needed_s`; `UNKNOWN_S` where there were none."""
    if not needed_s:
        return UNKNOWN_S
    return min(MAX_S, max(FIRST_LIMIT_S, TIMES_NEEDED * statistics.median(needed_s)))


def ended_by_first_limit(run: Run) -> bool:
    """Whether `FIRST_LIMIT_S` of CPU time ended this run. One that slept into the wall limit would do so again."""
    timed_out = run.failure is not None and run.failure.status is Status.TIMEOUT
    return timed_out and run.slowest_ms >= FIRST_LIMIT_S * 900

"""What the ledger says was written: the second witness of every part, beside the sha256 that lies with it.

Promises: what is not there although the ledger has it is missed, and never taken for work that is still to be done.
Lines of the ledger that are damaged are passed over: they say nothing of any part.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from factory.run.ledger import Ledger


class Written:
    """The sha256 of every part that was written and not set aside, by its name in the run directory.

    Reads the ledger once, and again only where it is asked to `refresh`; `note` takes a line that is being added.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._digests: dict[str, str | None] = {}
        self.sampled: set[str] = set()
        """Names of parts that hold what a model answered, which are never written over."""
        self.started: dict[str, Any] = {}
        """The last line that says that a process began to work on the run; {} where none does."""
        self.finished: dict[str, Any] = {}
        """The last line of the ledger, where it says that nothing is left to do."""
        self.slice_size = 0
        """Problems a slice of the run has; 0 where the whole run is one."""
        self.slices: set[int] = set()
        """Numbers of the slices that were sealed."""
        self.budget_left: int | None = None
        """What this slice left to the next one, where the run has a budget, in the units of `Charge`."""
        self.rate: dict[str, float] = {}
        """What a budget in GPU-hours goes by, where this slice has measured it: "tokens", "gpu_s", "load_gpu_s"."""
        self.planned: dict[tuple[str, str], tuple[int, int]] = {}
        """By a problem's id, and generators of a run that has several, the last decision of their plan: of which
        rollouts, and how many there shall be."""
        self.refresh()

    def refresh(self) -> None:
        """Read the ledger anew: another process may have added to it."""
        self._digests, self.sampled, self.started = {}, set(), {}
        self.finished = {}
        self.slice_size, self.slices, self.planned = 0, set(), {}
        self.budget_left, self.rate = None, {}
        for line in self._ledger.whole_lines():
            self.note(line)

    def note(self, line: dict[str, Any]) -> None:
        """Take one line of the ledger in."""
        part, event = line.get("part"), line["event"]
        self.finished = line if event == "finished" else {}
        if event == "started":
            self.started = line
        elif event == "sliced":
            self.slice_size = line["problems"]
        elif event == "slice":
            self.slices.add(line["number"])
        elif event == "budget":
            self.budget_left = line["left"]
        elif event == "rate":
            self.rate = {key: line[key] for key in ("tokens", "gpu_s", "load_gpu_s")}
        elif event == "planned":
            self.planned[line["problem"], line.get("generators", "")] = (line["rollouts"], line["until"])
        elif event in ("damaged", "dropped") and part is not None:
            self._digests.pop(part, None)
            self.sampled.discard(part)
        elif part is not None:
            self._digests[part] = line.get("sha256")
            self.sampled |= {part} if event in ("sampled", "asked") else set()

    def __contains__(self, name: object) -> bool:
        return name in self._digests

    def __iter__(self) -> Iterator[str]:
        return iter(self._digests)

    def sha256(self, name: str) -> str | None:
        """The sha256 of the part as it was last written; None where the ledger has none."""
        return self._digests.get(name)

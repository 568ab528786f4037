"""Step four: survivors, the best distinct programs that are left.

Promises: the survivors' part is what the verdicts say now. A chunk that was graded again, or damage, may have made
the old part untrue: it is then written again.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from factory.records import Rollout, Survivor
from factory.run.observer import Observer
from factory.run.store import Made, Part, PartStore
from factory.selection.select import Selection, survivors


class SelectStep:
    """Gives the survivors of a selection, and keeps them in a part."""

    def __init__(self, store: PartStore, observer: Observer) -> None:
        self._store, self._observer = store, observer

    async def __call__(
        self, path: Path, problem_id: str, selection: Selection, rollouts: Iterable[Rollout]
    ) -> tuple[Survivor, ...]:
        """The survivors of `selection`, whose rollouts are among `rollouts`; written to `path`."""
        kept = survivors(selection, rollouts)

        async def make() -> Made[Survivor]:
            return Made(kept, {"survivors": len(kept)})

        part = Part(path, Survivor, "selected", problem_id, "selected again")
        await self._store.get_or_make(part, make, lambda there: tuple(there) == kept)
        self._observer.kept(kept)
        return kept

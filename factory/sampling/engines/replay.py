"""Recorded rollouts in place of a model: for tests, for verifying again, for a run without a GPU.

Promises: the file is read as a whole when the engine starts, without the rows that are no rollouts; then answers come
in order of index, always the same. Memory holds an index of offsets, the rollouts wait in an unnamed temporary file.
Sampling settings play no part. Fewer recorded than asked yields what there is. One of several generators gets what was
recorded of it in a run of the same list, or rollouts that name no generator, in a file of its own.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import ExitStack
from pathlib import PurePath
from typing import IO, Self

from factory.config import ReplayEngine, SamplingConfig
from factory.errors import RolloutError
from factory.records import PER_GENERATOR, Maker, Request, Rollout
from factory.sampling.engines.base import Meter
from factory.sampling.rollout_files import Unread, read_rollouts

_NOBODY = Maker().generator
"""The generator that rollouts have which name none, and the one of a run that has no list."""
_Key = tuple[str, str, str | None]


class Replay:
    """Answers from `config.path`. A rollout recorded without a parent answers for any parent."""

    def __init__(self, config: ReplayEngine) -> None:
        self.model = f"replay:{PurePath(config.path).name}"
        self.meter = Meter()
        self._config, self._path = config, config.path
        self._stack = ExitStack()
        self._offsets: dict[_Key, dict[int, int]] = {}
        self._makers: dict[int, str] = {}
        """Who made the rollouts at offsets, where they say it."""
        self._spool: IO[bytes]

    async def __aenter__(self) -> Self:
        self._spool = self._stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - the stack closes it
        try:
            await asyncio.to_thread(self._load)
        except BaseException:
            self._stack.close()
            raise
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._stack.close()
        self._offsets.clear()
        self._makers.clear()

    async def sample(self, request: Request, sampling: SamplingConfig) -> AsyncGenerator[Rollout]:
        self.meter.begin()
        anyone = self._offsets.get((request.problem_id, request.language, None), {})
        offsets = self._offsets.get((request.problem_id, request.language, request.parent), anyone)
        for index in sorted(request.indices):
            offset = self._offset(offsets, index, request.generator)
            if offset is not None:
                self._spool.seek(offset)
                rollout = Rollout.model_validate_json(self._spool.readline())
                known = {"parent": rollout.parent or request.parent, "index": index}
                yield self.meter.count(rollout.model_copy(update=known))

    def _offset(self, offsets: Mapping[int, int], index: int, generator: str) -> int | None:
        """Where the rollout lies that answers for one of a generator; None where none was recorded."""
        if generator == _NOBODY:
            return offsets.get(index)
        if index in offsets and self._makers.get(offsets[index]) == generator:
            return offsets[index]
        own = offsets.get(index % PER_GENERATOR)
        return own if own is not None and self._makers.get(own, generator) == generator else None

    def _load(self) -> None:
        for rollout in read_rollouts(self._path, self._config.mapping, self._config.order):
            if isinstance(rollout, Unread):
                continue  # which `count_unused` has reported
            offsets = self._offsets.setdefault((rollout.problem_id, rollout.language, rollout.parent), {})
            if rollout.index in offsets:
                raise RolloutError(
                    f"{self._path}: problem_id {rollout.problem_id!r}, index {rollout.index}: is there twice; "
                    "an index is given once a problem, language and parent"
                )
            offsets[rollout.index] = at = self._spool.tell()
            if rollout.generator != _NOBODY:
                self._makers[at] = rollout.generator
            self._spool.write(rollout.model_dump_json(exclude_none=True).encode() + b"\n")

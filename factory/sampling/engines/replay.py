"""Recorded rollouts in place of a model: for tests, for verifying again, for a run without a GPU.

Promises: the file is read as a whole when the engine starts, without the rows that are no rollouts; then answers come
in order of index, always the same. Memory holds an index of offsets, the rollouts wait in an unnamed temporary file.
Sampling settings play no part. Fewer recorded than asked yields what there is.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator
from contextlib import ExitStack
from pathlib import PurePath
from typing import IO, Self

from factory.config import ReplayEngine, SamplingConfig
from factory.errors import RolloutError
from factory.records import Request, Rollout
from factory.sampling.engines.base import Meter
from factory.sampling.rollout_files import Unread, read_rollouts

_Key = tuple[str, str, str | None]


class Replay:
    """Answers from `config.path`. A rollout recorded without a parent answers for any parent."""

    def __init__(self, config: ReplayEngine) -> None:
        self.model = f"replay:{PurePath(config.path).name}"
        self.meter = Meter()
        self._config, self._path = config, config.path
        self._stack = ExitStack()
        self._offsets: dict[_Key, dict[int, int]] = {}
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

    async def sample(self, request: Request, sampling: SamplingConfig) -> AsyncGenerator[Rollout]:
        self.meter.begin()
        anyone = self._offsets.get((request.problem_id, request.language, None), {})
        offsets = self._offsets.get((request.problem_id, request.language, request.parent), anyone)
        for index in sorted(request.indices):
            if index in offsets:
                self._spool.seek(offsets[index])
                rollout = Rollout.model_validate_json(self._spool.readline())
                yield self.meter.count(rollout.model_copy(update={"parent": rollout.parent or request.parent}))

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
            offsets[rollout.index] = self._spool.tell()
            self._spool.write(rollout.model_dump_json(exclude_none=True).encode() + b"\n")

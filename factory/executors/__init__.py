"""What runs units of work: processes of this machine, or nodes of a Ray cluster.

An executor opens one context in each of its workers and calls functions with it. It does not know what the context is
or what the functions do. A new executor is one file here, one line in `EXECUTORS`, and one class in
`factory.config.executor` with the same `kind`, whose other keys are the arguments of the executor's class, but for
`verifiers`, which are executors of workers.
"""

from contextlib import AbstractAsyncContextManager
from importlib import import_module
from typing import Any, cast

from factory.config import ExecutorConfig
from factory.errors import ConfigError
from factory.executors.base import Executor, OpenContext

EXECUTORS = {"local": "LocalExecutor", "ray": "RayExecutor"}
"""Module here, named like its `kind` in the config -> its class. A module is imported when a run asks for it."""


def open_executor(
    settings: ExecutorConfig, open_context: OpenContext, **more: Any
) -> AbstractAsyncContextManager[Executor]:
    """The executor of `settings.kind`; each of its workers opens a context of its own.

    `more` goes to the executor's class. `open_context` must be importable by name. Raises ConfigError naming the kinds
    there are.
    """
    if settings.kind not in EXECUTORS:
        raise ConfigError(f"executor.kind: {settings.kind!r} is unknown; there are: {', '.join(EXECUTORS)}")
    module = import_module(f"factory.executors.{settings.kind}")
    executor = getattr(module, EXECUTORS[settings.kind])
    given = settings.model_dump(exclude={"kind", "verifiers"})
    return cast("AbstractAsyncContextManager[Executor]", executor(open_context, **given, **more))

"""Who follows a run from outside: metrics, logs, trackers, and hooks at its end.

Promises: an observer without its package, variable, port or path is a ConfigError, before anything is sampled. One
whose service is away, or that fails later, is left out with a note: it ends no run, and changes no exit code.
`factory.report.progress` is what the terminal shows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

from factory import escape, streams
from factory.config import ObserverConfig
from factory.errors import FactoryError
from factory.observers.base import Ending, Observer, RunName
from factory.observers.hooks import Command, Webhook
from factory.observers.json_lines import JsonLines
from factory.observers.prometheus import Prometheus
from factory.observers.trackers import Mlflow, TensorBoard, Wandb
from factory.records.summary import Summary
from factory.report.figures import Figures

__all__ = ["OBSERVERS", "Ending", "Observer", "Observers", "RunName"]

OBSERVERS: dict[str, Callable[[Any, RunName, Figures], Observer]] = {
    "prometheus": Prometheus,
    "json_lines": JsonLines,
    "tensorboard": TensorBoard,
    "wandb": Wandb,
    "mlflow": Mlflow,
    "webhook": Webhook,
    "command": Command,
}
"""By the `kind` in the config."""


class Observers:
    """The observers of one run; a context manager, whose end is the end of the run. Raises ConfigError."""

    def __init__(self, configs: Sequence[ObserverConfig], run: RunName, note: Callable[[str], None]) -> None:
        self.figures = Figures()
        self.summary: Summary | None = None
        """What the run has come to; the caller says it."""
        self._configs, self._run, self._print = configs, run, note
        self._open: list[tuple[str, Observer]] = []

    def __enter__(self) -> Self:
        try:
            for config in self._configs:
                try:
                    made = OBSERVERS[config.kind](config, self._run, self.figures)
                except FactoryError:
                    raise
                except Exception as error:  # of any library: its service is away, say
                    self._leave_out(config.kind, error)
                    continue
                self._open.append((config.kind, made))
                if isinstance(made, Prometheus):
                    self._print(f"metrics: http://{made.host}:{made.port}/metrics")
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        stopped = isinstance(error, asyncio.CancelledError | KeyboardInterrupt)
        status = "finished" if error is None else "stopped" if stopped else "failed"
        said = "" if error is None or stopped else escape.line(streams.without_secrets(_message(error)))
        ending = Ending(status, said, self.figures, self.summary)  # type: ignore[arg-type]
        self._each("end", ending)
        self._open.clear()

    def show(self, figures: Figures) -> None:
        self._each("show", figures)

    def note(self, line: str) -> None:
        self._each("note", line)

    def print_and_note(self, line: str) -> None:
        """Show a line to the user, and to the observers."""
        self._print(line)
        self.note(line)

    def _each(self, method: str, *about: Any) -> None:
        for pair in list(self._open):
            name, observer = pair
            try:
                getattr(observer, method)(*about)
            except Exception as error:  # of any library: the run goes on without the observer
                self._open.remove(pair)
                self._leave_out(name, error)

    def _leave_out(self, name: str, error: BaseException) -> None:
        self._print(f"observers: {name}: is left out: {escape.line(streams.without_secrets(_message(error)))}")


def _message(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error) or type(error).__name__

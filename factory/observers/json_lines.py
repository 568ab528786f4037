"""A run's notes and counts as lines of JSON, for whatever collects logs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from factory import streams
from factory.config import JsonLinesObserver
from factory.errors import ConfigError
from factory.observers.base import Ending, Every, RunName
from factory.report.figures import Figures


class JsonLines:
    """Every line has "time" (UTC), "run" and "event": begins, figures, note, or ends. No line has a secret."""

    def __init__(self, config: JsonLinesObserver, run: RunName, figures: Figures) -> None:
        self._run, self._every = run, Every(config.every_s)
        try:
            config.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = config.path.open("a", encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            raise ConfigError(
                f"observers: json_lines: {config.path}: cannot be written ({error.strerror}); remedy: another path"
            ) from None
        self._add("begins", directory=run.directory, model=run.model)

    def show(self, figures: Figures) -> None:
        if self._every.due():
            self._add("figures", **figures.as_dict())

    def note(self, line: str) -> None:
        self._add("note", text=line)

    def end(self, ending: Ending) -> None:
        about = ending.as_json(self._run)
        self._add("ends", **{name: about[name] for name in ("status", "error", "figures", "shipped")})
        self._file.close()

    def _add(self, event: str, **facts: Any) -> None:
        line = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "run": self._run.name, "event": event}
        self._file.write(streams.without_secrets(json.dumps(line | facts, ensure_ascii=False)) + "\n")
        self._file.flush()

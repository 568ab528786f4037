"""Benchmarks as texts to keep away from: of every row its prompt and solutions, whatever its tests are worth.

Promises: every row is read or the whole benchmark is refused, for half of one protects half of it. Rows may be of
any problem format, or have nothing but a text; a .txt file is one text. Of a problem with many solutions the first
`MOST_SOLUTIONS` are taken.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

from factory.config import Benchmark
from factory.errors import ConfigError, ProblemError
from factory.problems.rows import Row, rows
from factory.records import BenchmarkProblem
from factory.storage import inputs

COLUMNS = {
    "id": ("id", "task_id", "question_id", "problem_id", "name"),
    "prompt": ("problem_description", "question_content", "question", "description", "prompt", "text", "content"),
    "solution": ("canonical_solution", "reference", "solution", "solutions", "code", "completion"),
    "date": ("contest_date", "date"),
}
"""What the known formats call a field; the first column that holds something counts."""
MOST_SOLUTIONS = 10
"""Solutions of one problem that are compared; APPS has hundreds of some."""


def read(benchmark: Benchmark) -> Iterator[BenchmarkProblem]:
    """The problems of a benchmark, in order. Raises ConfigError naming it where it cannot be read or holds none."""
    place = f"decontamination.benchmarks: {benchmark.name}"
    unknown = sorted(set(benchmark.mapping) - set(COLUMNS))
    if unknown:
        raise ConfigError(f"{place}: mapping.{unknown[0]}: no such field; there are: {', '.join(COLUMNS)}")
    columns = COLUMNS | {field: (column,) for field, column in benchmark.mapping.items()}
    found = False
    try:
        for number, row in enumerate(_rows(benchmark), 1):
            if row.fault:
                raise ConfigError(f"{place}: {row.place}: {row.fault}")
            found = True
            if _in_time(benchmark, row, columns["date"]):
                yield _problem(benchmark.name, number, row, columns)
    except ProblemError as error:
        raise ConfigError(f"{place}: {error}") from None
    if not found:
        raise ConfigError(f"{place}: {benchmark.path or benchmark.dataset}: holds no problem")


def _rows(benchmark: Benchmark) -> Iterator[Row]:
    if benchmark.path is None or not str(benchmark.path).endswith(".txt"):
        yield from rows(benchmark)
        return
    given = inputs.local(benchmark.path)
    path = given.path
    try:
        yield Row(str(given.place), {"id": path.stem, "text": path.read_text(encoding="utf-8")})
    except (OSError, UnicodeDecodeError) as error:
        raise ProblemError(f"{given.place}: cannot be read: {error}") from None


def _problem(benchmark: str, number: int, row: Row, columns: dict[str, tuple[str, ...]]) -> BenchmarkProblem:
    prompt = _first(row.data, columns["prompt"])
    solutions = _texts(_first(row.data, columns["solution"]))
    if not isinstance(prompt, str):
        raise ProblemError(
            f"{row.place}: has no text in {' or '.join(columns['prompt'])} (its columns: "
            f"{', '.join(sorted(row.data)[:8])}); name the column with mapping: {{prompt: COLUMN}}"
        )
    given = _first(row.data, columns["id"])
    name = str(number if given is None else given)
    label = name if "/" in name else f"{benchmark}/{name}"
    return BenchmarkProblem(benchmark, label, prompt, solutions[:MOST_SOLUTIONS])


def _first(row: dict[str, Any], columns: tuple[str, ...]) -> Any:
    return next((row[column] for column in columns if row.get(column) not in (None, "")), None)


def _texts(value: Any) -> tuple[str, ...]:
    """Solutions as formats write them: a text, a list, a list as JSON text (APPS), a table of them (CodeContests)."""
    if isinstance(value, dict):
        return _texts(value.get("solution"))
    if isinstance(value, str) and value.startswith("["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return (value,)  # a program may begin so
    if isinstance(value, list):
        return tuple(text for text in value if isinstance(text, str))
    return (value,) if isinstance(value, str) else ()


def _in_time(benchmark: Benchmark, row: Row, columns: tuple[str, ...]) -> bool:
    if benchmark.since is None and benchmark.until is None:
        return True
    value = _first(row.data, columns)
    try:
        day = date.fromisoformat(str(value)[:10])
        return (benchmark.since or day) <= day <= (benchmark.until or day)
    except ValueError:
        raise ProblemError(
            f"{row.place}: {' or '.join(columns)}: {value!r} is no date such as 2024-05-31, which since and until need"
        ) from None

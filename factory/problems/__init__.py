"""Problem files, one module a format. A new format is one file here and one line below.

A format is a module with `sniff(row) -> bool`, which tells from one raw row, and
`read(row) -> Problem`, which raises ValueError naming the field.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from pydantic import ValidationError

from factory.config import ProblemsConfig
from factory.errors import ProblemError
from factory.problems import humaneval, mbpp, native
from factory.records import Problem


class Format(Protocol):
    def sniff(self, row: dict[str, Any]) -> bool: ...

    def read(self, row: dict[str, Any]) -> Problem: ...


FORMATS: dict[str, Format] = {"native": native, "humaneval": humaneval, "mbpp": mbpp}


def load(config: ProblemsConfig) -> list[Problem]:
    """The problems a config names, in the file's order. Raises ProblemError with file, line and field."""
    problems = list(read_file(config.path, config.format))
    known = {problem.id for problem in problems}
    for wanted in config.ids:
        if wanted not in known:
            raise ProblemError(
                f"{config.path}: has no problem {wanted!r}; it holds {len(known)}, such as {problems[0].id!r}"
            )
    if config.ids:
        problems = [problem for problem in problems if problem.id in set(config.ids)]
    return problems[: config.limit]


def read_file(path: Path, name: str = "auto") -> Iterator[Problem]:
    """The problems in a .jsonl or .json file, gzipped or not. Raises ProblemError."""
    if name != "auto" and name not in FORMATS:
        raise ProblemError(f"problem format {name!r} is unknown; there are: auto, {', '.join(FORMATS)}")
    seen: dict[str, int] = {}
    chosen = None if name == "auto" else FORMATS[name]
    for number, row in _rows(path):
        if chosen is None:
            chosen = _sniffed(path, number, row)
        try:
            problem = chosen.read(row)
        except ValidationError as error:
            raise ProblemError(f"{path}:{number}: {_fault(error)}") from None
        except (ValueError, KeyError, TypeError) as error:
            raise ProblemError(f"{path}:{number}: {_reason(error)}") from None
        if problem.id in seen:
            raise ProblemError(
                f"{path}:{number}: id: {problem.id!r} stands in line {seen[problem.id]} too; ids are unique"
            )
        seen[problem.id] = number
        yield problem
    if not seen:
        raise ProblemError(f"{path}: holds no problem")


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, text in _documents(path):
        try:
            row = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ProblemError(
                f"{path}:{number}: is not JSON: {error}; one problem is one JSON object on one line"
            ) from None
        if "\\ud" in text.lower() and _half_pair(row):
            raise ProblemError(f"{path}:{number}: holds half of a surrogate pair (\\ud800-\\udfff), which is no text")
        for item in row if isinstance(row, list) else [row]:
            if not isinstance(item, dict):
                raise ProblemError(f"{path}:{number}: is a JSON {type(item).__name__}, not an object")
            yield number, item


def _half_pair(row: object) -> bool:
    try:
        json.dumps(row, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def _documents(path: Path) -> Iterator[tuple[int, str]]:
    """(line, JSON text) of each document: a line of JSON Lines, or the whole of a .json file."""
    whole = path.name.removesuffix(".gz").endswith(".json")
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
            if whole:
                yield 1, file.read()
            else:
                yield from ((number, line) for number, line in enumerate(file, 1) if line.strip())
    except FileNotFoundError:
        raise ProblemError(f"{path}: no such problem file") from None
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise ProblemError(f"{path}: cannot be read: {error}") from None


def _sniffed(path: Path, number: int, row: dict[str, Any]) -> Format:
    for candidate in FORMATS.values():
        if candidate.sniff(row):
            return candidate
    raise ProblemError(
        f"{path}:{number}: is of no known format (keys {', '.join(sorted(row)[:8])}); "
        f"name one with problems.format: {', '.join(FORMATS)}"
    )


def _fault(error: ValidationError) -> str:
    """The first fault as "field: value: what is wrong"; one of the problem as a whole names its field itself."""
    fault = error.errors()[0]
    field = ".".join(str(part) for part in fault["loc"])
    message = fault["msg"].removeprefix("Value error, ")
    return f"{field}: {_shown(fault['input'])}: {message}" if field else message


def _reason(error: Exception) -> str:
    return f"{error.args[0]}: is missing" if isinstance(error, KeyError) else str(error)


def _shown(value: object) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:79]}…"

"""What the report shows of the problems of a sealed slice: so that no verdict is read again for it.

    report.parquet  problem, row (`ProblemRow` without its sample, as JSON), sample (`Sample`, as JSON)

Promises: a row a problem, in order; `row` and `sample` are null where the problem has no verdicts. The metadata has
what was gathered of each language.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import TypeAdapter

from factory.records.base import plain
from factory.report.samples import Sample
from factory.report.statistics import GatheredProblems, LanguageStatistics, ProblemRow, RunStatistics
from factory.run.sealed import Sealed
from factory.run.slices import Slice
from factory.storage import files, parts

GATHERED = "report.parquet"
LANGUAGES = b"factory.languages"
_SCHEMA = pa.schema({"problem": pa.string(), "row": pa.string(), "sample": pa.string()})
_ROW, _SAMPLE = TypeAdapter(ProblemRow), TypeAdapter(Sample)


def write(part: Slice, statistics: RunStatistics) -> None:
    """Write what was gathered of a slice, with a sample of every problem."""
    by_id = {row.id: row for row in statistics.rows}
    rows = [_cells(problem.id, by_id.get(problem.id)) for problem in part.problems]
    languages = {name: found.as_json() for name, found in statistics.languages.items()}
    table = pa.Table.from_pylist(rows, schema=_SCHEMA.with_metadata({LANGUAGES: _text(languages)}))
    with files.atomic(part.dir.path / GATHERED) as temporary:
        temporary.write_bytes(parts.as_parquet(table))


def read(sealed: Sealed) -> GatheredProblems:
    """What was gathered of a sealed slice. Raises DamagedPart."""
    path = sealed.checked(GATHERED)
    table = pq.ParquetFile(path).read(columns=["problem", "row"], use_threads=False)
    languages = json.loads(table.schema.metadata[LANGUAGES])
    return GatheredProblems(
        table["problem"].to_pylist(),
        {name: LanguageStatistics.from_json(found) for name, found in languages.items()},
        [_ROW.validate_json(text) for text in table["row"].to_pylist() if text is not None],
        lambda wanted: _samples(path, wanted),
    )


def _samples(path: Path, wanted: Collection[str]) -> Mapping[str, Sample]:
    if not wanted:
        return {}
    table = pq.ParquetFile(path).read(columns=["problem", "sample"], use_threads=False)
    numbers = [at for at, name in enumerate(table["problem"].to_pylist()) if name in wanted]
    pairs = zip(*(table.take(numbers)[name].to_pylist() for name in ("problem", "sample")), strict=True)
    return {name: _SAMPLE.validate_json(text) for name, text in pairs if text is not None}


def _cells(problem: str, row: ProblemRow | None) -> dict[str, str | None]:
    cells: dict[str, str | None] = {"problem": problem, "row": None, "sample": None}
    if row is not None:
        cells["row"] = _text(plain(replace(row, sample=None)))
        cells["sample"] = _text(plain(row.sample))
    return cells


def _text(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False)

"""What near-duplicates are found by, of the programs of a sealed slice: so that no program is lexed again.

    sketches.parquet  problem, language, code_sha256, parent, minhash

Promises: rows are in the order of the slice's problems and of their survivors.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from factory.run.sealed import Sealed
from factory.selection.near_duplicates import Sketch
from factory.storage import files, parts

SKETCHES = "sketches.parquet"
_SCHEMA = pa.schema(
    {"problem": pa.string(), "language": pa.string(), "code_sha256": pa.string(), "parent": pa.string()}
    | {"minhash": pa.binary()}
)


def write(folder: Path, by_problem: Iterable[tuple[str, Sequence[Sketch]]]) -> None:
    """Write the sketches of a slice's problems, given by their ids."""
    rows = [{"problem": problem, **asdict(it)} for problem, several in by_problem for it in several]
    with files.atomic(folder / SKETCHES) as temporary:
        temporary.write_bytes(parts.as_parquet(pa.Table.from_pylist(rows, schema=_SCHEMA)))


def read(sealed: Sealed) -> Mapping[str, Sequence[Sketch]]:
    """The sketches of a sealed slice by problem. Raises DamagedPart."""
    rows = pq.ParquetFile(sealed.checked(SKETCHES)).read(use_threads=False).to_pylist()
    found: dict[str, list[Sketch]] = {}
    for row in rows:
        found.setdefault(row.pop("problem"), []).append(Sketch(**row))
    return found

"""Sealing a slice that is done, and opening it again where more is to be done.

Promises: sealing ends with `slice.json`, and only then do the parts go: a kill on the way leaves an open slice, or a
sealed one with some of its parts still beside it, which are removed when it is looked at again. Opening puts every
part back before `slice.json` goes. While `slice.json` is there, parts beside it are what the sealed files hold.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from factory.errors import DamagedPart, PartError
from factory.records import Problem
from factory.run.directory import RunDir
from factory.run.gathered import GATHERED
from factory.run.names import slug
from factory.run.sealed import FACTS, KINDS, PARTS, VERSION, Sealed, file_of, sealed_file
from factory.run.sketches import SKETCHES
from factory.storage import files, parts

GROUP_ROWS, GROUP_BYTES = 8192, 32 * 2**20
"""A row group is written when it has this many rows, or bytes in memory. The rows of one part are never split."""
GIVEN = (SKETCHES, GATHERED)
"""What is made of the parts before they are sealed, and made anew when the slice is sealed again."""
FOLDERS = ("rollouts", "inputs", "verdicts", "review", "survivors", "translations")


def seal(place: RunDir, problems: Sequence[Problem], facts: dict[str, Any]) -> None:
    """Put the parts of the slice in `place` into sealed files, beside those of `GIVEN`, which are there already.

    `facts` is what `slice.json` says beside the digests of these. Raises PartError where a part cannot be read.
    """
    order = {slug(problem.id): number for number, problem in enumerate(problems)}
    names = sorted(loose(place), key=lambda name: (order.get(Path(name).name.partition(".")[0], len(order)), name))
    written = {}
    for kind in KINDS:
        of_kind = [name for name in names if file_of(name) == kind]
        path = sealed_file(place.path, kind)
        rows = _write(path, KINDS[kind], of_kind, place)
        written[path.name] = {"sha256": files.digest(path), "bytes": path.stat().st_size, "rows": rows}
    for path in (place.path / name for name in GIVEN):
        written[path.name] = {"sha256": files.digest(path), "bytes": path.stat().st_size}
    text = json.dumps({"version": VERSION, "files": written, **facts}, ensure_ascii=False, sort_keys=True)
    digest = files.put(place.path / FACTS, f"{text}\n".encode())
    place.log("sealed", part=FACTS, sha256=digest)
    place.forget()
    remove_loose(place)


def unseal(place: RunDir) -> list[str]:
    """Put back the parts of a sealed slice; a line on each that is lost. Damaged files are kept under another name.

    Of a damaged file a part counts as saved where it is, byte for byte, what the ledger says was written.
    """
    lost, sealed = [], place.sealed_files(salvage=True)
    faults = sealed.faults()
    for kind, record in KINDS.items():
        path = sealed_file(place.path, kind)
        # A slice.json that is damaged vouches for no file.
        whole = not any(it.startswith((f"{path}: ", f"{sealed.facts_file}: ")) for it in faults)
        try:
            names = [name for name in sealed if file_of(name) == kind]
        except DamagedPart as error:
            lost.append(str(error))
            continue
        for name in names:
            if not (place.path / name).exists() and (fault := _put_back(place, sealed, name, record, whole)):
                lost.append(fault)
    place.log("dropped", part=FACTS)
    for path in (
        place.path / FACTS,
        *(sealed_file(place.path, kind) for kind in KINDS),
        *(place.path / name for name in GIVEN),
    ):
        if any(it.startswith(f"{path}: ") for it in faults) and path.exists():
            files.set_aside(path)
        path.unlink(missing_ok=True)
        files.digest_file(path).unlink(missing_ok=True)
    place.forget()
    return lost


def _put_back(place: RunDir, sealed: Sealed, name: str, kind: type[Any], whole: bool) -> str:
    """Put a part back into a file of its own; why it is lost, or "". `whole` is whether its sealed file is."""
    path, recorded = place.path / name, place.written.sha256(name)
    try:
        data = parts.as_part(kind, sealed.read(name, kind), name)
    except PartError as error:
        return f"{path}: {error}"
    if hashlib.sha256(data).hexdigest() != recorded:
        if not whole:
            return f"{path}: is not what the ledger says was written"
        place.log("unsealed", part=name, sha256=hashlib.sha256(data).hexdigest())  # an older version wrote other bytes
    files.put(path, data)
    return ""


def loose(place: RunDir) -> Iterator[str]:
    """The names of the parts that lie in files of their own."""
    for folder in FOLDERS:
        for path in (place.path / folder).rglob("*.parquet"):
            if files.digest_file(path).exists() and not files.is_leftover(path.name):
                yield place.name(path)


def remove_loose(place: RunDir) -> None:
    """Remove the parts that the sealed files hold, and the folders that are empty then."""
    for name in list(loose(place)):
        if name in place.sealed:
            (place.path / name).unlink()
            files.digest_file(place.path / name).unlink(missing_ok=True)
    for folder in (*FOLDERS, "open"):
        for path in sorted((place.path / folder).rglob("*"), reverse=True):
            if path.is_dir():
                _remove_empty(path)
        _remove_empty(place.path / folder)


def _remove_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _write(path: Path, kind: type[Any], names: Sequence[str], place: RunDir) -> int:
    """Write the parts `names` to one file; the number of their rows."""
    schema = parts.schema_of(kind)
    index: list[tuple[str, int]] = []
    waiting: list[pa.Table] = []
    with (
        files.atomic(path) as temporary,
        temporary.open("wb") as file,
        parts.parquet_writer(file, schema, checksums=True) as writer,
    ):

        def flush() -> None:
            table = pa.concat_tables(waiting)
            if table.num_rows:
                writer.write_table(table, row_group_size=table.num_rows)
            waiting.clear()

        for name in names:
            table = _today(place.path / name, kind, place)
            index.append((name, table.num_rows))
            waiting.append(table)
            full = sum(it.num_rows for it in waiting) >= GROUP_ROWS
            if full or sum(it.nbytes for it in waiting) >= GROUP_BYTES:
                flush()
        if waiting:
            flush()
        writer.add_key_value_metadata({PARTS: json.dumps(index)})
    return sum(rows for _, rows in index)


def _today(path: Path, kind: type[Any], place: RunDir) -> pa.Table:
    """The rows of a part in the columns of today's format."""
    table = parts.read_table(path, kind, place.written.sha256(place.name(path)))
    schema = parts.schema_of(kind)
    if table.schema.remove_metadata() == schema.remove_metadata():
        return table.replace_schema_metadata(schema.metadata)
    return parts.as_table(kind, parts.records(path, kind, table))

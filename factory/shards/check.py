"""Whether a folder of shards is whole: every file by its sha256, none missing, none that does not belong.

Promises: any byte changed in any file is found, and the file named. `sha256sum --check SHA256SUMS`
says the same with no code of ours.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq

from factory.records.summary import Summary
from factory.shards.manifest import PROGRAMS
from factory.storage.files import digest

SUMS = "SHA256SUMS"


def faults(folder: Path) -> dict[str, str]:
    """What is wrong, by the name of the file in `folder`; empty where all is well. Raises OSError."""
    found: dict[str, str] = {}
    sums: dict[str, str] = {}
    if not (folder / SUMS).is_file():
        return {SUMS: "is missing"}
    for number, line in enumerate((folder / SUMS).read_bytes().split(b"\n")[:-1], 1):
        entry = re.fullmatch(rb"([0-9a-f]{64})  ([\x20-\x7e]+)", line)
        if entry is None:
            found[SUMS] = f"is damaged: line {number} is not a sha256 and a name"
        else:
            sums[entry[2].decode()] = entry[1].decode()
    if not (folder / SUMS).read_bytes().endswith(b"\n"):
        found[SUMS] = "is damaged: its last line is cut short"
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {SUMS}
    for name in sorted(there | sums.keys()):
        if name not in there:
            found[name] = f"is missing, but {SUMS} lists it"
        elif name not in sums:
            found[name] = f"is not listed in {SUMS}"
        elif sums[name] != digest(folder / name):
            found[name] = f"is damaged: its sha256 is not the one in {SUMS}"
    return found


def miscounts(folder: Path, summary: Summary) -> list[str]:
    """Where a whole folder does not hold what its manifest and the run's summary count. Raises OSError, ValueError."""
    wrong: list[str] = []
    written: Counter[str] = Counter()
    for file in json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"]:
        rows = pq.ParquetFile(folder / file["path"]).metadata.num_rows
        if rows != file["rows"]:
            wrong.append(f"{file['path']}: has {rows} rows, and manifest.json says {file['rows']}")
        written.update({file["language"]: rows} if file["view"] == PROGRAMS else {})
    for language, part in summary.languages.items():
        if written[language] != part.shipped:
            wrong.append(f"holds {written[language]} programs in {language}, and the summary says {part.shipped}")
    return wrong

"""Whether a folder of shards is whole: every file by its sha256, none missing, none that does not belong.

Promises: any byte changed in any file is found, and the file named. `sha256sum --check SHA256SUMS`
says the same with no code of ours.
"""

from __future__ import annotations

import re
from pathlib import Path

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

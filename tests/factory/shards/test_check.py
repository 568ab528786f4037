"""Whether a shard folder is whole: any byte of any file, and any file that is gone or too many."""

from __future__ import annotations

from pathlib import Path

import pytest

from factory.run.directory import RunDir
from factory.shards import faults


@pytest.mark.parametrize("name", ["data/*.parquet", "manifest.json", "README.md", "SHA256SUMS"])
def test_any_flipped_byte_is_found_and_the_file_named(smallest: Path, name: str) -> None:
    (path,) = smallest.glob(name)
    whole = path.read_bytes()
    every = 1 if name == "SHA256SUMS" else 7  # the others are known by their sha256 alone
    for at in range(0, len(whole), every):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        found = faults(smallest)
        told = found.keys() if name != "SHA256SUMS" else "".join(f"{file} {fault}" for file, fault in found.items())
        assert str(path.relative_to(smallest)) in told, at
    path.write_bytes(whole)
    assert faults(smallest) == {}


def test_a_file_that_is_gone_or_foreign_is_named(exported: RunDir) -> None:
    gone = next(exported.shards.glob("sft/*.parquet"))
    gone.unlink()
    Path(exported.shards / "data" / "mine.parquet").write_bytes(b"mine")
    assert faults(exported.shards) == {
        str(gone.relative_to(exported.shards)): "is missing, but SHA256SUMS lists it",
        "data/mine.parquet": "is not listed in SHA256SUMS",
    }
    (exported.shards / "SHA256SUMS").unlink()
    assert faults(exported.shards) == {"SHA256SUMS": "is missing"}

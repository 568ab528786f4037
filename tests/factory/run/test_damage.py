"""A run directory that is damaged, incomplete, read-only or full: nothing is lost, and nothing is passed over."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from datasets import load_dataset

from factory.records import Rollout, Survivor
from factory.run.directory import RunDir
from factory.storage import files, parts

Factory = Callable[..., subprocess.CompletedProcess[str]]
Replayed = Callable[..., Path]
GOOD = "def double(x):\n    return 2 * x\n"
OTHER = "def double(x):\n    return x + x\n"
GO = "package main\n\nfunc double(x int) int { return 2 * x }\n"
PROBLEMS = 3
CHECKSUMS = ("audit", "--sample", "0")
"""An audit of all files that verifies none of the programs again: they are those of shards known by their bytes."""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, factory: Factory, replayed: Replayed) -> Path:
    folder = tmp_path_factory.mktemp("damage")
    config = replayed(folder, PROBLEMS, (GOOD, OTHER), GO)
    done = factory("run", config, "--run-dir", folder / "run")
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("sandbox: bubblewrap\n")
    return folder


@pytest.fixture
def place(finished: Path, tmp_path: Path) -> RunDir:
    shutil.copytree(finished / "run", tmp_path / "run")
    return RunDir(tmp_path / "run")


def shards_of(place: RunDir) -> dict[str, bytes]:
    return {
        str(path.relative_to(place.shards)): path.read_bytes() for path in place.shards.rglob("*") if path.is_file()
    }


def again(place: RunDir, factory: Factory) -> subprocess.CompletedProcess[str]:
    return factory("run", place.config_file, "--run-dir", place.path)


def test_without_a_ledger_nothing_is_exported(place: RunDir, factory: Factory) -> None:
    """Which survivors there were is known by it alone: without both, 0 rows would look like the whole run."""
    before = shards_of(place)
    place.ledger().path.unlink()
    for path in (place.path / "survivors").glob("*"):
        path.unlink()
    said = f"{place.ledger().path}: is gone, and with it which parts there were; remedy: run again"
    done = factory("export", place.path)
    assert done.returncode == 1
    assert f"error: {said}" in done.stderr
    assert shards_of(place) == before
    looked = factory("status", place.path)
    assert f"warning: {said}" in looked.stderr
    assert again(place, factory).returncode == 0
    assert shards_of(place) == before


FOLDERS = ("rollouts", "verdicts", "review", "survivors", "translations/go/verdicts", "translations/go/survivors")


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_is_gone_is_not_taken_for_what_is_still_to_come(place: RunDir, factory: Factory, folder: str) -> None:
    before = shards_of(place)
    gone = sorted((place.path / folder).glob("*.parquet"))
    for path in gone:
        path.unlink()
    for command in (("export",), CHECKSUMS):
        done = factory(*command, place.path)
        assert done.returncode == 1, command
        assert "is gone, though the ledger says it was written; remedy: run again" in done.stderr
        assert shards_of(place) == before
    for path in gone:
        assert f"{path}: is gone" in done.stderr, "audit names them all"
    done = again(place, factory)
    assert done.returncode == 0, done.stderr
    for path in gone:
        assert f"{path}: is gone, though the ledger says it was written" in done.stderr
    assert shards_of(place) == before
    assert factory(*CHECKSUMS, place.path).returncode == 0


OTHER_DIGITS = bytes.maketrans(b"0123456789", b"1234567890")
SPOIL: dict[str, Callable[[Path], object]] = {
    "lost": lambda path: path.unlink(),
    "flipped": lambda path: path.write_bytes(path.read_bytes().translate(OTHER_DIGITS)),
    "empty": lambda path: path.write_bytes(b""),
}


@pytest.mark.parametrize("first", range(len(SPOIL)))
def test_a_sidecar_alone_costs_nothing(place: RunDir, factory: Factory, first: int) -> None:
    """Every sidecar of the run is spoilt, each in one of the ways; over the tests, each in all of them."""
    before = shards_of(place)
    written = sorted(path for folder in FOLDERS for path in (place.path / folder).glob("*.parquet"))
    parts_before = {path: path.read_bytes() for path in written}
    assert {path.parent for path in written} == {place.path / folder for folder in FOLDERS}
    ways = list(SPOIL.values())
    for number, path in enumerate(written, first):
        ways[number % len(ways)](files.digest_file(path))
    done = factory("export", place.path)
    assert done.returncode == 0, done.stderr
    said = factory(*CHECKSUMS, place.path).stderr
    for path in written:
        assert f"{files.digest_file(path)}: is damaged or gone; the part is what the ledger says" in said
    done = again(place, factory)
    assert done.returncode == 0, done.stderr
    assert "again" not in done.stderr
    assert {path: path.read_bytes() for path in written} == parts_before
    assert shards_of(place) == before
    assert factory(*CHECKSUMS, place.path).returncode == 0


def test_a_part_says_which_part_it_is(place: RunDir, factory: Factory) -> None:
    one, two, three = sorted((place.path / "rollouts").glob("*.parquet"))
    shutil.copy(two, one)
    files.digest_file(one).write_text(files.digest_file(two).read_text().replace(two.name, one.name))
    whole = one.read_bytes()
    done = again(place, factory)
    assert done.returncode == 1
    assert f"error: {one}: holds the part {place.name(two)}; remedy: put back the part that belongs here" in done.stderr
    assert one.read_bytes() == whole, "nothing is written over"
    rows = load_dataset(str(place.shards), split="train", cache_dir=str(place.path / "cache"))
    assert {row["problem_id"] for row in rows} >= {"set/1", "set/2"}, "the other problems are shipped"
    assert three.exists()


def test_one_bad_part_does_not_end_a_run(finished: Path, tmp_path: Path, factory: Factory) -> None:
    """The problems beside it are worked off, and the command says which part it was."""
    config = finished / "config.yaml"
    place = RunDir(tmp_path / "run")
    shutil.copytree(finished / "run" / "rollouts", place.path / "rollouts")
    for name in ("config.yaml", "config.yaml.sha256", "problems"):
        (shutil.copytree if name == "problems" else shutil.copy)(finished / "run" / name, place.path / name)
    bad = sorted((place.path / "rollouts").glob("*.parquet"))[0]
    digest = parts.write(bad, Survivor, [])
    assert digest
    done = factory("run", config, "--run-dir", place.path)
    assert done.returncode == 1
    assert f"error: {bad}: holds survivors, not rollouts" in done.stderr
    assert len(list((place.path / "survivors").glob("*.parquet"))) == 2
    assert json.loads(place.summary_file.read_text())["skipped"].keys() == {"set/0"}
    assert parts.read(bad, Survivor) == []


def test_a_run_that_keeps_nothing_says_so_and_its_shards_load(
    tmp_path: Path, factory: Factory, replayed: Replayed
) -> None:
    config = replayed(tmp_path, PROBLEMS, ["def double(x):\n    return x\n"], GO)
    done = factory("run", config, "--run-dir", tmp_path / "run")
    assert done.returncode == 1
    assert "error: nothing is kept (python: 3 rollouts, 0 pass; go: 0 rollouts, 0 pass)" in done.stderr
    shards = str(tmp_path / "run" / "shards")
    rows = load_dataset(shards, "rollouts", cache_dir=str(tmp_path / "cache"))
    assert sum(split.num_rows for split in rows.values()) == 3
    assert {path.parent.name for path in Path(shards).rglob("*.parquet")} == {"rollouts"}
    assert factory("audit", tmp_path / "run").returncode == 0


def test_shards_of_another_export_are_not_those_of_the_summary(place: RunDir, factory: Factory) -> None:
    """They are whole by themselves, and yet lack what the run has kept."""
    gone = next((place.path / "survivors").glob("*.parquet"))
    summary, whole = place.summary_file.read_bytes(), gone.read_bytes()
    beside, ledger = files.digest_file(gone).read_bytes(), place.ledger().path.read_bytes()
    parts.write(gone, Survivor, [], place.name(gone))
    place.log("selected", part=place.name(gone), sha256=files.digest(gone), problem="set/0")
    done = factory("export", place.path)
    assert done.returncode == 1
    assert f"{place.shards}: holds 4 programs in python, and the summary says 6" in done.stderr
    place.summary_file.write_bytes(summary)
    gone.write_bytes(whole)
    files.digest_file(gone).write_bytes(beside)
    place.ledger().path.write_bytes(ledger)
    done = factory("audit", place.path)
    assert done.returncode == 1
    assert f"{place.shards}: holds 4 programs in python, and the summary says 6; remedy: `factory export" in done.stderr
    assert factory("export", place.path).returncode == 0
    assert factory("audit", place.path).returncode == 0


@pytest.fixture
def archive(place: RunDir) -> Iterator[RunDir]:
    """A run that nobody may write to; root is held off by a read-only mount, where it may make one."""
    if os.geteuid() == 0:
        tried = subprocess.run(
            ["mount", "--bind", "-o", "ro", place.path, place.path], capture_output=True, check=False
        )
        if tried.returncode:
            pytest.skip(f"cannot mount: {tried.stderr.decode()}")
        yield place
        subprocess.run(["umount", place.path], check=True)
        return
    for path in [place.path, *place.path.rglob("*")]:
        path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    yield place
    for path in [place.path, *place.path.rglob("*")]:
        path.chmod(path.stat().st_mode | stat.S_IWUSR)


def test_an_archive_can_be_looked_at_audited_and_exported_elsewhere(
    archive: RunDir, tmp_path: Path, factory: Factory
) -> None:
    elsewhere = tmp_path / "new" / "shards"
    for command in (
        ("status",),
        ("audit",),
        ("report", "--out", tmp_path / "page.html"),
        ("export", "--out", elsewhere),
    ):
        done = factory(command[0], archive.path, *command[1:])
        assert done.returncode == 0, done.stderr
    assert {path.name for path in elsewhere.rglob("*")} == {path.name for path in archive.shards.rglob("*")}
    done = factory("export", archive.path)
    assert done.returncode == 1
    assert str(archive.path) in done.stderr
    assert "remedy: another place" in done.stderr


def test_an_export_elsewhere_replaces_shards_and_nothing_else(place: RunDir, tmp_path: Path, factory: Factory) -> None:
    elsewhere = tmp_path / "elsewhere"
    for _ in range(2):
        assert factory("export", place.path, "--out", elsewhere).returncode == 0
    (elsewhere / "notes.txt").write_text("mine")
    done = factory("export", place.path, "--out", elsewhere)
    assert done.returncode == 2
    assert f"{elsewhere}: holds other files than whole shards" in done.stderr
    assert (elsewhere / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("command", ["run", "export"])
def test_a_full_disk_is_named_with_its_path_and_a_remedy(
    finished: Path, tmp_path: Path, command: str, factory: Factory
) -> None:
    place = RunDir(tmp_path / "small" / "run")
    place.path.parent.mkdir()
    tried = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", place.path.parent], check=False)
    if tried.returncode:
        pytest.skip("cannot mount a small file system")
    try:
        if command == "export":
            shutil.copytree(finished / "run", place.path, ignore=shutil.ignore_patterns("shards", "*.html"))
        disk = os.statvfs(place.path.parent)
        room = 24_576 if command == "run" else 0
        (place.path.parent / "ballast").write_bytes(bytes(disk.f_bavail * disk.f_frsize - room))
        if command == "run":
            done = factory("run", finished / "config.yaml", "--run-dir", place.path)
        else:
            done = factory("export", place.path)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert str(place.path) in done.stderr
        assert ": No space left on device; remedy: make room on that disk, and run again" in done.stderr
        (place.path.parent / "ballast").unlink()
        if command == "run":
            done = factory("run", finished / "config.yaml", "--run-dir", place.path)
            assert done.returncode == 0, done.stderr
            assert shards_of(place) == shards_of(RunDir(finished / "run"))
    finally:
        subprocess.run(["umount", place.path.parent], check=True)


def test_what_dead_processes_left_half_written_is_removed(place: RunDir, factory: Factory) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    dead = [
        place.path / "rollouts" / f".x.parquet.{ended.pid}.tmp",
        place.path / f".shards.{ended.pid}.tmp",
        place.path / f".shards.{ended.pid}.old",
    ]
    dead[0].write_bytes(b"half")
    for folder in dead[1:]:
        (folder / "data").mkdir(parents=True)
    living = place.path / f".report.html.{os.getppid()}.tmp"
    living.write_bytes(b"half")
    assert factory("export", place.path).returncode == 0
    assert not any(path.exists() for path in dead)
    assert living.exists()


def test_a_file_system_that_cannot_sync_folders_is_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sync = os.fsync

    def fsync(number: int) -> None:
        if stat.S_ISDIR(os.fstat(number).st_mode):
            raise OSError(22, "Invalid argument")
        sync(number)

    monkeypatch.setattr(os, "fsync", fsync)
    parts.write(tmp_path / "p.parquet", Rollout, [])
    assert parts.read(tmp_path / "p.parquet", Rollout) == []


def test_shards_are_written_below_a_path_with_a_colon(finished: Path, tmp_path: Path, factory: Factory) -> None:
    shutil.copytree(finished / "run", tmp_path / "a:b" / "run")
    assert factory("export", tmp_path / "a:b" / "run").returncode == 0
    assert shards_of(RunDir(tmp_path / "a:b" / "run")) == shards_of(RunDir(finished / "run"))

"""An open run whose files are flipped, cut, lost, swapped or renamed goes on: what is there somewhere is not lost."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from factory.records import Rollout
from factory.run.directory import RunDir
from factory.run.journal import Journal
from factory.run.misplaced import Misplaced, sort_journals
from factory.run.names import slug
from factory.storage import files, parts

Factory = Callable[..., subprocess.CompletedProcess[str]]
Replayed = Callable[..., Path]
GOOD = "def double(x):\n    return 2 * x\n"
OTHER = "def double(x):\n    return x + x\n"
FOLDERS = ("rollouts", "verdicts", "review", "survivors")
"""Of a run that translates nothing: its parts are kept in the same way."""
FILES = ("config.yaml", "config.yaml.sha256", "problems/problems.jsonl", "problems/problems.jsonl.gz", "ledger.jsonl")


@pytest.fixture(scope="module")
def half_done(tmp_path_factory: pytest.TempPathFactory, factory: Factory, replayed: Replayed) -> Path:
    """A run of three problems that ended when two of them were worked off."""
    folder = tmp_path_factory.mktemp("open")
    done = factory("run", replayed(folder, 3, (GOOD, OTHER)), "--run-dir", folder / "run")
    assert done.returncode == 0, done.stderr
    place = RunDir(folder / "run")
    shutil.copytree(place.shards, folder / "shards")
    lines = list(place.ledger())
    place.ledger().path.unlink()
    for line in lines:
        if line.get("problem") == "set/2":
            for path in (place.path / line["part"], files.digest_file(place.path / line["part"])):
                path.unlink(missing_ok=True)
        else:
            place.ledger().append(line["event"], **{key: line[key] for key in line.keys() - {"event", "at"}})
    shutil.rmtree(place.shards)
    place.summary_file.unlink()
    return folder


@pytest.fixture
def place(half_done: Path, tmp_path: Path) -> RunDir:
    shutil.copytree(half_done / "run", tmp_path / "run")
    return RunDir(tmp_path / "run")


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def go_on(place: RunDir, half_done: Path, factory: Factory) -> str:
    """What the next run says, which ends well and ships what an undamaged one does."""
    done = factory("run", half_done / "config.yaml", "--run-dir", place.path)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert bytes_of(place.shards) == bytes_of(half_done / "shards")
    assert factory("audit", "--sample", "0", place.path).returncode == 0, "these programs have been verified"
    return done.stderr


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "flip": flip,
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-9]),
    "lose": lambda path: path.unlink(),
}


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        *((name, damage) for name in (*FILES, "rollouts") for damage in DAMAGE),
        *((name, "flip") for name in FOLDERS[1:]),
    ],
)
def test_damage_to_an_open_run_does_not_end_it(
    place: RunDir, half_done: Path, factory: Factory, name: str, damage: str
) -> None:
    at = place.path / name
    damaged = sorted(at.glob("*.parquet")) if at.is_dir() else [at]
    assert damaged
    for path in damaged:
        DAMAGE[damage](path)
    go_on(place, half_done, factory)


def swap(one: Path, two: Path) -> None:
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)


def swap_with_sidecars(one: Path, two: Path) -> None:
    swap(one, two)
    swap(files.digest_file(one), files.digest_file(two))


def swap_and_sign(one: Path, two: Path) -> None:
    swap(one, two)
    for path in (one, two):
        files.digest_file(path).write_text(f"{files.digest(path)}  {path.name}\n")


def rename(one: Path, two: Path) -> None:
    one.rename(one.with_name("X (1).parquet"))
    two.rename(two.parents[1] / two.name)


SWAPS = (swap, swap_with_sidecars, swap_and_sign, rename)


@pytest.mark.parametrize(
    ("folder", "change"), [*(("rollouts", change) for change in SWAPS), *((folder, swap) for folder in FOLDERS[1:])]
)
def test_parts_under_other_names_are_put_back(
    place: RunDir, half_done: Path, factory: Factory, folder: str, change: Callable[[Path, Path], None]
) -> None:
    before = bytes_of(place.path / folder)
    one, two = sorted((place.path / folder).glob("*.parquet"))[:2]
    change(one, two)
    said = go_on(place, half_done, factory)
    assert "again" not in said
    assert f"{one}: lay under the name " in said
    after = bytes_of(place.path / folder)
    assert {name: after[name] for name in before} == before
    assert not list(place.path.rglob("*.damaged*"))
    assert not list(place.path.rglob("X (1).parquet"))


def test_parts_of_two_kinds_that_are_swapped_are_put_back(place: RunDir, half_done: Path, factory: Factory) -> None:
    swap(*(next((place.path / folder).glob("*set-1*.parquet")) for folder in ("rollouts", "verdicts")))
    assert "again" not in go_on(place, half_done, factory)


def test_a_ring_of_parts_is_put_back(tmp_path: Path) -> None:
    place = RunDir(tmp_path)
    paths = [tmp_path / "rollouts" / f"{name}.parquet" for name in "abcd"]
    for path in paths:
        parts.write(path, Rollout, [Rollout(problem_id=path.stem, index=0, text="t", mode="code")], place.name(path))
        place.log("sampled", part=place.name(path), sha256=files.digest(path))
    before = bytes_of(tmp_path / "rollouts")
    paths[0].rename(tmp_path / "kept")
    for one, two in pairwise(paths):
        two.rename(one)
    (tmp_path / "kept").rename(paths[-1])
    for path in paths:
        RunDir(tmp_path).written.sha256(place.name(path))
        Misplaced(place).put_back(path)
        (row,) = parts.read(path, Rollout, place.written.sha256(place.name(path)), mend=True)
        assert row.problem_id == path.stem
    assert bytes_of(tmp_path / "rollouts") == before


def test_what_the_ledger_does_not_vouch_for_stays_where_it_is(place: RunDir) -> None:
    one, two = sorted((place.path / "rollouts").glob("*.parquet"))[:2]
    shutil.copy(two, one)
    assert Misplaced(place).put_back(one) is None
    assert Misplaced(place).put_back(two) is None
    assert Misplaced(place).put_back(one.with_name("other.parquet")) is None


# ---- journals ----


def rollout(problem: str, index: int, **more: str) -> Rollout:
    return Rollout(problem_id=problem, index=index, text=f"{problem} {index}", mode="chat", **more)


def journal(place: RunDir, folder: str, name: str, *rollouts: Rollout) -> Journal:
    made = Journal(place.open / folder / f"{name}.jsonl")
    made.begin()
    for one in rollouts:
        made.add(one)
    return made


def test_lines_of_journals_go_where_they_belong(tmp_path: Path) -> None:
    place, parent = RunDir(tmp_path), "a" * 64
    a, b, c = map(slug, ("a", "b", "c"))
    later = rollout("c", 0, language="go", parent=parent, repair_of="d" * 64)
    first = rollout("c", 0, language="go", parent=parent)
    lines = {
        ("rollouts", f"{a}.000000-000004"): [rollout("a", 0), rollout("a", 3)],
        ("rollouts", f"{a}.000004-000008"): [rollout("a", 5)],
        ("rollouts", f"{b}.000000-000004"): [rollout("b", 1), rollout("b", 2)],
        ("translations/go/rollouts", f"{c}.{parent[:12]}.0"): [first],
        ("translations/go/rollouts", f"{c}.{parent[:12]}.1.0123abcd"): [later],
    }
    names = list(lines)
    for at, (folder, name) in enumerate(names):
        journal(place, folder, name, *lines[names[at - 1]])
    notes = list(sort_journals(place, ["a", "b", "c"]))
    assert len(notes) == len(names)
    for (folder, name), rollouts in lines.items():
        assert journal(place, folder, name).read() == rollouts
    assert list(sort_journals(place, ["a", "b", "c"])) == []


def test_a_journal_under_a_name_of_no_problem_gets_its_own(tmp_path: Path) -> None:
    place = RunDir(tmp_path)
    wrong = journal(place, "rollouts", "other.000000-000004", rollout("a", 0), rollout("a", 3), rollout("b", 9))
    assert len(list(sort_journals(place, ["a"]))) == 1
    assert [one.index for one in journal(place, "rollouts", f"{slug('a')}.000000-000004").read()] == [0, 3]
    assert [one.problem_id for one in wrong.read()] == ["b"], "no span of b holds index 9"

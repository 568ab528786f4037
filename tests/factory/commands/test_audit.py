"""`factory audit`: everything that is wrong is named, and shipped records are earned again."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import subprocess
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from factory import shards
from factory.commands import audit, export
from factory.errors import DamageWarning, FactoryError
from factory.records import ProblemOutcome, Rollout, sha256
from factory.records.summary import Summary
from factory.run.directory import RunDir
from factory.run.export import outcomes
from factory.run.inventory import check_parts
from factory.storage import files, parts

Factory = Callable[..., subprocess.CompletedProcess[str]]
RewriteLedger = Callable[[RunDir, Callable[[dict[str, Any]], dict[str, Any] | None]], None]
GOOD = "def double(x):\n    return 2 * x\n"
OTHER = "def double(x):\n    return x + x\n"
WRONG = "def double(x):\n    return x\n"
GO = "package main\n\nfunc double(x int) int { return 2 * x }\n"
NAMES = ("set/0", "set/1")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, factory_process: Factory) -> Path:
    folder = tmp_path_factory.mktemp("audit")
    cases = [{"args": [n], "expected": 2 * n, "public": n == 1} for n in (1, 0, -7)]
    problems = [{"id": name, "prompt": "Double.", "entry_point": "double", "cases": cases} for name in NAMES]
    rows = [
        {"problem_id": name, "index": index, "text": text, "mode": "code"}
        for name in NAMES
        for index, text in enumerate((GOOD, OTHER, WRONG))
    ]
    rows += [{"problem_id": name, "index": 0, "text": GO, "mode": "code", "language": "go"} for name in NAMES]
    config = {
        "name": "test",
        "problems": {"path": str(folder / "problems.jsonl")},
        "engine": {"kind": "replay", "path": str(folder / "rollouts.jsonl")},
        "sampling": {"n": 3},
        "translate": {"n": 1},
        "verify": {"canaries": False},  # they have tests of their own
        "executor": {"workers": 1},
        "sandbox": {"backend": "bubblewrap"},
    }
    for name, lines in (("problems", problems), ("rollouts", rows)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    done = factory_process("run", folder / "config.yaml", "--run-dir", folder / "run")
    assert done.returncode == 0, done.stderr
    return folder / "run"


@pytest.fixture
def place(finished: Path, tmp_path: Path) -> RunDir:
    """A copy of a finished run, to be spoilt."""
    shutil.copytree(finished, tmp_path / "run")
    return RunDir(tmp_path / "run")


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_a_run_that_is_whole_passes_and_says_what_was_looked_at(place: RunDir, factory: Factory) -> None:
    before = {path: path.read_bytes() for path in place.path.rglob("*") if path.is_file()}
    done = factory("audit", place.path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "whole: 17 parts, 5 shard files; passed again: 6 of 6 records\n"
    assert {path: path.read_bytes() for path in place.path.rglob("*") if path.is_file()} == before


def test_every_damaged_file_is_named_not_the_first_alone(place: RunDir, factory: Factory) -> None:
    spoilt = [
        next(place.path.glob(pattern))
        for pattern in (
            "rollouts/*.parquet", "verdicts/*.parquet", "review/*.parquet", "survivors/*.parquet",
            "translations/go/rollouts/*.parquet", "translations/go/survivors/*.parquet", "shards/data/go-*.parquet",
            "shards/README.md", "problems/problems.jsonl",
        )
    ]  # fmt: skip
    for path in spoilt:
        flip(path)
    done = factory("audit", place.path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    for path in spoilt:
        assert f"{path}: is damaged" in done.stderr


def told_by_audit(place: RunDir) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DamageWarning)
            asyncio.run(audit.audit(place.open_config(), RunDir(place.path), 0, 0))
    except FactoryError as error:
        return str(error)
    return ""


def test_one_flipped_bit_in_any_file_of_a_run_is_found_and_the_file_named(place: RunDir) -> None:
    assert told_by_audit(place) == ""
    files = [path for path in sorted(place.path.rglob("*")) if path.is_file() and path.name != ".lock"]
    kinds = {path.relative_to(place.path).parts[0] for path in files}
    assert kinds >= {
        "config.yaml", "config.yaml.sha256", "problems", "rollouts", "verdicts", "survivors", "translations", "shards",
        "ledger.jsonl", "summary.json",
    }  # fmt: skip
    for path in files:
        whole = path.read_bytes()
        flip(path)
        # Of a file and its sum that differ, either may be the damaged one.
        names = ["SHA256SUMS"] if path.name == "SHA256SUMS" else [f"{path}: ", f"{str(path).removesuffix('.sha256')}: "]
        assert any(name in told_by_audit(place) for name in names), path
        path.write_bytes(whole)


def test_a_summary_is_compared_with_the_parts_and_made_again_by_an_export(place: RunDir) -> None:
    before = place.summary_file.read_bytes()
    found = Summary.read(place.summary_file)
    for spoilt, fault in (
        (replace(found, problems=9, name="other").as_json(), "is not what the parts come to: another name, problems"),
        (before.replace(b"  ", b" "), "is not what the parts come to: another layout"),
        (before[:-9], "is no summary"),
        (None, "is missing"),
    ):
        place.summary_file.unlink()
        if spoilt is not None:
            place.summary_file.write_bytes(spoilt)
        assert f"{place.summary_file}: {fault}; " in (told := told_by_audit(place))
        assert f"remedy: `factory export {place.path}`" in told
        export.export(place.open_config(), place.open_problems(), place)
        assert place.summary_file.read_bytes() == before
        assert told_by_audit(place) == ""


def test_a_damaged_line_of_the_ledger_is_named_and_a_run_keeps_the_others(place: RunDir, factory: Factory) -> None:
    path = place.ledger().path
    lines = path.read_bytes().split(b"\n")
    lines[2] = lines[2].replace(b"event", b"avent")
    path.write_bytes(b"\n".join(lines))
    for command in ("audit", "status", "report"):
        done = factory(command, place.path)
        assert done.returncode == 1
        assert f"{path}: line 3 is damaged" in done.stderr
    done = factory("run", place.config_file, "--run-dir", place.path)
    assert done.returncode == 0, done.stderr
    assert "ledger.jsonl: damaged in line 3; the other lines are kept" in done.stderr
    (told,) = ledger(place, "damaged")
    assert (told["part"], told["aside"], told["lines"]) == ("ledger.jsonl", "ledger.jsonl.damaged", [3])
    assert len(list(place.ledger())) >= len(lines) - 2
    assert factory("audit", place.path).returncode == 0


def wrong_parts(place: RunDir) -> list[str]:
    return check_parts(place)[1]


GONE = ("rollouts", "verdicts", "review", "survivors", "translations/go/verdicts", "translations/go/survivors")


def test_a_part_that_is_gone_is_missed(place: RunDir, factory: Factory) -> None:
    gone = [next((place.path / folder).glob("*.parquet")) for folder in GONE]
    for path in gone:
        path.unlink()
    told = "is gone, though the ledger says it was written; remedy: run again"
    assert sorted(wrong_parts(place)) == sorted(f"{path}: {told}" for path in gone)
    factory("run", place.config_file, "--run-dir", place.path)
    assert wrong_parts(place) == []


@pytest.mark.parametrize("name", ["config.yaml", "problems/problems.jsonl", "problems/problems.jsonl.gz"])
def test_a_file_with_a_copy_that_is_gone_is_named(place: RunDir, factory: Factory, finished: Path, name: str) -> None:
    (place.path / name).unlink()
    done = factory("audit", place.path)
    assert (done.returncode, f"{place.path / name}: is gone; remedy: run again" in done.stderr) == (1, True)
    assert factory("run", finished.parent / "config.yaml", "--run-dir", place.path).returncode == 0
    assert wrong_parts(place) == []


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folder", "pipe"])
def test_a_part_that_is_no_file_is_named_and_not_waited_for(
    place: RunDir, factory: Factory, make: Callable[[Path], None]
) -> None:
    path = next((place.path / "rollouts").glob("*.parquet"))
    path.unlink()
    make(path)
    assert wrong_parts(place) == [f"{path}: is no file; remedy: move it aside, and run again"]
    done = factory("run", place.config_file, "--run-dir", place.path)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert f"{path}: cannot be read (it is no file); remedy: move it aside, and run again" in done.stderr
    path.rename(place.path.parent / "aside")
    assert factory("run", place.config_file, "--run-dir", place.path).returncode == 0
    assert wrong_parts(place) == []


def test_a_folder_in_place_of_a_digest_is_named(place: RunDir, factory: Factory) -> None:
    beside = files.digest_file(next((place.path / "rollouts").glob("*.parquet")))
    beside.unlink()
    beside.mkdir()
    done = factory("run", place.config_file, "--run-dir", place.path)
    assert done.returncode == 1
    assert f"error: {beside}: Is a directory; remedy: move it aside, and run again" in done.stderr


def test_a_part_whose_digest_is_gone_is_named(place: RunDir) -> None:
    path = next((place.path / "survivors").glob("*.parquet"))
    files.digest_file(path).unlink()
    (told,) = wrong_parts(place)
    assert str(path) in told


def test_rollouts_put_in_place_of_the_sampled_ones_are_told(place: RunDir) -> None:
    path = next((place.path / "rollouts").glob("*.parquet"))
    rollouts = parts.read(path, Rollout)
    parts.write(path, Rollout, [one.model_copy(update={"text": "other"}) for one in rollouts])
    assert wrong_parts(place) == [f"{path}: is not the part that the ledger says was sampled"]


def test_what_a_kill_left_half_written_is_no_part(place: RunDir) -> None:
    (place.path / "rollouts" / ".set-0.parquet.99.tmp").write_bytes(b"half")
    assert wrong_parts(place) == []


def test_every_foreign_file_is_named_and_left_alone(place: RunDir, factory: Factory) -> None:
    part = next((place.path / "rollouts").glob("*.parquet"))
    odd = [
        part.with_name(f"._{part.name}"),
        part.with_name(f"{part.stem} (1).parquet"),
        part.with_name("note\udcff.txt"),
    ]
    odd += [place.path / ".DS_Store", place.path / "problems" / "old.jsonl", place.path / "survivors" / "x.parquet"]
    for path in odd:
        path.write_bytes(part.read_bytes())
    assert wrong_parts(place) == [f"{path}: is not of this run; remedy: move it away" for path in sorted(odd)]
    before = {path: path.read_bytes() for path in place.shards.rglob("*") if path.is_file()}
    for command in ("run", "export"):
        given = ("run", place.config_file, "--run-dir", place.path) if command == "run" else (command, place.path)
        assert factory(*given).returncode == 0
    assert {path: path.read_bytes() for path in place.shards.rglob("*") if path.is_file()} == before
    assert all(path.exists() for path in odd)


def rewritten(place: RunDir, change: Callable[[ProblemOutcome], ProblemOutcome]) -> None:
    """Shards that are whole, of a run that is whole, and yet not true."""
    config, problems = place.open_config(), place.open_problems()
    shards.write(place.shards, config, map(change, outcomes(config, problems, place)), Summary("test", 1, {}))


def test_a_record_that_does_not_pass_is_an_error_that_names_it(place: RunDir, factory: Factory) -> None:
    def forge(outcome: ProblemOutcome) -> ProblemOutcome:
        first, *others = outcome.survivors
        return replace(outcome, survivors=(replace(first, code=WRONG, code_sha256=sha256(WRONG)), *others))

    rewritten(place, forge)
    done = factory("audit", place.path, "--sample", "100")
    assert done.returncode == 1
    for name in NAMES:
        told = f"{name}/python/{sha256(WRONG)[:12]}: does not pass again: wrong_answer: case 0: answered 1, expected 2"
        assert told in done.stderr
    assert done.stderr.count("does not pass again") == 2


def test_a_record_with_other_tests_or_other_code_than_it_says_is_an_error(place: RunDir, factory: Factory) -> None:
    def change(outcome: ProblemOutcome) -> ProblemOutcome:
        if outcome.problem.id == NAMES[0]:
            easy = outcome.problem.model_copy(update={"cases": outcome.problem.cases[:1]})
            return replace(outcome, problem=easy, translated=easy)
        return replace(outcome, survivors=tuple(replace(one, code=f"{one.code}\n") for one in outcome.survivors))

    rewritten(place, change)
    done = factory("audit", place.path)
    assert done.returncode == 1
    assert done.stderr.count("its tests are not those of its problem") == 3
    assert done.stderr.count("its code is not that of its code_sha256") == 3


def test_none_of_the_records_when_none_is_asked_for(place: RunDir, factory: Factory) -> None:
    done = factory("audit", place.path, "--sample", "0")
    assert done.returncode == 0
    assert "passed again: 0 of 6 records" in done.stdout


def chosen(place: RunDir, sample: int, seed: int) -> list[tuple[Path, int]]:
    return audit.chosen_rows(sorted(place.shards.glob("data/*.parquet")), sample, seed)


def test_the_sample_is_told_by_its_seed(place: RunDir, tmp_path: Path) -> None:
    assert chosen(place, 3, 0) == chosen(place, 3, 0)
    assert len({tuple(chosen(place, 3, seed)) for seed in range(20)}) > 5
    assert len(chosen(place, 100, 0)) == 6
    assert set(chosen(place, 2, 7)) <= set(chosen(place, 3, 7))


def test_rows_are_read_as_they_were_chosen(place: RunDir, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "BATCH", 1)
    all_rows = list(audit.read_rows(chosen(place, 6, 0)))
    assert len({row["id"] for row in all_rows}) == 6
    some = list(audit.read_rows(chosen(place, 2, 0)))
    assert all(row in all_rows for row in some)
    assert len(some) == 2


def test_a_run_without_shards_is_nothing_to_audit(place: RunDir, factory: Factory) -> None:
    shutil.rmtree(place.shards)
    done = factory("audit", place.path)
    assert done.returncode == 2
    assert f"remedy: `factory export {place.path}`" in done.stderr


# ---- damage and the run ----


def ledger(place: RunDir, event: str) -> Iterator[dict[str, Any]]:
    return (line for line in place.ledger() if line["event"] == event)


def test_a_damaged_rollouts_part_is_kept_aside_and_sampled_again(place: RunDir, factory: Factory) -> None:
    before = {path.name: path.read_bytes() for path in place.shards.rglob("*") if path.is_file()}
    damaged = [
        next(place.path.glob(pattern)) for pattern in ("rollouts/*.parquet", "translations/go/rollouts/*.parquet")
    ]
    whole = {path: path.read_bytes() for path in damaged}
    for number in ("", "-2"):
        for path in damaged:
            flip(path)
        spoilt = {path: path.read_bytes() for path in damaged}
        done = factory("run", place.config_file, "--run-dir", place.path)
        assert done.returncode == 0, done.stderr
        for path in damaged:
            aside = path.with_name(f"{path.name}.damaged{number}")
            assert f"sampled again, the damaged part is now {aside.name}: {path}: is damaged" in done.stderr
            assert aside.read_bytes() == spoilt[path]
            assert path.read_bytes() == whole[path], "these rollouts are recorded, and so the same"
    names = [str(path.relative_to(place.path)) for path in damaged]
    assert sorted(line["part"] for line in ledger(place, "damaged")) == sorted(2 * names)
    assert {path.name: path.read_bytes() for path in place.shards.rglob("*") if path.is_file()} == before
    assert factory("audit", place.path).returncode == 0


def test_verdicts_do_not_outlive_the_rollouts_they_were_made_of(
    place: RunDir, factory: Factory, rewrite_ledger: RewriteLedger
) -> None:
    path = next((place.path / "rollouts").glob("set-0*.parquet"))
    path.unlink()
    # An engine would sample others; a replay gives others where nothing is known of its file.
    rewrite_ledger(place, lambda line: line | {"inputs": {}} if line["event"] == "started" else line)
    recorded = Path(place.open_config().engine.path)  # type: ignore[union-attr]
    before = recorded.read_text()
    try:
        recorded.write_text(before.replace("return x + x", "return x - x"))
        done = factory("run", place.config_file, "--run-dir", place.path)
        assert f"sampled again: {path}: is gone, though the ledger says it was written" in done.stderr
        assert done.returncode == 0
    finally:
        recorded.write_text(before)
    python = json.loads(place.summary_file.read_text())["languages"]["python"]["by_problem"]["set/0"]
    assert (python["passed"], python["drops"]) == (1, {"wrong_answer": 2})
    assert factory("audit", place.path).returncode == 0


def test_a_rollouts_part_that_is_whole_but_cannot_be_read_stops_the_run(place: RunDir, factory: Factory) -> None:
    """Such as one of another kind: sampling over it would throw away what was paid for."""
    path = next((place.path / "rollouts").glob("*.parquet"))
    shutil.copy(next((place.path / "survivors").glob("*.parquet")), path)
    before = path.read_bytes()
    files.digest_file(path).write_text(f"{hashlib.sha256(before).hexdigest()}  {path.name}\n")
    done = factory("run", place.config_file, "--run-dir", place.path)
    assert done.returncode == 1
    assert f"{path}: holds survivors, not rollouts" in done.stderr
    assert path.read_bytes() == before


def test_the_ledger_tells_what_was_asked_and_what_each_unit_cost(place: RunDir) -> None:
    (started,) = ledger(place, "started")
    assert started["factory_version"]
    assert started["config"] == place.open_config().model_dump(mode="json")
    sampled = list(ledger(place, "sampled"))
    assert len(sampled) == 4
    for line in sampled:
        path = place.path / line["part"]
        assert line["sha256"] == files.digest_file(path).read_text().split()[0]
        rollouts = parts.read(path, Rollout)
        assert line["indices"] == [rollouts[0].index, rollouts[-1].index]
        assert line["rollouts"] == len(rollouts)
        assert {
            "sampling",
            "models",
            "templates",
            "prompt_tokens",
            "completion_tokens",
            "wall_s",
            "retries",
        } <= line.keys()
    translated = next(line for line in sampled if "translations" in line["part"])
    assert translated["sampling"]["temperature"] == 0.6
    for line in ledger(place, "verified"):
        assert (line["retries"], line["cpu_s"] > 0) == (0, True)
        assert line["sha256"] == files.digest_file(place.path / line["part"]).read_text().split()[0]

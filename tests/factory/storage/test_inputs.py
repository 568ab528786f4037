"""Problems, rollouts and benchmarks that lie behind a URL."""

from __future__ import annotations

import errno
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from factory.commands import translate
from factory.errors import ConfigError, RolloutError, StoreError
from factory.records import Rollout
from factory.sampling.rollout_files import read_rollouts
from factory.storage import inputs, remote
from factory.storage.remote import Store

Factory = Callable[..., subprocess.CompletedProcess[str]]
Replayed = Callable[..., Path]
PROGRAMS = ("def double(x):\n    return 2 * x\n", "def double(x):\n    return x * x\n")


def line(index: int) -> str:
    return json.dumps({"problem_id": "p", "index": index, "text": "x", "mode": "code"}) + "\n"


def indices(place: str) -> list[int]:
    return [it.index for it in read_rollouts(place) if isinstance(it, Rollout)]


def test_a_run_reads_problems_rollouts_and_benchmarks_from_a_bucket(
    object_store: Any, tmp_path: Path, factory: Factory, replayed: Replayed
) -> None:
    config = yaml.safe_load(replayed(tmp_path / "here", 2, PROGRAMS).read_text())
    (tmp_path / "here" / "other.txt").write_text("Something else, of which nothing is repeated.")
    config["decontamination"] = {"benchmarks": [{"name": "own", "path": str(tmp_path / "here" / "other.txt")}]}
    (tmp_path / "here.yaml").write_text(yaml.safe_dump(config))
    files = object_store.files()
    for name in ("problems.jsonl", "rollouts.jsonl", "other.txt"):
        files.put_file(str(tmp_path / "here" / name), f"{object_store.bucket}/in/{name}")
    config["problems"]["path"] = object_store.url("in/problems.jsonl")
    config["engine"]["path"] = object_store.url("in/rollouts.jsonl")
    config["decontamination"]["benchmarks"][0]["path"] = object_store.url("in/other.txt")
    (tmp_path / "there.yaml").write_text(yaml.safe_dump(config))
    for name in ("here", "there"):
        ran = factory("run", tmp_path / f"{name}.yaml", "--run-dir", tmp_path / f"run-{name}")
        assert ran.returncode == 0, ran.stderr
    here, there = (
        {it.name: it.read_bytes() for it in (tmp_path / f"run-{name}" / "shards").rglob("*.parquet")}
        for name in ("here", "there")
    )
    assert here == there
    kept = (tmp_path / "run-there" / "config.yaml").read_text()
    assert object_store.url("in/rollouts.jsonl") in kept
    ledger = (tmp_path / "run-there" / "ledger.jsonl").read_text()
    assert "the-secret-itself" not in kept + ledger + ran.stderr
    again = factory("run", tmp_path / "there.yaml", "--run-dir", tmp_path / "run-there")
    assert "was finished before" in again.stderr
    files.pipe_file(f"{object_store.bucket}/in/rollouts.jsonl", line(0).encode())
    other = factory("run", tmp_path / "there.yaml", "--run-dir", tmp_path / "run-there")
    assert other.returncode == 2
    assert object_store.url("in/rollouts.jsonl") in other.stderr


@pytest.mark.parametrize("behind_a_url", [False, True])
def test_a_run_replays_a_folder(
    object_store: Any, tmp_path: Path, factory: Factory, replayed: Replayed, behind_a_url: bool
) -> None:
    config = replayed(tmp_path / "here", 1, PROGRAMS)
    (tmp_path / "here" / "folder").mkdir()
    for number, text in enumerate((tmp_path / "here" / "rollouts.jsonl").read_text().splitlines()):
        (tmp_path / "here" / "folder" / f"{number}.jsonl").write_text(text)
    object_store.files().put(str(tmp_path / "here" / "folder"), f"{object_store.bucket}/folder", recursive=True)
    place = object_store.url("folder") if behind_a_url else tmp_path / "here" / "folder"
    again = ("run", config, "--run-dir", tmp_path / "run", "--set", f"engine.path={place}")
    ran = factory(*again)
    assert ran.returncode == 0, ran.stderr
    assert "was finished before" in factory(*again).stderr
    if behind_a_url:
        object_store.files().pipe_file(f"{object_store.bucket}/folder/2.jsonl", line(7).encode())
    else:
        (tmp_path / "here" / "folder" / "2.jsonl").write_text(line(7))
    other = factory(*again)
    assert other.returncode == 2
    assert "the file holds other rollouts" in other.stderr


def test_translate_reads_survivors_behind_a_url(object_store: Any) -> None:
    place, row = object_store.url("kept.jsonl"), {"problem_id": "set/0", "code": PROGRAMS[0]}
    object_store.files().pipe_file(f"{object_store.bucket}/kept.jsonl", json.dumps(row).encode() + b"\n{}\n")
    with pytest.raises(RolloutError, match=f"^{place}:2: a survivor has problem_id and code"):
        translate._programs(place)
    object_store.files().pipe_file(f"{object_store.bucket}/kept.jsonl", json.dumps(row).encode())
    assert [it.text for it in translate._programs(place)] == [PROGRAMS[0]]


def test_a_name_that_begins_with_another_is_another_file(object_store: Any) -> None:
    files = object_store.files()
    files.pipe_file(f"{object_store.bucket}/rows.jsonl", line(0).encode())
    files.pipe_file(f"{object_store.bucket}/rows.jsonl.bak/x.jsonl", line(1).encode())
    assert indices(object_store.url("rows.jsonl")) == [0]
    assert indices(object_store.url("rows.jsonl.bak")) == [1]


def test_verify_and_problems_take_urls_on_the_command_line(
    object_store: Any, tmp_path: Path, factory: Factory, replayed: Replayed
) -> None:
    replayed(tmp_path / "here", 2, PROGRAMS)
    files = object_store.files()
    for name in ("problems.jsonl", "rollouts.jsonl"):
        files.put_file(str(tmp_path / "here" / name), f"{object_store.bucket}/{name}")
    found = factory("problems", object_store.url("problems.jsonl"))
    assert found.returncode == 0, found.stderr
    problems, rollouts = object_store.url("problems.jsonl"), object_store.url("rollouts.jsonl")
    ran = factory("verify", "--problems", problems, "--rollouts", rollouts, "--out", tmp_path / "out")
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "out" / "verdicts.parquet").exists()


def test_a_folder_is_read_in_the_order_of_names_and_follows_the_store(object_store: Any) -> None:
    files, place = object_store.files(), object_store.url("in")
    for name, text in {"b.jsonl": line(1), "a.jsonl": line(0), "deep/c.jsonl": line(2)}.items():
        files.pipe_file(f"{object_store.bucket}/in/{name}", text.encode())
    assert indices(place) == [0, 1, 2]
    object_store.asked.clear()
    assert indices(place) == [0, 1, 2]
    assert not any(path.endswith(".jsonl") for _, path in object_store.asked), "what is the same is not copied again"
    files.pipe_file(f"{object_store.bucket}/in/b.jsonl", line(7).encode())
    files.rm_file(f"{object_store.bucket}/in/a.jsonl")
    assert indices(place) == [7, 2]
    files.rm(f"{object_store.bucket}/in", recursive=True)
    files.pipe_file(f"{object_store.bucket}/in", line(3).encode())
    with pytest.raises(RolloutError, match="in: the name of a rollout file ends in"):
        indices(place)


def test_what_is_wrong_names_the_url(object_store: Any) -> None:
    place = object_store.url("rows.jsonl")
    with pytest.raises(RolloutError, match=f"^{place}: no such file"):
        indices(place)
    object_store.files().pipe_file(f"{object_store.bucket}/rows.jsonl", line(0).encode() + b"{}\n")
    (_, unread) = read_rollouts(place)
    assert str(unread).startswith(f"{place}:2: ")


def test_a_key_in_a_url_is_refused_and_not_shown() -> None:
    for url in ("s3://name:hidden@bucket/x.jsonl", "https://host/x.jsonl?sig=hidden"):
        with pytest.raises(ConfigError) as found:
            inputs.local(url)
        assert "hidden" not in str(found.value)


def test_a_url_of_which_nothing_is_known_is_an_error() -> None:
    with pytest.raises(ConfigError, match="quux://x: is no URL that can be read"):
        inputs.local("quux://x")


def test_a_missing_library_names_the_extra(tmp_path: Path) -> None:
    code = (
        "import sys\nsys.modules['s3fs'] = None\nfrom factory.storage.inputs import local\n"
        "from factory.errors import ConfigError\n"
        "try:\n    local('s3://bucket/x')\nexcept ConfigError as error:\n    print(error)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert "pip install 'rollout-factory[s3]'" in ran.stdout


def test_a_name_that_leads_out_of_the_folder_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ROLLOUT_FACTORY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(Store, "find", lambda self: {"../../out.jsonl": "1"})
    with pytest.raises(StoreError, match="leads out of the folder"):
        inputs.local("memory://in")
    assert not (tmp_path / "out.jsonl").exists()


def test_refused_requests_are_sent_again(object_store: Any) -> None:
    object_store.files().pipe_file(f"{object_store.bucket}/rows.jsonl", line(0).encode())
    left = [500, 503, 500]
    object_store.fault = lambda method, path: left.pop() if left else 0
    assert indices(object_store.url("rows.jsonl")) == [0]
    assert not left


def test_a_store_that_stays_away_is_one_clear_error(object_store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "PATIENCE_S", 0.5)
    object_store.fault = lambda method, path: 500
    with pytest.raises(StoreError, match=r"s3://.*/rows.jsonl: the store did not do what was asked .*remedy") as found:
        indices(object_store.url("rows.jsonl"))
    assert found.value.exit_code == 1
    assert "the-secret-itself" not in str(found.value)


def test_keys_that_are_refused_are_one_clear_error(object_store: Any) -> None:
    object_store.fault = lambda method, path: 403
    with pytest.raises(StoreError, match="the store refuses it"):
        indices(object_store.url("rows.jsonl"))


def test_no_keys_are_one_clear_error_at_once(object_store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(StoreError, match=r"the store refuses it .* in the environment"):
        indices(object_store.url("rows.jsonl"))


def test_a_slow_store_is_waited_for(object_store: Any) -> None:
    object_store.files().pipe_file(f"{object_store.bucket}/rows.jsonl", line(0).encode())
    slow = [1.5]
    object_store.fault = lambda method, path: slow.pop() if slow and path.endswith(".jsonl") else 0
    assert indices(object_store.url("rows.jsonl")) == [0]
    assert not slow


def test_a_full_disk_is_no_fault_of_the_store(object_store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    object_store.files().pipe_file(f"{object_store.bucket}/rows.jsonl", line(0).encode())

    def full(self: object, rpath: str, lpath: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", lpath)

    monkeypatch.setattr("s3fs.S3FileSystem.get_file", full)
    with pytest.raises(OSError, match="No space left"):
        indices(object_store.url("rows.jsonl"))


def test_a_damaged_index_costs_a_copy_and_nothing_else(object_store: Any, tmp_path: Path) -> None:
    object_store.files().pipe_file(f"{object_store.bucket}/rows.jsonl", line(0).encode())
    place = object_store.url("rows.jsonl")
    assert indices(place) == [0]
    (index,) = (tmp_path / "cache" / "inputs").rglob(".objects.json")
    index.write_text("{")
    shutil.rmtree(index.parent / "rows.jsonl", ignore_errors=True)
    assert indices(place) == [0]


def test_what_a_killed_copy_left_is_not_read(object_store: Any, tmp_path: Path) -> None:
    object_store.files().pipe_file(f"{object_store.bucket}/in/a.jsonl", line(0).encode())
    place = object_store.url("in")
    assert indices(place) == [0]
    (folder,) = (tmp_path / "cache" / "inputs").iterdir()
    (folder / "in" / "b.jsonl").write_text(line(1))
    assert indices(place) == [0]

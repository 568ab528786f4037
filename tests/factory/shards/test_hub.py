"""`factory push` with the real client against a hub of our own, and the data set read back from it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from factory.run.directory import RunDir

NAME = "someone/data"
COMMIT = r"POST /api/datasets/someone/data/commit/"
XET_TOKEN = r"GET /api/datasets/someone/data/xet-write-token/main"
UPLOAD = r"^PUT /lfs/|^POST /xet/v1/xorbs/"
READ_BACK = """
import json, sys
from datasets import load_dataset
told = {}
for name in ("default", "python", "go", "sft", "pairs"):
    rows = load_dataset(sys.argv[1], name, split="train", cache_dir=sys.argv[2], revision=sys.argv[3])
    told[name] = [row.get("id") for row in rows]
told["streamed"] = [row["id"] for row in
    load_dataset(sys.argv[1], "sft", split="train", streaming=True, revision=sys.argv[3])]
print(json.dumps(told))
"""


class Client:
    """Runs commands that speak to the hub: it is chosen by the environment, which the client reads at import."""

    def __init__(
        self, hub: Any, small_hub: ModuleType, exported: RunDir, tmp_path: Path, way: str, start: Callable[..., Any]
    ) -> None:
        self.hub, self.run_dir, self.home, self._start = hub, exported.path, tmp_path / "home", start
        self.secrets = (small_hub.TOKEN, small_hub.READER)
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("HF_")},
            "HF_ENDPOINT": hub.url, "HF_TOKEN": small_hub.TOKEN, "HF_HOME": str(self.home),
            "HF_HUB_DISABLE_XET": "1" if way == "lfs" else "0",
        }  # fmt: skip

    def start(self, *arguments: str, **env: str | None) -> Any:
        given = {name: value for name, value in (self.env | env).items() if value is not None}
        return self._start("push", self.run_dir, *arguments, env=given)

    def end(self, process: Any) -> subprocess.CompletedProcess[str]:
        done: subprocess.CompletedProcess[str] = process.end()
        said = done.stdout + done.stderr
        assert not any(secret in said for secret in (*self.secrets, "s3cr3t")), "a secret was printed"
        assert "Traceback" not in done.stderr
        return done

    def push(self, *arguments: str, **env: str | None) -> subprocess.CompletedProcess[str]:
        return self.end(self.start(*(arguments or (NAME,)), **env))

    def read_back(self, revision: str = "main") -> dict[str, list[str]]:
        command = [sys.executable, "-c", READ_BACK, NAME, str(self.home / "cache"), revision]
        done = subprocess.run(command, capture_output=True, text=True, env=self.env, check=False, timeout=120)
        assert done.returncode == 0, done.stderr
        found: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
        return found


@pytest.fixture
def client(
    hub: Any, small_hub: ModuleType, exported: RunDir, tmp_path: Path, request: pytest.FixtureRequest, warm: Any
) -> Client:
    return Client(hub, small_hub, exported, tmp_path, getattr(request, "param", "xet"), warm.start)


BOTH_WAYS = pytest.mark.parametrize("client", ["xet", "lfs"], indirect=True)
"""How large files go: as they do by default, and as they do where HF_HUB_DISABLE_XET is set or hf_xet is not there."""


def files(client: Client, branch: str = "main") -> dict[str, bytes]:
    return {name: blob.data for name, blob in client.hub.repos[NAME].tree(branch).items() if name != ".gitattributes"}


def shards(client: Client) -> dict[str, bytes]:
    folder = client.run_dir / "shards"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_archive_that_nobody_may_write_to_is_pushed(client: Client) -> None:
    """Root is held off by a read-only mount, where it may make one."""
    place = client.run_dir
    if os.geteuid() == 0:
        tried = subprocess.run(["mount", "--bind", "-o", "ro", place, place], capture_output=True, check=False)
        if tried.returncode:
            pytest.skip(f"cannot mount: {tried.stderr.decode()}")
    else:
        for path in [*place.rglob("*"), place]:
            path.chmod(path.stat().st_mode & 0o555)
    try:
        done = client.push()
    finally:
        if os.geteuid() == 0:
            subprocess.run(["umount", place], check=True)
        else:
            for path in [place, *place.rglob("*")]:
                path.chmod(path.stat().st_mode | 0o200)
    assert done.returncode == 0, done.stderr
    assert files(client) == shards(client)


def once(pattern: str, do: Callable[[], tuple[int, dict[str, str]] | None]) -> Any:
    """Trouble at the first request that matches."""
    waiting = [do]

    def trouble(method: str, path: str) -> tuple[int, dict[str, str]] | None:
        if waiting and re.match(pattern, f"{method} {path}"):
            return waiting.pop()()
        return None

    return trouble


@BOTH_WAYS
def test_a_push_is_one_private_commit_that_load_dataset_reads_back(client: Client) -> None:
    done = client.push()
    assert done.returncode == 0, done.stderr
    repo = client.hub.repos[NAME]
    assert repo.private
    assert repo.log == ["Upload verified shards"]
    assert f"commit {repo.branches['main']}" in done.stdout
    assert files(client) == shards(client)
    found = client.read_back()
    assert len(found["python"]) == len(found["go"]) == len(found["pairs"]) == 3
    assert sorted(found["default"]) == sorted(found["python"] + found["go"]) == sorted(found["sft"])
    assert found["streamed"] == found["sft"]


@BOTH_WAYS
def test_the_same_content_again_is_no_commit_and_no_upload(client: Client) -> None:
    client.push()
    before = client.hub.repos[NAME].branches["main"]
    client.hub.requests.clear()
    done = client.push()
    assert done.returncode == 0
    assert "already there" in done.stdout
    assert client.hub.repos[NAME].branches["main"] == before
    assert not client.hub.asked(f"{UPLOAD}|/commit/|/preupload/|^POST")


def test_what_changed_is_uploaded_and_what_an_old_export_left_is_deleted(
    client: Client, small_hub: ModuleType, export_anew: Callable[[int], None]
) -> None:
    client.push()
    repo, old = client.hub.repos[NAME], shards(client)
    repo.commit("main", {**repo.tree("main"), "notes.md": small_hub.Blob(b"mine", False)}, "by hand")
    export_anew(4)
    client.hub.requests.clear()
    done = client.push()
    assert done.returncode == 0, done.stderr
    assert files(client) == {**shards(client), "notes.md": b"mine"}
    gone = [name for name in old if name.endswith(".parquet")]
    assert f"pushed {len(shards(client))}, deleted {len(gone)}" in done.stdout
    assert repo.log == ["Upload verified shards", "by hand", "Upload verified shards"]


def test_a_name_alone_is_the_users_own(client: Client) -> None:
    done = client.push("data")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{NAME}: pushed")


def test_a_dry_run_changes_nothing(client: Client) -> None:
    done = client.push(NAME, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert f"would push {len(shards(client))}, would delete 0" in done.stdout
    assert client.hub.repos == {}
    assert not client.hub.asked("^(POST|PUT) ")


def test_a_branch_is_made_and_main_left_alone(client: Client) -> None:
    done = client.push(NAME, "--revision", "v2")
    assert done.returncode == 0, done.stderr
    assert files(client, "v2") == shards(client)
    assert files(client, "main") == {}
    assert "already there" in client.push(NAME, "--revision", "v2").stdout
    assert len(client.read_back("v2")["sft"]) == 6


def test_public_only_when_asked(client: Client, small_hub: ModuleType) -> None:
    client.push(NAME, "--public")
    assert not client.hub.repos[NAME].private
    done = client.push()
    assert done.returncode == 2
    assert "is public" in done.stderr
    assert "--public" in done.stderr
    assert client.push(NAME, "--public").returncode == 0


# ---- what comes between ----


@BOTH_WAYS
def test_a_push_killed_between_upload_and_commit_goes_on_without_uploading_again(client: Client) -> None:
    process = client.start(NAME)

    def kill() -> tuple[int, dict[str, str]]:
        process.kill()
        return 500, {}

    client.hub.trouble = once(COMMIT, kill)
    client.end(process)
    assert process.returncode == -9
    assert client.hub.repos[NAME].log == []
    assert client.hub.asked(UPLOAD)
    assert len(client.hub.objects) == sum(name.endswith(".parquet") for name in shards(client))
    client.hub.requests.clear()
    done = client.push()
    assert done.returncode == 0, done.stderr
    assert not client.hub.asked(UPLOAD)
    assert client.hub.repos[NAME].log == ["Upload verified shards"]
    assert files(client) == shards(client)


def test_a_commit_of_another_in_between_is_kept(client: Client, small_hub: ModuleType) -> None:
    def another() -> None:
        repo = client.hub.repos[NAME]
        repo.commit("main", {**repo.tree("main"), "notes.md": small_hub.Blob(b"theirs", False)}, "theirs")

    client.hub.trouble = once(COMMIT, another)
    done = client.push()
    assert done.returncode == 0, done.stderr
    assert "HTTP 412" in done.stderr
    assert client.hub.repos[NAME].log == ["theirs", "Upload verified shards"]
    assert files(client) == {**shards(client), "notes.md": b"theirs"}
    assert len(client.hub.asked(COMMIT)) == 2


def test_a_commit_whose_answer_was_lost_is_not_made_twice(client: Client) -> None:
    client.hub.lost = once(COMMIT, lambda: (503, {}))
    done = client.push()
    assert done.returncode == 0, done.stderr
    assert "HTTP 503" in done.stderr
    assert client.hub.repos[NAME].log == ["Upload verified shards"]
    assert files(client) == shards(client)


@pytest.mark.parametrize("where", [COMMIT, "POST /api/repos/create", "POST /api/datasets/.*/preupload/"])
def test_a_busy_hub_is_waited_for_as_long_as_it_asks(client: Client, where: str) -> None:
    client.hub.trouble = once(where, lambda: (429, {"Retry-After": "1"}))
    done = client.push()
    assert done.returncode == 0, done.stderr
    assert "429" in done.stderr
    assert len(client.hub.asked(where)) == 2
    assert client.hub.repos[NAME].log == ["Upload verified shards"]


@pytest.mark.parametrize("where", [XET_TOKEN, "POST /xet/v1/xorbs/", "POST /xet/v2/shards"])
def test_a_busy_storage_is_waited_for(client: Client, where: str) -> None:
    client.hub.trouble = once(where, lambda: (429, {"Retry-After": "1"}))
    done = client.push()
    assert done.returncode == 0, done.stderr
    assert len(client.hub.asked(where)) == 2
    assert files(client) == shards(client)


# ---- refusals ----


def test_without_a_token_in_the_environment_nothing_is_asked(client: Client) -> None:
    client.home.mkdir()
    (client.home / "token").write_text(client.secrets[0])  # of `hf auth login`: not what a batch tool should find
    for token in (None, "", "  "):
        done = client.push(NAME, HF_TOKEN=token)
        assert done.returncode == 2
        assert "HF_TOKEN: is not set" in done.stderr
        assert "https://huggingface.co/settings/tokens" in done.stderr
    assert client.hub.requests == []


@pytest.mark.parametrize("name", [NAME, "data"])
def test_a_token_that_is_none_is_refused(client: Client, name: str) -> None:
    done = client.push(name, HF_TOKEN="hf_wrongwrongwrong")
    assert done.returncode == 2
    assert "the hub refuses (401)" in done.stderr
    assert "HF_TOKEN" in done.stderr
    assert "hf_wrongwrongwrong" not in done.stdout + done.stderr


def test_a_token_without_rights_is_refused(client: Client, small_hub: ModuleType, export_anew: Any) -> None:
    done = client.push(NAME, HF_TOKEN=small_hub.READER)
    assert done.returncode == 2
    assert "the hub refuses (403)" in done.stderr
    assert "may write there" in done.stderr
    client.push()
    export_anew(2)
    done = client.push(NAME, HF_TOKEN=small_hub.READER)
    assert done.returncode == 2
    assert "(403)" in done.stderr
    assert client.hub.repos[NAME].log == ["Upload verified shards"]


@pytest.mark.parametrize("where", [XET_TOKEN, "POST /xet/v1/xorbs/"])
@pytest.mark.parametrize("status", [401, 403])
def test_a_storage_that_refuses_is_told_like_the_hub(client: Client, where: str, status: int) -> None:
    client.hub.trouble = lambda method, path: (status, {}) if re.match(where, f"{method} {path}") else None
    done = client.push()
    assert done.returncode == 2
    assert f"the hub refuses ({status})" in done.stderr
    assert "HF_TOKEN" in done.stderr
    assert client.hub.repos[NAME].log == []


def test_the_name_space_of_another_is_refused(client: Client) -> None:
    done = client.push("other/data")
    assert done.returncode == 2
    assert "other/data: the hub refuses (403)" in done.stderr


def test_a_name_that_is_none_is_refused(client: Client) -> None:
    done = client.push("a/b/c")
    assert done.returncode == 2
    assert "a/b/c: names no repository" in done.stderr


def test_damaged_shards_are_not_pushed(client: Client) -> None:
    path = next((client.run_dir / "shards" / "data").glob("*.parquet"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    done = client.push()
    assert done.returncode == 1
    assert f"{path}: is damaged" in done.stderr
    assert "nothing was pushed" in done.stderr
    assert client.hub.requests == []


def test_a_run_without_shards_says_so(client: Client) -> None:
    (client.run_dir / "shards").rename(client.run_dir / "elsewhere")
    done = client.push()
    assert done.returncode == 2
    assert f"factory export {client.run_dir}" in done.stderr


def test_a_hub_that_cannot_be_reached_is_our_failure(client: Client) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import factory.shards.hub as h; h.TRIES = 1; from factory.cli import main; main()",
         "push", str(client.run_dir), NAME],
        env=client.env | {"HF_ENDPOINT": "http://127.0.0.1:9"}, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert f"error: {NAME}: " in done.stderr
    assert "run the same again" in done.stderr
    assert "Traceback" not in done.stderr

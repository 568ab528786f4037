"""Runs on an endpoint that refuses or dies, and runs that are killed: what came is kept, and not asked for again."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from factory.records import Rollout, Verdict
from factory.records.summary import Summary
from factory.run.directory import RunDir
from factory.run.journal import Journal
from factory.run.names import slug
from factory.run.summary import summarize
from factory.storage import parts

GOOD = "```python\ndef double(x):\n    return 2 * x\n```"
KEYS = {"RUN_KEY": "sk-planted-one", "HTTP_PROXY_PASSWORD": "planted-two"}
Behave = Callable[[int, dict[str, Any]], Any]


class Place:
    """A config of two problems, and an endpoint whose behaviour a test sets."""

    def __init__(self, folder: Path, server: Any) -> None:
        self.folder, self.server = folder, server
        self.behave: Behave
        names = ("set/0", "set/1")
        cases = [{"args": [n], "expected": 2 * n} for n in (1, 0, -7)]
        rows = [{"id": name, "prompt": f"Double {name}.", "entry_point": "double", "cases": cases} for name in names]
        (folder / "problems.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        self.config(patience_s=0.3)

    def config(self, **engine: Any) -> Path:
        path = self.folder / "config.yaml"
        base = {"kind": "openai", "model": "m", "base_url": self.server.url, "in_flight": 4}
        config = {
            "name": "test",
            "problems": {"path": str(self.folder / "problems.jsonl"), "check_reference": False},
            "engine": base | engine,
            "sampling": {"n": 8},
            "verify": {"chunk": 4, "canaries": False},
            "translate": {"targets": []},
            "executor": {"workers": 1},
            "sandbox": {"backend": "bubblewrap"},
            "shards": {"views": ["sft", "rollouts"]},
        }
        path.write_text(yaml.safe_dump(config))
        return path

    def graded(self, run: str) -> dict[str, int]:
        """How many verdicts there are, by status."""
        found: dict[str, int] = {}
        for path in (self.folder / run / "verdicts").glob("*.parquet"):
            for verdict in parts.read(path, Verdict):
                found[verdict.status.value] = found.get(verdict.status.value, 0) + 1
        return found

    def kept(self, run: str) -> list[tuple[str, int]]:
        """Problem and index of every rollout that is kept, in a part or in a journal."""
        root = self.folder / run
        rollouts = [it for path in (root / "rollouts").glob("*.parquet") for it in parts.read(path, Rollout)]
        rollouts += [it for path in (root / "open").rglob("*.jsonl") for it in Journal(path).read()]
        return sorted({(it.problem_id, it.index) for it in rollouts})

    def ledger(self, run: str, event: str) -> list[dict[str, Any]]:
        lines = map(json.loads, (self.folder / run / "ledger.jsonl").read_text().splitlines())
        return [line for line in lines if line["event"] == event]

    def digests(self, run: str) -> dict[str, str]:
        shards = self.folder / run / "shards"
        return {
            str(path.relative_to(shards)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in shards.rglob("*")
            if path.is_file()
        }


@pytest.fixture
def place(tmp_path: Path, endpoint: ModuleType) -> Iterator[Place]:
    def behave(number: int, body: dict[str, Any]) -> Any:
        return found.behave(number, body)

    with endpoint.Endpoint(behave).running() as server:
        found = Place(tmp_path, server)
        found.behave = lambda *_: endpoint.chat(GOOD)
        yield found


def test_one_refusal_costs_one_rollout(place: Place, endpoint: ModuleType, factory: Any) -> None:
    def refuse(number: int, body: dict[str, Any]) -> Any:
        refused = number > 0 and "set/0" in str(body) and place.server.asked[number - 1] and number in refusals
        return (403, {}, {"error": {"message": "flagged"}}) if refused else endpoint.chat(GOOD)

    refusals = {2, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18}
    place.behave = refuse
    done = factory("run", place.config(in_flight=1, max_refused=0.9), "--run-dir", place.folder / "run")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    lost = place.ledger("run", "unanswered")
    count = sum(line["refused"] for line in lost)
    assert 1 <= count < 8
    assert all("403 Forbidden: flagged" in line["reason"] for line in lost)
    assert sum(place.graded("run").values()) == 16 - count
    summary = json.loads((place.folder / "run/summary.json").read_text())
    assert summary["unanswered"] == {"refused": count}
    assert f"have not come: refused {count}" in done.stdout
    place.behave = lambda *_: endpoint.chat(GOOD)
    before = len(place.server.asked)
    assert factory("run", place.config(), "--run-dir", place.folder / "run").returncode == 0
    assert len(place.server.asked) - before == count, "only what is missing is asked for"
    assert sum(place.graded("run").values()) == 16
    assert not list((place.folder / "run/open").rglob("*.jsonl"))
    assert factory("run", place.config(), "--run-dir", place.folder / "calm").returncode == 0
    assert place.digests("run") == place.digests("calm")
    tokens = sum(line["completion_tokens"] for line in place.ledger("run", "sampled"))
    assert tokens == 16 * 3, "each answer is counted once"


def test_a_run_of_which_nothing_came_fails_and_says_why(place: Place, factory: Any) -> None:
    place.behave = lambda *_: (400, {}, {"error": {"message": "no such parameter"}})
    done = factory("run", place.config(max_refused=1.0), "--run-dir", place.folder / "run")
    assert done.returncode == 1
    assert "16 of 16 rollouts have not come, which is all of them" in done.stderr
    assert "status 400 Bad Request: no such parameter" in done.stderr
    assert not (place.folder / "run/shards").exists()


def test_more_refusals_than_allowed_fail_and_what_came_is_graded(
    place: Place, endpoint: ModuleType, factory: Any
) -> None:
    place.behave = lambda _, body: (422, {}, b"no") if "set/1" in str(body) else endpoint.chat(GOOD)
    done = factory("run", place.config(), "--run-dir", place.folder / "run")
    assert done.returncode == 1
    assert "8 of 16 rollouts have not come, more than engine.max_refused (5.0%)" in done.stderr
    assert sum(place.graded("run").values()) == 8
    done = factory("run", place.config(max_refused=0.5), "--run-dir", place.folder / "run")
    assert done.returncode == 0, done.stderr
    assert "skipped set/1" in done.stdout
    assert sum(place.graded("run").values()) == 8


def test_what_has_not_come_is_asked_for_again_in_slices(place: Place, endpoint: ModuleType, factory: Any) -> None:
    place.behave = lambda number, body: (
        (403, {}, {"error": {"message": "flagged"}})
        if "set/0" in str(body) and number in (2, *range(8, 19))
        else endpoint.chat(GOOD)
    )
    sliced = ("--run-dir", place.folder / "run", "--set", "slice=1")
    done = factory("run", place.config(in_flight=1, max_refused=0.9), *sliced)
    assert done.returncode == 0, done.stderr
    assert len(list((place.folder / "run/slices").glob("*/slice.json"))) == 2
    missing = json.loads((place.folder / "run/summary.json").read_text())["unanswered"]["refused"]
    place.behave = lambda *_: endpoint.chat(GOOD)
    before = len(place.server.asked)
    for _ in range(2):
        assert factory("run", place.config(), *sliced).returncode == 0
        assert len(place.server.asked) - before == missing > 0, "what is missing, once"
    assert json.loads((place.folder / "run/summary.json").read_text())["unanswered"] == {}
    assert factory("run", place.config(), "--run-dir", place.folder / "calm").returncode == 0
    digests = [{name: it for name, it in place.digests(run).items() if ".parquet" in name} for run in ("run", "calm")]
    assert digests[0] == digests[1]


def test_an_answer_that_was_broken_off_is_neither_graded_nor_shipped(
    place: Place, endpoint: ModuleType, factory: Any
) -> None:
    place.behave = lambda number, _: (
        endpoint.chat("```python\ndef doub", "abort") if number % 2 else endpoint.chat(GOOD)
    )
    done = factory("run", place.config(max_refused=1.0, in_flight=1), "--run-dir", place.folder / "run")
    assert done.returncode == 0, done.stderr
    assert place.graded("run").keys() <= {"passed", "duplicate"}
    assert max(line["lost_tokens"] for line in place.ledger("run", "engine")) >= 3
    assert json.loads((place.folder / "run/summary.json").read_text())["cost"]["lost_tokens"] >= 3


def test_an_endpoint_that_dies_leaves_what_came_graded(place: Place, endpoint: ModuleType, factory: Any) -> None:
    place.behave = lambda number, _: endpoint.chat(GOOD) if number < 7 else (503, {}, b"gone")
    done = factory("run", place.config(patience_s=0.2), "--run-dir", place.folder / "run")
    assert done.returncode == 1
    assert "status 503 Service Unavailable: gone; no answer within engine.patience_s" in done.stderr
    assert done.stderr.count("error:") == 1
    kept = place.kept("run")
    assert len(kept) == 7
    assert sum(place.graded("run").values()) == 7
    before = len(place.server.asked)
    place.behave = lambda *_: endpoint.chat(GOOD)
    assert factory("run", place.config(), "--run-dir", place.folder / "run").returncode == 0
    assert len(place.server.asked) - before == 9
    assert factory("run", place.config(), "--run-dir", place.folder / "calm").returncode == 0
    assert place.digests("run") == place.digests("calm")


def test_answers_in_the_journal_of_another_problem_are_its_own(
    place: Place, endpoint: ModuleType, factory: Any
) -> None:
    def answer(body: dict[str, Any]) -> Any:
        name = "set/0" if "set/0" in str(body) else "set/1"
        return endpoint.chat(GOOD.replace("return", f"# {name}\n    return"))

    place.behave = lambda number, body: answer(body) if number % 2 else (403, {}, {"error": {"message": "flagged"}})
    config = place.config(in_flight=1, max_refused=0.9)
    assert factory("run", config, "--run-dir", place.folder / "run").returncode == 0
    before = sorted(place.kept("run"))
    names = [f"{name}.{span}" for name in map(slug, ("set/0", "set/1")) for span in ("000000-000004", "000004-000008")]
    journals = [place.folder / "run/open/rollouts" / f"{name}.jsonl" for name in names]
    for path in journals:  # as a run leaves them that ends before any part is written
        part = place.folder / "run/rollouts" / f"{path.stem}.parquet"
        for rollout in parts.read(part, Rollout):
            Journal(path).begin()
            Journal(path).add(rollout)
        RunDir(place.folder / "run").log("dropped", part=f"rollouts/{part.name}")
        part.unlink()
    told = [path.read_bytes() for path in journals]
    for at, path in enumerate(journals):
        path.write_bytes(told[(at + 2) % 4])
    asked = len(place.server.asked)
    place.behave = lambda _, body: answer(body)
    done = factory("run", place.config(), "--run-dir", place.folder / "run")
    assert done.returncode == 0, done.stderr
    assert "rollout(s) of other parts are put into the journals of those" in done.stderr
    assert len(place.server.asked) - asked == 16 - len(set(before))
    for path in (place.folder / "run/rollouts").glob("*.parquet"):
        assert all(f"# {it.problem_id}\n" in it.text for it in parts.read(path, Rollout))
    assert factory("run", place.config(), "--run-dir", place.folder / "calm").returncode == 0
    assert place.digests("run") == place.digests("calm")


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_what_was_paid_for_before_a_kill_is_not_asked_for_again(
    place: Place, endpoint: ModuleType, factory: Any, end: signal.Signals, warm: Any
) -> None:
    """Ended thrice in the middle of a chunk, each time when three more answers are there."""
    allowed = threading.Semaphore(0)

    def some(*_: Any) -> Any:
        allowed.acquire()
        return endpoint.chat(GOOD)

    place.behave = some
    run = place.folder / "run"
    config = place.config(in_flight=2)
    for count in (3, 6, 9):
        process = warm.start("run", config, "--run-dir", run)
        allowed.release(3)
        deadline = time.monotonic() + 100
        while len(place.kept("run")) < count:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(end)
        told = process.communicate(timeout=60)[1]
        assert process.returncode == (-end if end is signal.SIGKILL else 130), told
        left = count - sum(place.graded("run").values())
        assert summary_now(place).ungraded == left
        if end is not signal.SIGKILL:
            kept = f"{left} rollout(s) that came are kept, and not graded yet; " if left else ""
            assert told.splitlines()[-1].startswith(f"stopped; {kept}to go on, run `factory run")
        while place.server.open:  # the answers that nobody waits for any more
            allowed.release()
            time.sleep(0.02)
        assert len(place.kept("run")) == count
        while allowed.acquire(blocking=False):
            pass
    allowed.release(1000)
    before = len(place.server.asked)
    assert factory("run", config, "--run-dir", run).returncode == 0
    assert len(place.server.asked) - before == 7
    assert factory("run", config, "--run-dir", place.folder / "calm").returncode == 0
    assert place.digests("run") == place.digests("calm")
    assert sum(line["rollouts"] for line in place.ledger("run", "sampled")) == 16


def summary_now(place: Place) -> Summary:
    found = RunDir(place.folder / "run")
    return summarize(found.open_config(), found.open_problems(), found)


def test_status_counts_rollouts_that_are_not_graded(place: Place, endpoint: ModuleType, factory: Any) -> None:
    config, run = place.config(), place.folder / "run"
    assert factory("run", config, "--run-dir", run).returncode == 0
    assert summary_now(place).ungraded == 0
    for name in ("verdicts", "review", "survivors"):
        shutil.rmtree(run / name)
    (run / "ledger.jsonl").unlink()  # which would say that they are gone
    assert summary_now(place).ungraded == 16
    told = "rollouts that have come and are not graded yet: 16; run again to grade them"
    assert told in factory("status", run).stdout
    assert factory("run", config, "--run-dir", run).returncode == 0
    assert summary_now(place).ungraded == 0


def test_keys_are_found_nowhere(
    place: Place, endpoint: ModuleType, factory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The endpoint repeats the key in every way that it can; a proxy's address holds a password."""
    key = KEYS["RUN_KEY"]
    monkeypatch.setenv("RUN_KEY", f"{key}\n")
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:{KEYS['HTTP_PROXY_PASSWORD']}@127.0.0.1:9")

    def repeats(number: int, _: Any) -> Any:
        said = {"error": {"message": f"bad key {key}, Bearer {key}", "code": [400, 429, 502][number % 3]}}
        return [(400, {}, said), (429, {}, said), (502, {}, said), (200, {}, said), (403, {}, key.encode())][number % 5]

    place.behave = lambda number, body: repeats(number, body) if number < 20 else endpoint.chat(GOOD)
    printed = ""
    for engine in ({}, {"base_url": "https://localhost:9/v1"}, {"base_url": f"http://me:{key}@127.0.0.1:9/v1"}):
        settings = place.config(api_key_env="RUN_KEY", patience_s=1.5, max_refused=1.0, **engine)
        done = factory("run", settings, "--run-dir", place.folder / "run")
        printed += done.stdout + done.stderr
        settings.unlink()
    assert "bad key ***" in printed
    written = b"".join(path.read_bytes() for path in place.folder.rglob("*") if path.is_file())
    for planted in KEYS.values():
        assert planted not in printed
        assert planted.encode() not in written
    assert os.environ["RUN_KEY"].strip() == key

"""Runs that ask the model for inputs and preconditions: each problem once, the answer kept, nothing of it believed."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from factory.commands.audit import audit
from factory.config import load
from factory.errors import AuditError, ConfigError
from factory.records import Review, Rollout
from factory.run.directory import RunDir
from factory.storage import parts

CASES = [{"args": [[n, 2, n + 3]], "expected": n + 3} for n in (5, 8, 13)]
LARGEST = (
    *("max(v)", "sorted(v)[-1]", "-min(-n for n in v)", "sorted(v)[::-1][0]", "max([*v])", "max(v, key=int)"),
    *("sorted(v, reverse=True)[0]", "max(*v, v[0])", "[n for n in v if n >= max(v)][0]", "max(v) if 1 not in v else 7"),
)
PROGRAMS = tuple(f"def top(v):\n    return {text}\n" for text in LARGEST)
"""The last is wrong where a list holds a 1, which no case has, so that no generated input has one either."""
ANSWER = """```python
top([1, 3, 4])
top([1])
top(__import__('os').listdir('/'))
assert len(v) > 0
assert all(one == 8 for one in v)
```"""
"""Of the two conditions, the problem's cases satisfy the first alone."""


class Place:
    """A run on an endpoint that answers a request for inputs with `answer`, and any other with one of `PROGRAMS`."""

    def __init__(self, folder: Path, endpoint: ModuleType) -> None:
        self.folder, self._endpoint = folder, endpoint
        self.answer: Any = endpoint.chat(ANSWER)
        self.asked = 0
        self.given: Counter[bool] = Counter()
        """Programs by whether they are for the first problem."""
        self.url = ""
        row = {"entry_point": "top", "starter_code": "def top(v):\n", "cases": CASES}
        names = [f"set/{number}" for number in range(2)]
        lines = [json.dumps({"id": name, "prompt": f"Largest of {name}."} | row) + "\n" for name in names]
        (folder / "problems.jsonl").write_text("".join(lines))

    def behave(self, number: int, body: dict[str, Any]) -> Any:
        if "Do not solve this task" in str(body):
            self.asked += 1
            return self.answer
        first = "Largest of set/0." in str(body)
        self.given[first] += 1
        return self._endpoint.chat(f"```python\n{PROGRAMS[self.given[first] % len(PROGRAMS)]}```")

    @property
    def solved(self) -> int:
        return self.given.total()

    def config(self, inputs_from: tuple[str, ...] = ("generated", "model"), n: int = 12, **more: Any) -> Path:
        path = self.folder / "config.yaml"
        config: dict[str, Any] = {
            "name": "test",
            "problems": {"path": str(self.folder / "problems.jsonl")},
            "engine": {"kind": "openai", "model": "m", "base_url": self.url, "in_flight": 1},
            "sampling": {"n": n},
            "verify": {"canaries": False},
            "review": {"inputs_from": list(inputs_from), "inputs": 16, "mutants": 0},
            "translate": {"targets": []},
            "executor": {"workers": 1},
            "sandbox": {"backend": "bubblewrap"},
            "shards": {"views": ["sft", "rl", "rollouts"]},
        }
        path.write_text(yaml.safe_dump(config | more))
        return path

    def lines(self, run: str, event: str) -> list[dict[str, Any]]:
        lines = map(json.loads, (self.folder / run / "ledger.jsonl").read_text().splitlines())
        return [line for line in lines if line["event"] == event]

    def reviews(self, run: str) -> list[Review]:
        paths = sorted((self.folder / run / "review").glob("*.parquet"))
        return [review for path in paths for review in parts.read(path, Review)]

    def shards(self, run: str) -> dict[str, bytes]:
        root = self.folder / run / "shards"
        return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture
def place(tmp_path: Path, endpoint: ModuleType) -> Iterator[Place]:
    found = Place(tmp_path, endpoint)
    with endpoint.Endpoint(found.behave).running() as server:
        found.url = server.url
        yield found


def test_a_model_names_the_input_on_which_a_program_is_wrong(place: Place, factory: Any) -> None:
    run = place.folder / "run"
    assert factory("run", place.config(("generated",)), "--run-dir", place.folder / "plain").returncode == 0
    assert (place.asked, place.lines("plain", "asked")) == (0, [])
    assert all(not review.rejected for review in place.reviews("plain"))
    done = factory("run", place.config(), "--run-dir", run)
    assert done.returncode == 0, done.stderr
    assert place.asked == 2, "each problem is asked about once"
    for review in place.reviews("run"):
        (rejected,) = review.rejected.values()
        assert rejected.by == "derived"
        assert "for [1" in rejected.detail
        assert (review.named, review.preconditions) == (2, ("len(v) > 0",))
        assert review.excluded > 0
    (one, other) = place.lines("run", "asked")
    assert {one["problem"], other["problem"]} == {"set/0", "set/1"}
    for line in (one, other):
        (answer,) = parts.read(run / line["part"], Rollout, line["sha256"])
        assert answer.text == ANSWER
    sampled = sum(line["completion_tokens"] for line in place.lines("run", "sampled"))
    cost = json.loads((run / "summary.json").read_text())["cost"]
    assert cost["completion_tokens"] == sampled + 2 * 3
    assert cost["rollouts"] == 24
    assert "4 of these inputs were named by the model; its preconditions excluded" in done.stdout
    assert json.loads((run / "summary.json").read_text())["review"]["named"] == 4


def test_a_resumed_or_extended_run_asks_nothing_twice(place: Place, factory: Any) -> None:
    run = place.folder / "run"
    assert factory("run", place.config(n=6), "--run-dir", run).returncode == 0
    shards = place.shards("run")
    for folder in ("review", "survivors", "shards"):
        for path in (run / folder).rglob("*.*"):
            path.unlink()
    asked = place.asked, place.solved
    assert factory("run", place.config(n=6), "--run-dir", run).returncode == 0
    assert (place.asked, place.solved) == asked
    assert place.shards("run") == shards
    assert factory("run", place.config(n=12), "--run-dir", run).returncode == 0
    assert (place.asked, place.solved) == (2, 24)
    assert all(review.named == 2 for review in place.reviews("run"))
    asyncio.run(audit(load(place.config()), RunDir(run), sample=2, seed=0))


def test_an_answer_that_does_not_come_is_asked_for_by_the_next_run(
    place: Place, endpoint: ModuleType, factory: Any
) -> None:
    place.answer = 403, {}, {"error": {"message": "flagged"}}
    engine = {"kind": "openai", "model": "m", "base_url": place.url, "in_flight": 1, "max_refused": 0.5}
    done = factory("run", place.config(engine=engine), "--run-dir", place.folder / "run")
    assert done.returncode == 0, done.stderr
    assert "have not come: refused 2" in done.stdout
    assert all((review.answer_sha256, review.named) == ("", 0) for review in place.reviews("run"))
    assert {line["of"].partition("/")[0] for line in place.lines("run", "unanswered")} == {"inputs"}
    place.answer = endpoint.chat(ANSWER)
    solved = place.solved
    done = factory("run", place.config(engine=engine), "--run-dir", place.folder / "run")
    assert done.returncode == 0, done.stderr
    assert place.solved == solved
    assert "have not come" not in done.stdout
    assert all(len(review.rejected) == 1 for review in place.reviews("run"))
    place.given.clear()
    assert factory("run", place.config(engine=engine), "--run-dir", place.folder / "calm").returncode == 0
    assert place.shards("run") == place.shards("calm")


def test_a_damaged_answer_is_found_set_aside_and_asked_for_again(place: Place, factory: Any) -> None:
    run = place.folder / "run"
    assert factory("run", place.config(), "--run-dir", run).returncode == 0
    damaged = sorted((run / "inputs").glob("*.parquet"))[0]
    damaged.write_bytes(damaged.read_bytes()[:-9])
    with pytest.raises(AuditError) as found:
        asyncio.run(audit(load(place.config()), RunDir(run), sample=2, seed=0))
    assert str(damaged) in str(found.value)
    shards = place.shards("run")
    assert factory("run", place.config(), "--run-dir", run).returncode == 0
    assert place.asked == 3
    assert damaged.with_name(f"{damaged.name}.damaged").exists()
    assert place.shards("run") == shards
    (damaged.parent / "stranger.parquet").write_bytes(b"x")
    with pytest.raises(AuditError, match="is not of this run"):
        asyncio.run(audit(load(place.config()), RunDir(run), sample=2, seed=0))


def test_slices_keep_the_answers_and_lack_none(place: Place, endpoint: ModuleType, factory: Any) -> None:
    assert factory("run", place.config(), "--run-dir", place.folder / "whole").returncode == 0
    place.asked = 0
    place.given.clear()
    engine = {"kind": "openai", "model": "m", "base_url": place.url, "in_flight": 1, "max_refused": 0.5}
    settings: dict[str, Any] = {"slice": 1, "engine": engine}
    place.answer = 403, {}, {"error": {"message": "flagged"}}
    assert factory("run", place.config(**settings), "--run-dir", place.folder / "run").returncode == 0
    facts = [json.loads(path.read_text()) for path in (place.folder / "run").glob("slices/*/slice.json")]
    assert [it["complete"] for it in facts] == [False, False], "the next run has something to ask"
    place.answer = endpoint.chat(ANSWER)
    for _ in range(2):
        assert factory("run", place.config(**settings), "--run-dir", place.folder / "run").returncode == 0
    assert (place.asked, place.solved) == (4, 24)
    for number in range(2):
        sealed = RunDir(place.folder / "run").slice(number)
        assert not (sealed.path / "inputs").exists()
        (name,) = (name for name in sealed.sealed if name.startswith("inputs/"))
        assert sealed.read(sealed.path / name, Rollout)[0].text == ANSWER
    assert place.shards("run") == place.shards("whole")
    asyncio.run(audit(load(place.config(**settings)), RunDir(place.folder / "run"), sample=2, seed=0))


def test_a_replay_has_no_model_to_ask(place: Place, factory: Any) -> None:
    replay = {"kind": "replay", "path": str(place.folder / "problems.jsonl")}
    with pytest.raises(ConfigError, match=r"review\.inputs_from: 'model' asks the first engine for inputs"):
        load(place.config(engine=replay))
    done = factory("run", place.config(engine=replay), "--run-dir", place.folder / "run")
    assert done.returncode == 2
    assert "remedy: review.inputs_from: [generated]" in done.stderr


def test_translating_given_programs_asks_for_no_inputs(place: Place, factory: Any) -> None:
    given = place.folder / "given.jsonl"
    given.write_text(json.dumps({"problem_id": "set/0", "code": PROGRAMS[0]}) + "\n")
    arguments = ("--problems", place.folder / "problems.jsonl", "--survivors", given, "--out", place.folder / "run")
    done = factory("translate", *arguments, "--config", place.config())
    assert done.returncode == 0, done.stderr
    assert place.asked == 0
    assert place.reviews("run")

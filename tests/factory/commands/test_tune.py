"""`factory tune` on an endpoint: what is taken, what the guard refuses, what cannot run, and how it goes on."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from factory.config import load
from factory.tuning.decision import decided
from factory.tuning.trial import Measured, Trial

GOOD = "```python\ndef double(x):\n    return 2 * x\n```"
BAD = "```python\ndef double(x):\n    return x\n```"
Tune = Callable[..., Any]


class Served:
    """An endpoint that knows three models: one good, one that errs, and one that it refuses."""

    def __init__(self, endpoint: ModuleType) -> None:
        self.asked: list[str] = []
        self._lock = threading.Lock()
        self._endpoint = endpoint

    def answer(self, number: int, body: dict[str, Any]) -> Any:
        with self._lock:
            self.asked.append(body["model"])
        time.sleep(0.01)
        if body["model"] == "unknown":
            return 404, {}, {"error": {"message": "no such model"}}
        return self._endpoint.chat(GOOD if body["model"] == "good" else BAD)


@pytest.fixture
def served(endpoint: ModuleType, replayed: Callable[..., Path], tmp_path: Path) -> Iterator[tuple[Served, Path]]:
    found = Served(endpoint)
    with endpoint.Endpoint(found.answer).running() as server:
        engine = {"kind": "openai", "model": "good", "base_url": server.url, "in_flight": 2, "patience_s": 0.5}
        yield found, replayed(tmp_path / "given", 6, ("",), engine=engine, cost={"cpu_hour": 0.1})


def test_a_setting_that_loses_pass_rate_is_refused_and_one_that_cannot_run_is_passed_over(
    served: tuple[Served, Path], factory: Tune, tmp_path: Path
) -> None:
    endpoint, config = served
    out = tmp_path / "out"
    command = ("tune", config, "--out", out, "--problems", 4, "--n", 8, "--try", "engine.model=[good, bad, unknown]")
    done = factory(*command)
    assert done.returncode == 0, done.stderr
    found = json.loads((out / "tune.json").read_text())
    assert [trial["settings"] for trial in found] == [{}, {"engine.model": "bad"}, {"engine.model": "unknown"}]
    first, bad, unknown = found
    assert first["decision"] == "the config as it is"
    assert first["pass_at_1"][0] == 1
    assert (first["rollouts"], first["completion_tokens"], first["kept"]) == (32, 96, 4)
    assert first["tokens_per_s"] == pytest.approx(96 / first["sampling_s"], rel=1e-2)
    assert bad["decision"].startswith("refused: it loses pass rate beyond chance: pass@1 -1.000")
    assert unknown["decision"].startswith("cannot run: ")
    assert "no such model" in unknown["fault"]
    assert load(out / "tuned.yaml") == load(config), "nothing was better than the config as it is"
    asked = len(endpoint.asked)
    assert endpoint.asked.count("good") == endpoint.asked.count("bad") == 32
    again = factory(*command)
    assert again.returncode == 0, again.stderr
    assert endpoint.asked[asked:].count("good") == endpoint.asked[asked:].count("bad") == 0
    assert json.loads((out / "tune.json").read_text())[:2] == found[:2]


def test_every_setting_gets_as_many_rollouts_whatever_the_plan(
    served: tuple[Served, Path], factory: Tune, tmp_path: Path
) -> None:
    _, config = served
    plan = {"kind": "adaptive", "first": 2, "stop": {"survivors": 1}}
    sampling = {"plan": plan, "budget": {"tokens": 9}}
    config.write_text(yaml.safe_dump(yaml.safe_load(config.read_text()) | {"sampling": sampling}))
    done = factory("tune", config, "--out", tmp_path / "out", "--problems", 2, "--n", 5, "--try", "engine.in_flight=3")
    assert done.returncode == 0, done.stderr
    assert [trial["rollouts"] for trial in json.loads((tmp_path / "out/tune.json").read_text())] == [10, 10]
    assert load(tmp_path / "out/tuned.yaml").sampling == load(config).sampling


def test_what_pays_is_written_with_what_the_user_gave(
    served: tuple[Served, Path], factory: Tune, tmp_path: Path
) -> None:
    """Sixteen requests at once, each of at least 10 ms, against one: the difference is no matter of the machine."""
    _, config = served
    out = tmp_path / "out"
    tries = ("--try", "engine.in_flight=16")
    done = factory("tune", config, "--out", out, "--n", 8, "--set", "engine.in_flight=1", "--set", "name=mine", *tries)
    assert done.returncode == 0, done.stderr
    best = load(out / "tuned.yaml")
    assert best.engine.in_flight == 16  # type: ignore[union-attr]
    assert best.name == "mine"
    assert best.problems == load(config).problems
    assert "changed: engine.in_flight=16" in done.stdout
    assert yaml.safe_load((out / "tuned.yaml").read_text())["sampling"] == {"n": 1}


def test_a_value_that_a_key_does_not_take_is_refused_before_anything_is_sampled(
    served: tuple[Served, Path], factory: Tune, tmp_path: Path
) -> None:
    endpoint, config = served
    done = factory("tune", config, "--out", tmp_path / "out", "--try", "engine.in_flight=[4, many]")
    assert done.returncode == 2
    assert "--try engine.in_flight" in done.stderr
    assert '"many" is not allowed' in done.stderr
    assert endpoint.asked == []


def test_a_config_that_cannot_run_ends_it(served: tuple[Served, Path], factory: Tune, tmp_path: Path) -> None:
    _, config = served
    done = factory("tune", config, "--out", tmp_path / "out", "--set", "engine.model=unknown")
    assert done.returncode == 1
    assert "the config as it is cannot be measured" in done.stderr
    assert not (tmp_path / "out" / "tuned.yaml").exists()


def measured(passed: int, seconds: float) -> Measured:
    counts = {str(number): (16, passed) for number in range(32)}
    return Measured(512, 51_200, seconds, 60.0, 1, 0, 32, counts)


@pytest.mark.parametrize(
    ("passed", "seconds", "decision"),
    [
        (8, 50, "taken: 2.00 times"),
        (8, 98, "not taken: 1.02 times"),
        (7, 50, "refused: it loses pass rate beyond chance: pass@1 -0.062"),
        (9, 50, "taken: 2.00 times"),
    ],
)
def test_what_becomes_of_a_setting(passed: int, seconds: float, decision: str) -> None:
    first = Trial({}, measured(8, 100))
    trial = Trial({"engine.max_num_seqs": 64}, measured(passed, seconds), against=first.measured)
    found = decided(trial, first)
    assert found.decision.startswith(decision)
    assert found.taken is decision.startswith("taken")

"""The marks on config fields, and what follows from them: resume, config_sha256, the manifest, schema and docs."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from factory.config import Config
from factory.config.base import Section, values_of
from factory.config.marks import Resume, VariesWhen
from factory.config.resume import differences, keys, settled, varies

BASE: dict[str, Any] = {"name": "test", "problems": {"path": "p"}, "engine": {"kind": "vllm", "model": "m"}}
OPENAI = {"kind": "openai", "model": "m", "base_url": "http://x/v1"}
ENGINE_FREE = {
    "in_flight", "restarts", "gpu_memory_utilization", "cpu_kv_cache_gb", "tensor_parallel_size", "data_parallel_size",
    "retries", "timeout_s", "base_url", "api_key_env", "patience_s", "max_refused", "rollouts_per_request",
    "server", "price", "price.prompt", "price.completion",
}  # fmt: skip
FREE = {
    "name", "run_dir", "slice", "verify.canaries", "decontamination.near_duplicate",
    "executor.kind", "executor.workers", "executor.stuck_s",
    "executor.address", "executor.gpus_per_worker", "executor.cpus_per_worker", "executor.verifiers",
    "sandbox.backend", "sandbox.isolation", "sandbox.memory_mb", "sandbox.processes",
    "shards.views", "shards.splits", "shards.holdout", "shards.rows", "shards.max_bytes", "shards.evidence",
    "shards.prompts", "shards.answers",
    "cost.gpu_hour", "cost.cpu_hour", "observers",
    *(f"engine.{name}" for name in ENGINE_FREE), *(f"translate.engine.{name}" for name in ENGINE_FREE),
}  # fmt: skip


def config(**sections: Any) -> Config:
    return Config.model_validate(BASE | sections)


def marks(model: type[Section], kind: type) -> dict[str, list[Any]]:
    return {key: [mark for mark in field.metadata if isinstance(mark, kind)] for key, field in values_of(model)}


# ---- the marks ----


def test_no_field_has_two_marks_of_a_kind() -> None:
    for kind in (Resume, VariesWhen):
        assert {key: found for key, found in marks(Config, kind).items() if len(found) > 1} == {}


def test_every_key_of_a_written_config_is_one_of_the_values() -> None:
    known = {key for key, _ in values_of(Config)}
    for engine in (BASE["engine"], OPENAI, {"kind": "replay", "path": "r"}):
        written = config(engine=engine, translate={"engine": engine}).model_dump(mode="json")
        assert {key for key, value in flat(written).items() if value != {}} <= known


def flat(data: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(data, dict) or not data:
        return {prefix[:-1]: data}
    return {key: value for name, inner in data.items() for key, value in flat(inner, f"{prefix}{name}.").items()}


def test_a_section_itself_has_no_mark() -> None:
    assert not {"limits", "sampling"} & {key for key, _ in values_of(Config)}
    assert {"engine", "translate.engine", "decontamination.benchmarks"} <= {key for key, _ in values_of(Config)}


def test_what_may_change_and_what_may_grow() -> None:
    assert set(keys(Config, Resume.FREE)) == FREE
    ceilings = [
        f"max_limits.{name}" for name in ("cpu_s", "wall_s", "memory_mb", "processes", "output_kb", "open_files")
    ]
    plan = ["sampling.n", "sampling.plan.n_max", "sampling.plan.stop.survivors"]
    plan += ["sampling.budget", *(f"sampling.budget.{unit}" for unit in ("tokens", "usd", "gpu_hours"))]
    assert keys(Config, Resume.EXTENDS) == [
        *ceilings,
        "problems.limit",
        "generators",
        *plan,
        "translate.survivors",
        "translate.generators",
    ]
    assert keys(Config, Resume.SHRINKS) == ["sampling.plan.stop.least_yield"]


def test_the_schema_carries_one_mark_a_value() -> None:
    schema = Config.model_json_schema()
    assert schema["properties"]["name"]["x-resume"] == "free"
    assert "x-resume" not in schema["properties"]["limits"]
    found: Counter[str] = Counter()
    for section in schema["$defs"].values():
        found.update(field.get("x-resume", "none") for field in section.get("properties", {}).values())
    assert found.pop("none") == 4, "sections themselves: sampling.plan, its stop, and two of a generator"
    assert found.keys() == {"free", "extends", "shrinks", "refuse"}
    assert schema["$defs"]["LimitsConfig"]["properties"]["cpu_s"]["x-varies-when"] == "auto"
    assert schema["$defs"]["CostConfig"]["properties"]["cpu_hour"]["x-varies-when"] == "set"


# ---- resume ----


RAY = {"executor.address", "executor.gpus_per_worker", "executor.cpus_per_worker", "executor.verifiers"}


@pytest.mark.parametrize("key", sorted(FREE - {"sandbox.backend", "executor.kind"}))
def test_a_free_value_may_change(key: str) -> None:
    engine = next((e for e in (BASE["engine"], OPENAI) if key.rpartition(".")[2] in flat_names(e)), BASE["engine"])
    kind = "ray" if key in RAY else "local"
    old = config(engine=engine, translate={"engine": engine}, executor={"kind": kind})
    data = old.model_dump()
    *way, last = key.split(".")
    section = data
    for part in way:
        section[part] = {} if section[part] is None else section[part]
        section = section[part]
    section[last] = OTHER[last]
    if last == "answers":
        section["views"] = ["sft"]  # whose answers they are
    new = Config.model_validate(data)
    assert new != old
    assert differences(old, new) == []
    assert settled(old) == settled(new)


OTHER: dict[str, Any] = {
    "verifiers": 3,
    "name": "other", "run_dir": "elsewhere", "slice": 9, "canaries": False, "near_duplicate": None, "workers": 3,
    "stuck_s": 9.0, "address": "local", "gpus_per_worker": 2.0, "cpus_per_worker": 3,
    "isolation": "namespace", "memory_mb": 999, "processes": 99, "views": ("rl", "sft"), "splits": {"train": 1.0},
    "holdout": ("a",), "rows": 3, "max_bytes": 3, "evidence": True, "prompts": "asked", "answers": "full",
    "gpu_hour": 1.0, "cpu_hour": 1.0, "in_flight": 3,
    "restarts": 5, "gpu_memory_utilization": 0.5, "cpu_kv_cache_gb": 5, "tensor_parallel_size": 2,
    "data_parallel_size": 2, "retries": 1, "timeout_s": 1.0, "base_url": "https://y/v1", "api_key_env": "KEY",
    "patience_s": 9.0, "max_refused": 0.5, "rollouts_per_request": 3, "server": "vllm",
    "price": {"prompt": 1.0}, "prompt": 1.0, "completion": 2.0,
    "observers": ({"kind": "webhook", "url_env": "HOOK_URL"},),
}  # fmt: skip


def flat_names(engine: dict[str, Any]) -> set[str]:
    made = config(engine=engine).engine
    assert made is not None
    return set(made.model_dump())


@pytest.mark.parametrize(
    ("old", "new", "refused"),
    [
        ({"sampling": {"n": 5}}, {"sampling": {"n": 6}}, []),
        ({"sampling": {"n": 6}}, {"sampling": {"n": 5}}, ["sampling.n: 6 -> 5"]),
        ({"problems": {"path": "p", "limit": 5}}, {}, []),
        ({}, {"problems": {"path": "p", "limit": 5}}, ["problems.limit: null -> 5"]),
        ({}, {"problems": {"path": "./p"}}, []),
        ({}, {"problems": {"path": "q/../p"}}, []),
        ({}, {"problems": {"path": "q"}}, ['problems.path: "p" -> "q"']),
        ({"engine": {"kind": "replay", "path": "r"}}, {}, ['engine.kind: "replay" -> "vllm"']),
        (
            {},
            {"translate": {"engine": {"kind": "replay", "path": "r"}}},
            ['translate.engine.kind: null -> "replay"', 'translate.engine.path: null -> "r"'],
        ),
        (
            {},
            {"engine": {"kind": "vllm", "model": "m", "extra": {"x": {"y": 1}}}},
            ["engine.extra.x.y: null -> 1"],
        ),
        (
            {"decontamination": {"benchmarks": [{"name": "a", "path": "a.jsonl"}]}},
            {"decontamination": {"benchmarks": [{"name": "a", "path": "./a.jsonl"}]}},
            [],
        ),
    ],
    ids=str,
)
def test_what_a_resumed_run_may_do(old: dict[str, Any], new: dict[str, Any], refused: list[str]) -> None:
    assert differences(config(**old), config(**new)) == refused


def test_a_list_of_sections_is_shown_whole() -> None:
    (line,) = differences(config(), config(decontamination={"benchmarks": [{"name": "a", "path": "a.jsonl"}]}))
    assert line.startswith('decontamination.benchmarks: [] -> [{"path": "a.jsonl"')


# ---- what the manifest says ----


def test_the_settled_config_has_what_results_depend_on_and_no_more() -> None:
    found = settled(config())
    assert found["sampling"]["n"] == 256
    assert found["problems"]["path"] == "p"
    assert "name" not in found
    assert "in_flight" not in found["engine"]
    assert found != settled(config(limits={"cpu_s": 6}))
    assert found == settled(config(problems={"path": "./p"}))


@pytest.mark.parametrize(
    ("sections", "named"),
    [
        ({}, []),
        ({"limits": {"cpu_s": "auto"}}, ["limits.cpu_s: auto"]),
        ({"rank": {"by": ["index", "cpu"]}}, ["rank.by: cpu"]),
        ({"shards": {"evidence": True}}, ["shards.evidence"]),
        ({"cost": {"cpu_hour": 0}}, ["cost.cpu_hour"]),
        ({"cost": {"gpu_hour": 1}}, []),
    ],
    ids=str,
)
def test_what_makes_the_shards_vary(sections: dict[str, Any], named: list[str]) -> None:
    assert varies(config(**sections)) == named

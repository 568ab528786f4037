"""The config: what is accepted, and how the error for what is not accepted reads."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from factory.config import (
    Config,
    GradingConfig,
    LimitsConfig,
    MaxLimitsConfig,
    OpenAIEngine,
    ReplayEngine,
    SandboxConfig,
    VllmEngine,
    load,
    parse_section,
)
from factory.config.load import validate
from factory.errors import ConfigError
from factory.records import LimitOverrides
from sandbox import Limits

ROOT = Path(__file__).parents[3]
FILES = sorted((ROOT / "configs").glob("*.yaml"))
LEAST = "name: test\nproblems: {path: p.jsonl}\nengine: {kind: replay, path: r.jsonl}\n"


def written(tmp_path: Path, text: str = LEAST) -> Path:
    path = tmp_path / "c.yaml"
    path.write_text(text)
    return path


def fault(path: Path, *overrides: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(path, overrides)
    assert caught.value.exit_code == 2
    return str(caught.value).replace(str(path), "FILE")


def test_there_are_configs() -> None:
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_config_that_comes_along_parses(path: Path) -> None:
    config = load(path)
    assert config.name == path.stem
    assert isinstance(config.problems.path, Path)
    if config.problems.path.parts[0] == "configs":
        assert (ROOT / config.problems.path).exists()


def test_the_least_config_takes_the_defaults(tmp_path: Path) -> None:
    config = load(written(tmp_path))
    assert (config.sampling.n, config.verify.chunk, config.rank.keep, config.translate.targets) == (
        256,
        256,
        4,
        ("go",),
    )
    assert config.engine == ReplayEngine(path=Path("r.jsonl"))
    assert config.run_dir is None


def test_a_config_survives_its_own_yaml(tmp_path: Path) -> None:
    config = load(
        written(tmp_path), ("translate.engine={kind: openai, model: m, base_url: 'http://x/v1'}", "problems.ids=[a]")
    )
    again = written(tmp_path, yaml.safe_dump(config.model_dump(mode="json")))
    assert load(again) == config


@pytest.mark.parametrize(
    ("engine", "kind"),
    [
        ("{kind: vllm, model: m}", VllmEngine),
        ("{kind: openai, model: m, base_url: 'https://x/v1'}", OpenAIEngine),
        ("{kind: replay, path: r}", ReplayEngine),
    ],
)
def test_the_engine_is_chosen_by_its_kind(tmp_path: Path, engine: str, kind: type) -> None:
    assert isinstance(load(written(tmp_path), (f"engine={engine}",)).engine, kind)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LEAST + "colour: red\n", "FILE: colour: unknown key; `factory schema` lists all keys"),
        (LEAST + "sampling: {n: 5, heat: 1}\n", "FILE: sampling.heat: unknown key"),
        (
            LEAST + "sampling: {temprature: 1}\n",
            "FILE: sampling.temprature: unknown key; did you mean sampling.temperature?",
        ),
        (LEAST + "memory_mb: 9\n", "FILE: memory_mb: unknown key; did you mean limits.memory_mb?"),
        (
            LEAST + "sampling: {n: 0}\n",
            "FILE: sampling.n: 0 is not allowed: it must be greater than or equal to 1",
        ),
        (LEAST + "sampling: {n: many}\n", 'FILE: sampling.n: "many" is not allowed: it must be a valid integer'),
        (
            LEAST + "sampling: {mode: talk}\n",
            "FILE: sampling.mode: \"talk\" is not allowed: it must be 'chat' or 'completion'",
        ),
        (
            LEAST + "sampling: {top_p: 1.5}\n",
            "FILE: sampling.top_p: 1.5 is not allowed: it must be less than or equal to 1",
        ),
        (LEAST + "sampling:\n", "FILE: sampling: null is not allowed: it must be a mapping of keys"),
        (LEAST + "limits: {cpu_s: .nan}\n", "FILE: limits.cpu_s: NaN is not allowed"),
        (
            LEAST + "rank: {by: [beauty]}\n",
            "FILE: rank.by.0: \"beauty\" is not allowed: it must be 'import_fixes', 'lint', 'agreement'",
        ),
        (
            LEAST.replace("name: test", "name: A Name"),
            'FILE: name: "A Name" is not allowed: it must match pattern',
        ),
        (LEAST.replace("name: test\n", ""), "FILE: name: is missing"),
        ("name: test\nengine: {kind: replay, path: r}\n", "FILE: problems: is missing"),
        ("name: test\nproblems: {}\nengine: {kind: replay, path: r}\n", "FILE: problems: {} is not allowed"),
        (LEAST.replace("path: p.jsonl", "path: p, dataset: a/b"), "name either path or dataset"),
        ("name: test\nproblems: {path: p}\n", "FILE: engine: is missing"),
        (
            LEAST.replace("replay", "psychic"),
            "FILE: engine.kind: \"psychic\" is not allowed: it must be one of 'vllm', 'openai', 'replay'",
        ),
        (LEAST.replace("kind: replay, ", ""), "FILE: engine.kind: is missing"),
        (
            LEAST + "executor: {kind: slurm}\n",
            "FILE: executor.kind: \"slurm\" is not allowed: it must be one of 'local', 'ray'",
        ),
        (
            LEAST + "executor: {kind: ray, workers: 0}\n",
            "FILE: executor.workers: 0 is not allowed: it must be greater than or equal to 1",
        ),
        (
            LEAST + "translate: {targets: go}\n",
            'FILE: translate.targets: "go" is not allowed: it must be a list, such as ["go"]',
        ),
        (
            LEAST + "limits: {cpu_s: fast}\n",
            "FILE: limits.cpu_s: \"fast\" is not allowed: it must be a valid number; or it must be 'auto'",
        ),
        (
            LEAST + "shards: {holdout: 3}\n",
            "FILE: shards.holdout: 3 is not allowed: it must be a list, such as [3]; or it must be a path",
        ),
        (
            LEAST + "shards: {splits: {train: x}}\n",
            'FILE: shards.splits.train: "x" is not allowed: it must be a valid number',
        ),
        (
            LEAST + "decontamination: {benchmarks: [{name: mbpp, nam: x}]}\n",
            "FILE: decontamination.benchmarks.0.nam: unknown key; did you mean decontamination.benchmarks.0.name?",
        ),
        (
            LEAST + "translate: {engine: {kind: replay, pth: x}}\n",
            "FILE: translate.engine.pth: unknown key; did you mean translate.engine.path?",
        ),
        (LEAST.replace("path: r.jsonl", "file: r"), "FILE: engine.path: is missing"),
        (LEAST.replace("path: r.jsonl", "path: r, model: m"), "FILE: engine.model: unknown key"),
        (LEAST + "translate: {engine: {kind: vllm}}\n", "FILE: translate.engine.model: is missing"),
        (
            LEAST.replace("kind: replay, path: r.jsonl", "kind: openai, model: m, base_url: x"),
            'FILE: engine.base_url: "x" is not allowed: it must match pattern',
        ),
        ("a: [\n", "FILE: is not valid YAML: "),
        ("a: b: c\n", "FILE: is not valid YAML: "),
        (LEAST + "name: other\n", "FILE: is not valid YAML: the key 'name' is given twice"),
        (LEAST + "sampling:\n  n: 1\n  top_p: 1\n  n: 2\n", "FILE: is not valid YAML: the key 'n' is given twice"),
        (LEAST + "sampling: {n: 1, n: 1}\n", "FILE: is not valid YAML: the key 'n' is given twice"),
        ("", "FILE: a config must be a mapping of sections, not NoneType; see `factory schema`"),
        ("- a\n", "FILE: a config must be a mapping of sections, not list"),
        ("just words\n", "FILE: a config must be a mapping of sections, not str"),
    ],
)
def test_a_fault_names_file_key_value_and_what_is_allowed(tmp_path: Path, text: str, message: str) -> None:
    assert message in fault(written(tmp_path, text))


def test_all_errors_come_at_once(tmp_path: Path) -> None:
    lines = fault(written(tmp_path, LEAST + "sampling: {n: 0, top_p: 2}\ncolour: red\n")).splitlines()
    assert sorted(line.split(":")[1].strip() for line in lines) == ["colour", "sampling.n", "sampling.top_p"]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert fault(tmp_path / "none.yaml").endswith("there is no such config file; configs/ has examples")
    assert "cannot be read" in fault(tmp_path)
    (tmp_path / "latin.yaml").write_bytes(b"name: \xe9\n")
    assert "cannot be read" in fault(tmp_path / "latin.yaml")


@pytest.mark.parametrize(
    ("override", "key", "value"),
    [
        ("sampling.n=7", "sampling.n", 7),
        ("sampling.temperature=0", "sampling.temperature", 0.0),
        ("sampling.stop=['\\n\\n', END]", "sampling.stop", ("\\n\\n", "END")),
        ("translate.targets=[]", "translate.targets", ()),
        ("verify.dedup=false", "verify.dedup", False),
        ("problems.limit=null", "problems.limit", None),
        ("problems.limit=", "problems.limit", None),
        ("problems.format=a=b", "problems.format", "a=b"),
        ("name=other", "name", "other"),
        ("run_dir=some/where", "run_dir", Path("some/where")),
        ("engine.path=x.jsonl", "engine.path", Path("x.jsonl")),
    ],
)
def test_a_value_may_be_set_from_the_command_line(tmp_path: Path, override: str, key: str, value: Any) -> None:
    found: Any = load(written(tmp_path), (override,))
    for part in key.split("."):
        found = getattr(found, part)
    assert found == value


def test_the_last_of_several_overrides_wins(tmp_path: Path) -> None:
    assert load(written(tmp_path), ("sampling.n=7", "sampling.n=8")).sampling.n == 8


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("sampling.n", "--set sampling.n: must have the form a.b=value"),
        ("=7", "--set =7: must have the form a.b=value"),
        ("sampling.n=[", "--set sampling.n=[: '[' is not valid YAML"),
        ("sampling={n: 1, n: 2}", "'{n: 1, n: 2}' is not valid YAML: the key 'n' is given twice"),
        ("name.x=1", "--set name.x=1: name is a value, not a section"),
        ("sampling.heat=1", "--set sampling.heat=1: sampling.heat: unknown key"),
        ("sampling.n=-1", "--set sampling.n=-1: sampling.n: -1 is not allowed"),
        ("nonsense.n=1", "--set nonsense.n=1: nonsense: unknown key"),
        ("engine={kind: replay}", "--set engine={kind: replay}: engine.path: is missing"),
    ],
)
def test_an_error_in_an_override_names_it(tmp_path: Path, override: str, message: str) -> None:
    assert message in fault(written(tmp_path), override)


def test_a_section_may_be_made_of_overrides_alone() -> None:
    settings = parse_section(GradingConfig, ("limits.cpu_s=2", "verify.dedup=no"))
    assert (settings.limits.cpu_s, settings.verify.dedup) == (2.0, False)
    with pytest.raises(ConfigError, match=r"^--set sampling\.n=2: sampling: unknown key"):
        parse_section(GradingConfig, ("sampling.n=2",))


def test_limits_have_the_sandboxs_names_and_a_problems_own_go_first() -> None:
    assert LimitsConfig().for_problem(LimitOverrides()) == Limits(5.0, 30.0, 512, 32, 4096, 64)
    own = LimitOverrides(cpu_s=1, memory_mb=64)
    assert LimitsConfig().for_problem(own) == Limits(1.0, 30.0, 64, 32, 4096, 64)
    assert LimitsConfig(cpu_s="auto").over(own)["cpu_s"] == 1
    assert LimitsConfig(cpu_s="auto").over(LimitOverrides())["cpu_s"] == "auto"


def test_all_that_name_limits_name_those_of_the_sandbox_within_the_same_bounds() -> None:
    names = [field.name for field in fields(Limits) if field.name not in ("stack_mb", "reserve_mb")]
    for section in (LimitsConfig, MaxLimitsConfig, LimitOverrides):
        assert list(section.model_fields) == names
    for name in names:
        for bad in (0, 10**9):
            for section in (LimitsConfig, MaxLimitsConfig, LimitOverrides):
                with pytest.raises(ValidationError):
                    section(**{name: bad})


def test_of_the_sandbox_what_a_resumed_run_may_not_change_decides() -> None:
    assert SandboxConfig(backend="docker", image="i", memory_mb=512).deciding() == {
        "scratch_mb": 64, "image": "i", "runtime": None,
    }  # fmt: skip


def test_every_field_tells_what_it_means_or_has_a_name_that_does() -> None:
    plain = {"dtype", "kind", "temperature", "top_p", "top_k", "min_p", "repetition_penalty", "presence_penalty",
             "frequency_penalty"}  # fmt: skip
    schema = Config.model_json_schema()
    for name, section in schema["$defs"].items():
        for field, told in section.get("properties", {}).items():
            assert "description" in told or field in plain, f"{name}.{field}"


def test_no_secret_stands_in_a_config(tmp_path: Path) -> None:
    engine = "engine={kind: openai, model: m, base_url: 'http://x', api_key: s3cret}"
    assert "engine.api_key: holds a secret" in fault(written(tmp_path), engine)


def test_an_answer_is_begun_only_where_the_engine_goes_on_with_it() -> None:
    endpoint = {"kind": "openai", "model": "m", "base_url": "http://x/v1"}
    data = {"name": "t", "problems": {"path": "p"}, "engine": endpoint, "translate": {"prefill": True}}
    with pytest.raises(ConfigError, match=r"translate\.prefill: is no part of the API .*remedy: engine\.server: vllm"):
        validate(Config, data, "here")
    assert validate(Config, data | {"engine": endpoint | {"server": "vllm"}}, "here").translate.prefill
    vllm = {"kind": "vllm", "model": "m"}
    assert validate(Config, data | {"engine": vllm}, "here").translate.prefill
    with pytest.raises(ConfigError, match=r"translate\.prefill"):
        validate(Config, data | {"engine": vllm, "translate": {"prefill": True, "engine": endpoint}}, "here")

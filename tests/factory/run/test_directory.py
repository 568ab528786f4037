"""The run directory: one config, one process, and names that tell what is done."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from factory.config import Config
from factory.errors import ConfigError, DamageWarning, PartError
from factory.records import Maker, Problem, Rollout
from factory.run.directory import RunDir
from factory.run.names import against, slug
from factory.storage import parts
from factory.storage.files import digest, digest_file, put

BASE: dict[str, Any] = {"name": "test", "problems": {"path": "p"}, "engine": {"kind": "vllm", "model": "m"}}


def config(**sections: Any) -> Config:
    return Config.model_validate(BASE | sections)


def problem(name: str = "set/1", **fields: Any) -> Problem:
    cases = [{"args": [1], "expected": {"$": "tuple", "v": [1]}, "public": True}]
    return Problem.model_validate({"id": name, "prompt": "é", "entry_point": "f", "cases": cases} | fields)


def refusal(place: RunDir, new: Config, problems: list[Problem] | None = None) -> str:
    before = {path: path.read_bytes() for path in place.path.rglob("*") if path.is_file()}
    with pytest.raises(ConfigError) as caught:
        place.claim(new, [problem()] if problems is None else problems)
    assert {path: path.read_bytes() for path in place.path.rglob("*") if path.is_file()} == before
    return str(caught.value)


@pytest.fixture
def place(tmp_path: Path) -> RunDir:
    """A run that has rollouts, and so may not become another."""
    place = RunDir(tmp_path / "run")
    place.claim(config(), [problem()])
    path = place.rollouts(problem(), range(8))
    parts.write(path, Rollout, [], place.name(path))
    return place


def test_a_claimed_directory_gives_config_and_problems_back(place: RunDir) -> None:
    assert place.open_config() == config()
    assert place.open_problems() == [problem()]
    place.claim(config(), [problem()])


def test_stdin_problems_come_back_too(tmp_path: Path) -> None:
    script = problem(entry_point=None, cases=[{"stdin": "1\n", "stdout": "2\n"}], limits={"cpu_s": 2})
    place = RunDir(tmp_path / "run")
    place.claim(config(), [script])
    assert place.open_problems() == [script]
    place.claim(config(), [script])


@pytest.mark.parametrize(
    "sections",
    [
        {"sampling": {"n": 257}},
        {"problems": {"path": "p", "limit": 9}},
        {"problems": {"path": "p"}},
        {"translate": {"survivors": 3}},
        {"executor": {"workers": 5}},
        {"run_dir": "elsewhere"},
        {"name": "other"},
        {"engine": {"kind": "vllm", "model": "m", "in_flight": 9, "restarts": 9, "tensor_parallel_size": 2}},
        {"shards": {"rows": 10, "evidence": True}},
    ],
    ids=str,
)
def test_a_config_that_only_extends_is_taken_over(tmp_path: Path, sections: dict[str, Any]) -> None:
    place = RunDir(tmp_path / "run")
    place.claim(config(problems={"path": "p", "limit": 5}), [problem()])
    sections = {"problems": {"path": "p", "limit": 5}} | sections
    place.claim(config(**sections), [problem()])
    assert place.open_config() == config(**sections)


@pytest.mark.parametrize(
    ("sections", "difference"),
    [
        ({"sampling": {"n": 255}}, "sampling.n: 256 -> 255"),
        ({"sampling": {"temperature": 0.5}}, "sampling.temperature: 0.8 -> 0.5"),
        ({"problems": {"path": "p", "limit": 9}}, "problems.limit: null -> 9"),
        ({"problems": {"path": "q"}}, 'problems.path: "p" -> "q"'),
        ({"engine": {"kind": "vllm", "model": "n"}}, 'engine.model: "m" -> "n"'),
        ({"engine": {"kind": "vllm", "model": "m", "extra": {"x": 1}}}, "engine.extra.x: null -> 1"),
        ({"engine": {"kind": "replay", "path": "r"}}, 'engine.kind: "vllm" -> "replay"'),
        ({"limits": {"cpu_s": 6}}, "limits.cpu_s: 5.0 -> 6.0"),
        ({"verify": {"chunk": 128}}, "verify.chunk: 256 -> 128"),
        ({"verify": {"dedup": False}}, "verify.dedup: true -> false"),
        ({"rank": {"keep": 5}}, "rank.keep: 4 -> 5"),
        ({"translate": {"targets": []}}, 'translate.targets: ["go"] -> []'),
    ],
    ids=str,
)
def test_any_other_config_is_refused_with_the_difference(
    place: RunDir, sections: dict[str, Any], difference: str
) -> None:
    message = refusal(place, config(**sections))
    assert f"  {difference}\n" in message
    assert str(place.path) in message
    assert "remedy: another --run-dir, or the old values" in message


def test_every_difference_is_shown(place: RunDir) -> None:
    message = refusal(place, config(sampling={"n": 1, "temperature": 0}, limits={"cpu_s": 6}))
    assert [line.split(":")[0].strip() for line in message.splitlines()[1:4]] == [
        "limits.cpu_s", "sampling.n", "sampling.temperature",
    ]  # fmt: skip


def test_a_changed_problem_is_refused(place: RunDir) -> None:
    message = refusal(place, config(), [problem(prompt="other")])
    assert "problem 'set/1' has changed since; remedy: another --run-dir" in message


def test_a_problem_that_is_gone_is_refused(place: RunDir) -> None:
    assert "was started with problem 'set/1', which is no longer given" in refusal(place, config(), [problem("set/2")])


def test_a_further_problem_is_taken_over(place: RunDir) -> None:
    place.claim(config(), [problem("set/0"), problem()])
    assert [found.id for found in place.open_problems()] == ["set/0", "set/1"]


def test_a_directory_that_is_no_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is no run directory"):
        RunDir(tmp_path).open_config()
    with pytest.raises(PartError, match=r"problems\.jsonl: cannot be read"):
        RunDir(tmp_path).open_problems()


def test_a_run_without_rollouts_takes_any_config(tmp_path: Path) -> None:
    """Such as one whose model was mistyped."""
    place = RunDir(tmp_path / "run")
    place.claim(config(), [problem()])
    other = config(engine={"kind": "vllm", "model": "n"})
    place.claim(other, [problem("set/2")])
    assert (place.open_config(), place.open_problems()) == (other, [problem("set/2")])


def test_a_run_whose_rollouts_are_gone_still_takes_no_other_config(place: RunDir) -> None:
    (part,) = (place.path / "rollouts").glob("*.parquet")
    place.log("sampled", part=place.name(part), sha256=digest(part))
    part.unlink()
    assert "belongs to another config" in refusal(RunDir(place.path), config(limits={"cpu_s": 6}))


def test_the_file_that_is_replayed_belongs_to_the_run(place: RunDir) -> None:
    place.log("started", inputs={"engine.path": "a" * 64}, config=config().model_dump(mode="json"))
    place.claim(config(), [problem()], {"engine.path": "a" * 64})
    with pytest.raises(ConfigError, match=r"engine\.path: the file holds other rollouts than when .* began"):
        place.claim(config(), [problem()], {"engine.path": "b" * 64})


@pytest.mark.parametrize("damage", ["flipped", "gone", "sum flipped", "sum gone"])
def test_a_damaged_config_is_taken_from_the_ledger(place: RunDir, damage: str) -> None:
    place.log("started", config=config().model_dump(mode="json"))
    whole, beside = place.config_file.read_bytes(), digest_file(place.config_file)
    spoil: dict[str, Callable[[], object]] = {
        "flipped": lambda: place.config_file.write_bytes(whole.replace(b"n: 256", b"n: 257")),
        "gone": place.config_file.unlink,
        "sum flipped": lambda: beside.write_bytes(beside.read_bytes().replace(b"a", b"b")),
        "sum gone": beside.unlink,
    }
    spoil[damage]()
    with pytest.warns(DamageWarning, match=r"config\.yaml: .*; the ledger's copy is used"):
        assert RunDir(place.path).open_config() == config()
    with pytest.warns(DamageWarning):
        assert "sampling.n: 256 -> 255" in refusal(place, config(sampling={"n": 255}))
    with pytest.warns(DamageWarning):
        place.claim(config(), [problem()])
    assert place.config_file.read_bytes() == whole
    assert place.open_config() == config()


def test_a_config_that_is_damaged_in_both_places_is_an_error(place: RunDir) -> None:
    place.config_file.write_bytes(b"name: x\n")
    with pytest.raises(PartError, match=r"config\.yaml: is damaged .*; remedy: move it aside, and run again"):
        place.open_config()


def test_a_config_of_another_version_is_told_by_key(place: RunDir) -> None:
    put(place.config_file, b"name: test\nnonsense: 1\n")
    with pytest.raises(ConfigError, match=r"config\.yaml: nonsense: unknown key"):
        place.open_config()


def test_the_config_that_is_kept_is_yaml_people_can_run(place: RunDir) -> None:
    assert Config.model_validate(yaml.safe_load(place.config_file.read_text())) == config()


def test_problems_of_another_version_are_an_error_that_names_the_file(place: RunDir) -> None:
    put(place.problems_file, b'{"id": "set/1"}\n')
    with pytest.raises(PartError, match=r"problems\.jsonl: cannot be read"):
        place.open_problems()


@pytest.mark.parametrize("damage", ["flipped", "gone", "sum gone"])
def test_damaged_problems_are_read_from_their_copy(place: RunDir, damage: str) -> None:
    whole = place.problems_file.read_bytes()
    spoil: dict[str, Callable[[], object]] = {
        "flipped": lambda: place.problems_file.write_bytes(whole.replace(b"set/1", b"set/2")),
        "gone": place.problems_file.unlink,
        "sum gone": digest_file(place.problems_file).unlink,
    }
    spoil[damage]()
    with pytest.warns(DamageWarning, match=r"problems\.jsonl: .*; its copy problems\.jsonl\.gz is used"):
        assert place.open_problems() == [problem()]
    with pytest.warns(DamageWarning):
        place.claim(config(), [problem()])
    assert place.problems_file.read_bytes() == whole
    assert place.open_problems() == [problem()]


def test_problems_that_are_damaged_twice_are_an_error(place: RunDir) -> None:
    for path in (place.problems_file, place.problems_file.with_suffix(".jsonl.gz")):
        path.write_bytes(b"{}\n")
    for use in (place.open_problems, lambda: place.claim(config(), [problem()])):
        with pytest.raises(PartError, match=r"problems\.jsonl\.gz: is damaged"):
            use()


def test_a_problem_may_hold_what_other_programs_take_for_the_end_of_a_line(tmp_path: Path) -> None:
    place, odd = RunDir(tmp_path), problem(prompt="a\u2028b\x85c\x0bd")
    place.claim(config(), [odd])
    place.claim(config(), [odd])
    assert place.open_problems() == [odd]


# ---- the lock ----


def test_a_second_process_is_locked_out_until_the_first_is_through(place: RunDir) -> None:
    code = "from pathlib import Path\nfrom factory.run.directory import RunDir\n"
    code += f"with RunDir(Path({str(place.path)!r})): print('in')"
    with place:
        tried = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
        assert tried.returncode == 1
        assert "another process is working on this run" in tried.stderr
    tried = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert tried.stdout == "in\n", tried.stderr


def test_a_second_lock_in_the_same_process_is_refused_too(place: RunDir) -> None:
    with place, pytest.raises(ConfigError, match="another process is working on this run"), RunDir(place.path):
        pass
    with RunDir(place.path):
        pass


@pytest.mark.parametrize("fault", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EIO])
def test_a_file_system_without_locks_is_no_other_process(
    place: RunDir, fault: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(*_: object) -> None:
        raise OSError(fault, os.strerror(fault))

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.warns(DamageWarning, match=r"cannot be locked .*: see that no other process"), place:
        pass


# ---- where it may lie ----


@pytest.mark.parametrize("path", ["s3://bucket/run", "hf://datasets/x", "gs:/bucket"])
def test_a_url_is_no_run_directory(path: str) -> None:
    with pytest.raises(ConfigError, match="is a URL; a run directory is a local path"):
        RunDir(Path(path))


@pytest.mark.parametrize("name", ["a[1]", "a*", "a?", "a::b"])
def test_a_path_that_datasets_takes_for_a_pattern_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="would take the shards' path for a pattern"):
        RunDir(tmp_path / name / "run").claim(config(), [problem()])


# ---- names ----


def test_a_slug_is_readable_safe_and_one_problems_own() -> None:
    ids = [
        "a/b",
        "a-b",
        "a_b",
        "a b",
        "A/b",
        "é",
        "è",
        "",
        "x" * 99,
        "x" * 98,
        "../../etc",
        "a.b",
        "a*b",
        "/",
        "..",
        "CON",
    ]
    slugs = [slug(name) for name in ids]
    assert len(set(slugs)) == len(ids)
    for one in slugs:
        assert one.replace("-", "").replace("_", "").isalnum()
        assert one.isascii()
        assert len(one) < 80
    assert slugs[0].startswith("a-b-")


def test_chunks_are_the_whole_parts_in_order(place: RunDir) -> None:
    one, other = problem("set/1"), problem("set/11")
    for indices in (range(512, 700), range(256), range(256, 512)):
        place.rollouts(one, indices).touch()
    place.rollouts(other, range(8)).touch()
    half = place.rollouts(one, range(700, 800))
    half.with_name(f".{half.name}.123.tmp").touch()
    found = place.all_chunks()
    assert found[slug("set/1")] == [range(8), range(256), range(256, 512), range(512, 700)]
    assert found[slug("set/11")] == [range(8)]


def test_parts_of_several_generators_and_rounds_lie_beside_each_other(place: RunDir) -> None:
    one, many = problem("set/2"), (Maker(), Maker("large"), Maker("large", 1), Maker("default", 1), Maker("a.b 1", 12))
    for number, maker in enumerate(many, 1):
        place.rollouts(one, range(number), maker).touch()
    for number, maker in enumerate(many, 1):
        assert place.all_chunks(maker)[slug("set/2")] == [range(number)]
    assert place.rollouts(one, range(8)).name == f"{slug('set/2')}.000000-000008.parquet", "as it was ever called"
    paths = [
        path
        for maker in many
        for path in (
            place.rollouts(one, range(8), maker),
            place.verdicts(one, range(8), maker),
            place.translation("go", one, "a" * 64, 1, "rollouts", maker=maker),
            place.translation("go", one, "a" * 64, 1, "rollouts", against(["b" * 64]), maker),
        )
    ]
    assert len(set(paths)) == len(paths)


def test_every_part_has_a_place_of_its_own(place: RunDir) -> None:
    one = problem()
    paths = [
        place.rollouts(one, range(8)), place.verdicts(one, range(8)), place.rollouts(one, range(8, 16)),
        place.survivors(one, "8"), place.survivors(one, "16"), place.rollouts(problem("set/2"), range(8)),
        *(place.translation("go", one, parent, number, kind)
          for parent in ("a" * 64, "b" * 64) for number in (0, 1) for kind in ("rollouts", "verdicts")),
        place.translation("go", one, "a" * 64, 0, "verdicts", against(["b" * 64])),
        place.translation("go", one, "a" * 64, 0, "verdicts", against(["b" * 64, "c" * 64])),
        place.translated("go", one, "a" * 64), place.translated("rust", one, "a" * 64),
    ]  # fmt: skip
    assert len(set(paths)) == len(paths)
    assert all(path.is_relative_to(place.path) for path in paths)


def test_programs_are_named_together_in_any_order() -> None:
    assert against([]) == ""
    assert against(["a", "b"]) == against(["b", "a"]) != against(["a"])

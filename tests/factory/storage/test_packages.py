"""`sandbox.packages`: what is fetched, from an index of the test's own, and what is refused."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from factory.config import GradingConfig, SandboxConfig, parse_section
from factory.errors import ConfigError
from factory.storage import packages


def forget() -> None:
    """Be as another process."""
    packages._layer.cache_clear()


def test_a_request_becomes_exact_versions_with_those_of_dependencies(index: Any) -> None:
    settings = GradingConfig(sandbox=SandboxConfig(packages=("toy_upper",)))
    assert packages.pinned(settings).sandbox.packages == ("toy-lower==2.0", "toy-upper==1.5")
    assert packages.pinned(GradingConfig()) == GradingConfig()
    assert packages.modules(["toy_upper"]) == {"toy-lower==2.0": ["toy_lower"], "toy-upper==1.5": ["toy_upper"]}


def test_versions_that_were_asked_for_are_those_that_come(index: Any) -> None:
    index.add("toy_lower", "3.0", "def two(): return 3\n")
    assert packages.layer(["toy_lower==2.0"]).pins == ("toy-lower==2.0",)
    assert packages.layer(["toy_lower"]).pins == ("toy-lower==3.0",)


def test_a_request_means_the_same_ever_after(index: Any) -> None:
    first = packages.layer(["toy_upper"])
    index.add("toy_lower", "3.0", "def two(): return 3\n")
    forget()
    assert packages.layer(["toy_upper"]) == first
    forget()
    assert packages.layer(first.pins) == first
    first.folder.rename(first.folder.with_name("gone"))
    forget()
    assert packages.layer(["toy_upper"]) == first
    assert (first.folder / "site" / "toy_lower.py").read_text().endswith("return 2\n")


def test_a_layer_that_is_there_needs_no_index(index: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first = packages.layer(["toy_upper"])
    forget()
    monkeypatch.setenv("PIP_FIND_LINKS", "/nonexistent")
    assert packages.layer(["toy_upper"]) == first
    assert packages.layer(first.pins) == first


def test_order_and_repetition_do_not_matter(index: Any) -> None:
    assert packages.layer(["toy_upper", "toy_lower", "toy_upper"]) is packages.layer(["toy_lower", "toy_upper"])


@pytest.mark.parametrize("asked", ["no-such-toy", "toy_lower==9"])
def test_what_cannot_be_had_is_named_and_leaves_nothing(index: Any, tmp_path: Path, asked: str) -> None:
    with pytest.raises(ConfigError, match=rf'sandbox.packages: \["{asked}"\]: pip could not install .*remedy'):
        packages.layer([asked])
    assert [path.name for path in (tmp_path / "cache").rglob("*") if path.is_file()] == ["lock"]


def test_a_source_distribution_is_not_built(index: Any) -> None:
    (index.folder / "toy_source-1.0.tar.gz").write_bytes(b"")
    with pytest.raises(ConfigError, match="toy_source"):
        packages.layer(["toy_source"])


def test_a_cache_that_cannot_be_written_is_named(index: Any, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(ConfigError, match=r"toy_lower.*ROLLOUT_FACTORY_CACHE"):
        packages.layer(["toy_lower"])


def test_what_a_killed_process_left_is_no_layer(index: Any, tmp_path: Path) -> None:
    made = packages.layer(["toy_lower"])
    left = made.folder.with_name(".new.999999999.tmp")
    left.mkdir()
    for request in made.folder.parent.glob("*.json"):
        request.unlink()  # killed after the layer, and before what it is for, was written
    forget()
    assert packages.layer(["toy_lower"]) == made
    assert not left.exists()
    assert packages._known(("toy_lower",), made.folder.parent) == made


def test_everybody_may_read_it(index: Any) -> None:
    before = os.umask(0o077)
    try:
        folder = packages.layer(["toy_upper"]).folder
    finally:
        os.umask(before)
    assert all(path.stat().st_mode & stat.S_IROTH for path in (folder, *folder.rglob("*")))


# ---- the key ----


@pytest.mark.parametrize(
    "value",
    ["--index-url=http://x", "-r", "numpy>=1", "git+https://x/y", "../numpy", "/tmp/x.whl", "a b", "", "a==", "a @ x"],
)
def test_what_is_no_name_and_version_is_refused(value: str) -> None:
    with pytest.raises(ConfigError, match=r"sandbox\.packages\.0: .* is not allowed"):
        parse_section(GradingConfig, (), {"sandbox": {"packages": [value]}})


def test_packages_and_an_image_of_its_own_do_not_go_together() -> None:
    sandbox = {"backend": "docker", "image": "mine", "packages": ["numpy"]}
    with pytest.raises(ConfigError, match=r"sandbox\.packages are wheels .* leave out sandbox\.image"):
        parse_section(GradingConfig, (), {"sandbox": sandbox})


def test_packages_decide_verdicts_and_none_are_not_said() -> None:
    some = SandboxConfig(packages=("numpy==2.0",))
    assert "packages" not in SandboxConfig().deciding()
    assert some.deciding()["packages"] == json.loads(json.dumps(some.deciding()))["packages"] == ["numpy==2.0"]


def test_what_decides_is_the_rows_and_the_wall_is_the_runs() -> None:
    run = SandboxConfig(backend="docker", memory_mb=8192, packages=("numpy==2.0",))
    row = SandboxConfig(scratch_mb=7)
    assert row.behind(run) == SandboxConfig(backend="docker", memory_mb=8192, scratch_mb=7)

"""What the project states about itself in several files agrees: version, lock, hooks, CI, changelog."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import factory

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKED_EXTRAS = ("cpu", "dev")


def locked() -> dict[str, Version]:
    """The version of each package in the lock, by canonical name."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [re.fullmatch(r"([\w.-]+)==(\S+)", line) for line in lines if line and not line.startswith("#")]
    assert all(pins), "a line of the lock is no NAME==VERSION"
    return {canonicalize_name(pin[1]): Version(pin[2]) for pin in pins if pin}


def recipe(target: str) -> list[str]:
    """The commands of a target of the Makefile, without the folder of the environment."""
    found = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert found, f"the Makefile has no target {target}"
    return [line.strip().removeprefix("$(BIN)/") for line in found[1].splitlines()]


def test_importing_the_package_loads_nothing_else() -> None:
    program = "import sys; before = set(sys.modules); import factory; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["factory"]


def test_the_command_shows_the_version() -> None:
    done = subprocess.run([sys.executable, "-m", "factory", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"{factory.__version__}\n"


def test_the_version_is_stated_once() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", factory.__version__)
    assert "version" not in PROJECT["project"]
    assert PROJECT["tool"]["hatch"]["version"]["path"] == "factory/__init__.py"
    looked_up = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "factory").rglob("*.py")
        if re.search(r"version\(\"rollout-factory\"\)", path.read_text(encoding="utf-8"))
    ]
    assert looked_up == []


def test_the_changelog_has_the_version() -> None:
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[:2] == ["[Unreleased]", f"[{factory.__version__}]"]


@pytest.mark.parametrize("package", ["factory", "sandbox"])
def test_packages_tell_type_checkers_that_they_are_typed(package: str) -> None:
    assert (ROOT / package / "py.typed").is_file()


def test_the_lock_has_a_version_that_fits_every_requirement() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    wanted = [*PROJECT["project"]["dependencies"], *(text for extra in LOCKED_EXTRAS for text in extras[extra])]
    pins = locked()
    for requirement in map(Requirement, wanted):
        pin = pins.get(canonicalize_name(requirement.name))
        assert pin is not None, f"{requirement} is not in the lock; remedy: make lock"
        assert requirement.specifier.contains(pin), f"{requirement} refuses {pin} of the lock; remedy: make lock"


def test_the_install_takes_the_lock() -> None:
    installs = re.findall(r"^\t.* -m pip install .*", MAKEFILE, re.MULTILINE)
    assert installs
    assert all("--constraint $(LOCK)" in command for command in installs)


def test_hooks_run_the_checks_and_fetch_nothing() -> None:
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert repository["repo"] == "local"
    hooks = repository["hooks"]
    assert {hook["language"] for hook in hooks} == {"system", "pygrep"}
    tools = {" ".join(hook["entry"].split()[:2]) for hook in hooks if hook["language"] == "system"}
    checks = {f".venv/bin/{command.split(' .')[0].removesuffix(' --check')}" for command in recipe("check")}
    assert tools == checks


def test_ci_does_what_the_makefile_offers() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    job = workflow["jobs"]["test"]
    targets = re.findall(r"^make (\w+)$", "\n".join(step.get("run", "") for step in job["steps"]), re.MULTILINE)
    assert targets == re.findall(r"^make (\w+)", (ROOT / ".ci" / "run").read_text(encoding="utf-8"), re.MULTILINE)
    assert all(recipe(target) for target in targets)
    oldest = PROJECT["project"]["requires-python"].removeprefix(">=")
    assert job["strategy"]["matrix"]["python"][0] == oldest

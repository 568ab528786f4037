"""The pages under docs/: every command in them is run, or, where it needs a GPU or the network, parsed.

Blocks of a page are worked off in order, in one directory that has `configs`. A ```console block's lines that start
with "$ " are commands; ```python blocks are run; a ```json or ```yaml block after "saved … as `NAME`" is that file.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer.main

from factory.cli import app
from factory.config import load
from factory.reference import markdown

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))
MARK = re.compile(r"<!-- not run by the tests: needs (a GPU|the network|a GPU and the network) -->\n$")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NEEDED_ELSEWHERE = {"adding.md": "quickstart.md"}
"""Pages that use files which another page shows."""


@dataclass(frozen=True)
class Block:
    kind: str
    text: str
    before: str
    """The page up to the block."""

    @property
    def run(self) -> bool:
        return not MARK.search(self.before)

    @property
    def file(self) -> str | None:
        """The name under which the paragraph before says that the block is saved."""
        paragraph = " ".join(self.before.rstrip().rpartition("\n\n")[2].split())
        named = re.search(r"[Ss]aved(?: here)? as `([\w.]+)`", paragraph)
        return named[1] if named and self.kind in ("json", "yaml") else None

    @property
    def commands(self) -> list[str]:
        return [line.removeprefix("$ ") for line in self.text.splitlines() if line.startswith("$ ")]


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [Block(found[1], found[2], text[: found.start()]) for found in BLOCK.finditer(text)]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory with `configs`, and a `factory` to call there."""
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "factory"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m factory "$@"\n')
    command.chmod(0o755)
    return tmp_path


def save(page: Path, place: Path) -> None:
    for block in blocks(page):
        if block.file:
            (place / block.file).write_text(block.text, encoding="utf-8")


def do(command: list[str], place: Path) -> None:
    shell = os.environ | {"PATH": f"{place / 'bin'}:{os.environ['PATH']}"}
    done = subprocess.run(command, cwd=place, env=shell, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


def test_there_are_pages() -> None:
    assert {page.name for page in PAGES} >= {
        "README.md",
        "quickstart.md",
        "config.md",
        "formats.md",
        "adding.md",
        "gpu.md",
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_is_of_a_kind_that_is_checked(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.count("\n```") == 2 * len(blocks(page)), "a fence is left open"
    for block in blocks(page):
        assert block.kind in ("console", "python", "json", "yaml", ""), block.kind
        assert block.kind != "console" or block.commands, block.text
        assert block.kind not in ("json", "yaml") or block.file, f"it is not said as what this is saved: {block.text}"
        assert block.kind or "factory " not in block.text, f"a command that is not run: {block.text}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page)], ids=lambda page: page.name)
def test_every_command_runs(page: Path, place: Path) -> None:
    if page.name in NEEDED_ELSEWHERE:
        save(page.parent / NEEDED_ELSEWHERE[page.name], place)
    save(page, place)
    for block in blocks(page):
        if block.kind == "python":
            do([sys.executable, "-c", block.text], place)
        for command in block.commands if block.run else ():
            do(["/bin/sh", "-ec", command], place)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_is_not_run_parses(page: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(page, place)
    monkeypatch.chdir(place)
    for block in blocks(page):
        for command in () if block.run else block.commands:
            parse(shlex.split(command))


def parse(words: list[str]) -> None:
    """Fail where `words` is no command that is there, with the options it has."""
    program, *rest = words
    if program == "factory":
        name, *arguments = rest
        command = typer.main.get_command(app).get_command(None, name)  # type: ignore[attr-defined]
        assert command is not None, words
        given = command.make_context(name, arguments).params
        if given.get("config"):
            load(given["config"], tuple(given.get("sets") or ()))
    elif program == "make":
        assert re.search(rf"^{rest[0]}:", (ROOT / "Makefile").read_text(), re.MULTILINE), words
    elif program == "pip":
        (extra,) = re.findall(r"\[(\w+)\]", words[-1])
        assert extra in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"], words
    else:
        pytest.fail(f"nothing here can tell whether this works: {words}")


@pytest.mark.parametrize(
    "words", [["factory", "nonsense"], ["factory", "run", "--nonsense", "x"], ["make", "nonsense"], ["rm", "-r", "x"]]
)
def test_what_does_not_parse_is_found(words: list[str]) -> None:
    with pytest.raises((Exception, pytest.fail.Exception), match=r"(?i)nonsense|nothing here"):
        parse(words)


def test_the_config_reference_is_the_one_that_is_generated() -> None:
    committed = (ROOT / "docs" / "config.md").read_text(encoding="utf-8")
    assert committed == markdown(), "remedy: factory schema --markdown > docs/config.md"

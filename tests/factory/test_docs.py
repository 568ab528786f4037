"""The README and the pages under docs/: every command in them is run, or, where it needs a GPU or the network, parsed.

Blocks of a page are worked off in order, in one directory that has `configs`. A ```console block has commands alone,
each after "$ "; ```python blocks are run; a ```json or ```yaml block after "saved … as `NAME`" is that file. What is
not run stands in `NOT_RUN`.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer.main

from factory.cli import app
from factory.config import ProblemsConfig, ProblemsOnly, load, parse_section
from factory.config.reference import markdown
from factory.languages import Language
from factory.problems import FORMATS, Loaded, read
from factory.shards.rows import SCHEMA
from sandbox.contract import Boundary

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
NOT_RUN = {
    "make quickstart", "make test", "pip install -e '.[gpu]'", "factory doctor", "factory run configs/gpu.yaml",
    "factory run mine.yaml", "factory status runs/mine --watch", "factory report runs/mine --out mine.html",
    "factory tune mine.yaml --out tuned",
    "factory run mine.yaml --run-dir runs/remote --set", "factory verify --problems double.json --rollouts",
    "factory push runs/first my-name/first", "factory status s3://bucket/runs/mine",
    "python docker/build_sandbox.py --base python:3.12-slim --tag registry/sandbox:1",
}  # fmt: skip
"""How the commands begin that need a GPU or the network. A page cannot take a command of its own from the tests."""
PROGRAMS = r"(?:\$|(?:factory|make|pip|python3?|docker|git|uv|sh|bash|curl|export|[A-Z_]+=\S*)\s)"
"""What a command begins with; none may stand in a block that is not run."""
NO_DOCKER = "unix:///nonexistent/docker.sock"
"""So that `auto` is bubblewrap: walls have tests of their own, and a container costs three times the CPU."""
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
        named = re.search(r"[Ss]aved(?: here)? as `([\w.-]+)`", paragraph)
        return named[1] if named and self.kind in ("json", "yaml") else None

    @property
    def commands(self) -> list[str]:
        return [line.removeprefix("$ ") for line in self.text.splitlines() if line.startswith("$ ")]


def blocks(text: str) -> list[Block]:
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
    for block in blocks(page.read_text(encoding="utf-8")):
        if block.file:
            (place / block.file).write_text(block.text, encoding="utf-8")


def do(command: list[str], place: Path, warm: Any) -> None:
    """Run a shell command, or Python. What is a call of `factory` and nothing else is one of `warm`."""
    env = os.environ | {"PATH": f"{place / 'bin'}:{os.environ['PATH']}", "DOCKER_HOST": NO_DOCKER}
    words = shlex.split(command[-1]) if command[0] == "/bin/sh" else []
    if words[:1] == ["factory"] and not re.search(r"[|&;<>$`*?]", command[-1]):
        done = warm.start(*words[1:], env=env, cwd=place).end()
    else:
        done = subprocess.run(command, cwd=place, env=env, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


def test_there_are_pages() -> None:
    assert {page.name for page in PAGES} >= {
        "README.md",
        "quickstart.md",
        "config.md",
        "formats.md",
        "filters.md",
        "adding.md",
        "gpu.md",
        "sandbox.md",
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_block_is_of_a_kind_that_is_checked(page: Path) -> None:
    faults_of(page.read_text(encoding="utf-8"))


def faults_of(text: str) -> None:
    """Fail where a page has a command, or a file, that no test would come upon."""
    fences = re.findall(r"^[ >]*(?:```|~~~)|<pre|<code", text, re.MULTILINE)
    assert len(fences) == 2 * len(blocks(text)), "a fence that is none, or left open"
    indented = re.search(rf"^(?:\t| {{4}})\s*{PROGRAMS}.*", BLOCK.sub("", text), re.MULTILINE)
    assert indented is None, f"a command that is not run: {indented}"
    for block in blocks(text):
        assert block.kind in ("console", "python", "json", "yaml", ""), block.kind
        if block.kind == "console":
            assert block.commands == [line[2:] for line in block.text.splitlines()], f"not all commands: {block.text}"
        assert block.kind not in ("json", "yaml") or block.file, f"it is not said as what this is saved: {block.text}"
        found = re.search(rf"^\s*{PROGRAMS}.*", block.text, re.MULTILINE)
        assert block.kind or found is None, f"a command that is not run: {found}"
        assert block.run or block.kind == "console", "only commands may be left out"
        for command in () if block.run else block.commands:
            assert any(command.startswith(known) for known in NOT_RUN), f"not run, and not in NOT_RUN: {command}"


@pytest.mark.parametrize(
    "text",
    [
        "```sh\nfactory doctor\n```\n",
        "```console\nfactory doctor\n```\n",
        "```console\n$ factory doctor\nmake nonsense\n```\n",
        "```\nfactory doctor\n```\n",
        "```\n$ ls\n```\n",
        "```\nHF_TOKEN=x factory push a b\n```\n",
        "~~~\nfactory doctor\n~~~\n",
        "  ```\n  factory doctor\n  ```\n",
        "````\nfactory doctor\n````\n",
        "<pre>factory doctor</pre>\n",
        "Call\n\n    factory doctor\n",
        "```console\n$ factory doctor\n",
        "<!-- not run by the tests: needs the network -->\n```console\n$ factory export nowhere\n```\n",
        "<!-- not run by the tests: needs the network -->\n```python\nimport nothing\n```\n",
        "<!-- not run by the tests: needs patience -->\n```yaml\na: 1\n```\n",
    ],
)
def test_a_command_that_no_test_runs_is_found(text: str) -> None:
    with pytest.raises(AssertionError):
        faults_of(text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_in_the_text_are_those_there_are(page: Path) -> None:
    """What stands between backticks has placeholders, so it cannot be run; its command and options are there."""
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    for words in (span.split() for span in re.findall(r"`([^`]+)`", text)):
        if words[0] == "factory" and len(words) > 1:
            command = typer.main.get_command(app).get_command(None, words[1])  # type: ignore[attr-defined]
            assert command is not None, words
            known = {option for parameter in command.params for option in parameter.opts}
            assert {word.strip("[]") for word in words if word.strip("[]").startswith("--")} <= known, words


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_runs(page: Path, place: Path, warm: Any) -> None:
    if page.name in NEEDED_ELSEWHERE:
        save(page.parent / NEEDED_ELSEWHERE[page.name], place)
    save(page, place)
    for block in blocks(page.read_text(encoding="utf-8")):
        if block.kind == "python":
            do([sys.executable, "-c", block.text], place, warm)
        for command in block.commands if block.run else ():
            do(["/bin/sh", "-ec", command], place, warm)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_is_not_run_parses(page: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(page, place)
    monkeypatch.chdir(place)
    for block in blocks(page.read_text(encoding="utf-8")):
        for command in () if block.run else block.commands:
            parse(shlex.split(command, comments=True))


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
        elif name == "verify":
            parse_section(ProblemsOnly, tuple(given["sets"] or ()), {"problems": {"path": given["problems"]}})
    elif program == "make":
        assert re.search(rf"^{rest[0]}:", (ROOT / "Makefile").read_text(), re.MULTILINE), words
    elif program == "pip":
        (extra,) = re.findall(r"\[(\w+)\]", words[-1])
        assert extra in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"], words
    elif program == "python":
        told = subprocess.run([sys.executable, ROOT / rest[0], "--help"], capture_output=True, text=True, check=True)
        assert all(word in told.stdout for word in rest if word.startswith("--")), words
    else:
        pytest.fail(f"nothing here can tell whether this works: {words}")


@pytest.mark.parametrize(
    "words", [["factory", "nonsense"], ["factory", "run", "--nonsense", "x"], ["make", "nonsense"], ["rm", "-r", "x"]]
)
def test_what_does_not_parse_is_found(words: list[str]) -> None:
    with pytest.raises((Exception, pytest.fail.Exception), match=r"(?i)nonsense|nothing here"):
        parse(words)


def test_the_format_that_is_shown_loads_problems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = next(block for block in blocks((ROOT / "docs" / "adding.md").read_text()) if block.kind == "python")
    module = ModuleType("mine")
    exec(shown.text, module.__dict__)
    monkeypatch.setitem(FORMATS, "mine", module)
    rows = [{"number": 1, "question": "Echo.", "io_pairs": [["a\n", "a\n"]]}, {"number": 2, "io_pairs": []}]
    (tmp_path / "mine.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    loaded, refused = read(ProblemsConfig(path=tmp_path / "mine.jsonl"))
    assert isinstance(loaded, Loaded)
    assert loaded.problem.id == "mine/1"
    assert (loaded.problem.cases[0].stdout, loaded.problem.meta.license) == ("a\n", "CC0-1.0")
    assert str(refused) == f"{tmp_path / 'mine.jsonl'}:2: question: is missing"


@pytest.mark.parametrize(("contract", "heading"), [(Language, "A language"), (Boundary, "A wall")])
def test_what_a_contract_asks_for_is_told(contract: type, heading: str) -> None:
    section = (ROOT / "docs" / "adding.md").read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    members = {name for name in vars(contract) | contract.__annotations__ if not name.startswith("_")}
    assert members - {"name"} <= set(re.findall(r"`(\w+)`", section))


def test_every_column_of_a_row_is_told() -> None:
    section = (ROOT / "docs" / "formats.md").read_text().split("## Rows\n")[1].split("\n## ")[0]
    assert set(SCHEMA.names) <= set(re.findall(r"`(\w+)`", section))


def test_the_config_reference_is_the_one_that_is_generated() -> None:
    committed = (ROOT / "docs" / "config.md").read_text(encoding="utf-8")
    assert committed == markdown(), "remedy: factory schema --markdown > docs/config.md"

"""The tree and the import law in docs/architecture.md are those of the code."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
LONGEST = 300
"""Lines of a source file, at most."""
LONGEST_PIPELINE = 150


def block(heading: str) -> list[str]:
    """The lines of the first code block below a heading of the page."""
    text = PAGE[PAGE.index(f"\n## {heading}\n") :]
    return text.split("```", 2)[1].strip("\n").split("\n")


def drawn() -> Iterator[tuple[str, set[str]]]:
    """Each folder of the drawn tree with the names beside it: modules, and folders with a slash."""
    top = ""
    for line in block("The tree"):
        name, _, about = line.strip().partition(" ")
        if not line.startswith(" "):
            top = name.strip("/")
        names = about.split("#")[0].split()
        yield top if not line.startswith(" ") else f"{top}/{name.strip('/')}", set(names)


def there(folder: Path) -> set[str]:
    """What lies in a folder, by the names that the drawing has for it."""
    modules = {path.stem for path in folder.glob("*.py") if not path.stem.startswith("__")}
    folders = {
        f"{path.name}/"
        for path in folder.iterdir()
        if path.is_dir() and any(path.rglob("*.*")) and path.name != "__pycache__"
    }
    return modules | folders


@pytest.mark.parametrize(("folder", "names"), list(drawn()), ids=[folder for folder, _ in drawn()])
def test_a_folder_holds_what_the_page_says(folder: str, names: set[str]) -> None:
    assert there(ROOT / folder) == names


@pytest.mark.parametrize("package", ["factory", "sandbox"])
def test_the_page_draws_every_room(package: str) -> None:
    rooms = {folder for folder, _ in drawn()}
    assert {f"{package}/{path.parent.name}" for path in (ROOT / package).glob("*/__init__.py")} <= rooms


def test_the_law_on_the_page_is_the_one_that_is_checked() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (law,) = (it for it in settings["tool"]["importlinter"]["contracts"] if it["type"] == "layers")
    assert [line.strip() for line in block("The import law")] == [
        " | ".join(name.strip().removeprefix("factory.") for name in line.split("|")) for line in law["layers"]
    ]


def test_every_room_is_in_the_law() -> None:
    named = {name.strip() for line in block("The import law") for name in line.split("|")}
    assert {entry.rstrip("/") for entry in there(ROOT / "factory")} | {"sandbox"} == named


# ---- circles, sizes ----


def sources() -> dict[str, Path]:
    """Every module of the two packages by its dotted name."""
    found = {}
    for package in ("factory", "sandbox"):
        for path in (ROOT / package).rglob("*.py"):
            found[".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")] = path
    return found


def imports(path: Path, known: dict[str, Path]) -> Iterator[str]:
    """The modules that a module imports anywhere in it, as far as they are ours."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield from (it for it in (f"{node.module}.{alias.name}", node.module) if it in known)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)


def test_no_files_import_each_other_in_a_circle() -> None:
    known = sources()
    # A package's __init__ imports what it offers, and what it offers may import the package's name: not a circle.
    edges = {
        name: {
            it
            for it in imports(path, known)
            if not (known[it].name == "__init__.py" and name.startswith(f"{it}.")) and it != name
        }
        for name, path in known.items()
    }
    done: set[str] = set()
    while free := {name for name in edges.keys() - done if edges[name] <= done}:
        done |= free
    assert sorted(edges.keys() - done) == []


@pytest.mark.parametrize("package", ["factory", "sandbox"])
def test_no_file_is_long(package: str) -> None:
    kinds = {".py", ".go", ".js", ".cjs", ".j2", ".css"}
    sizes = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in (ROOT / package).rglob("*")
        if path.suffix in kinds
    }
    assert {name: size for name, size in sizes.items() if size > LONGEST} == {}
    assert sizes.get("factory/run/pipeline.py", 0) <= LONGEST_PIPELINE


def test_links_of_the_page_lead_somewhere() -> None:
    for target in re.findall(r"`((?:factory|sandbox|tests|docker|configs|docs)/[\w/.]+)`", PAGE):
        assert (ROOT / target).exists() or target == "factory/executors/ray.py", target

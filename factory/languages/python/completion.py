"""What a model wrote behind a starter: a function's body, and what came after it.

Promises: where starter and text together are a program, the function is the one that running all of it would leave,
with everything that it uses; demonstrations behind it are left out. Where they are none, the text ends at the first
line that leaves the function, or is kept whole. Linear in the text.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

from factory.languages.python.parse import parse
from factory.languages.python.reach import loaded, reached
from factory.records.bounds import Tries

_LINES = re.compile(r"[^\r\n]*+(?:\r\n|\r|\n)|[^\r\n]++")
"""Lines as Python's parser counts them, with their ends."""


def completed(starter: str, text: str, entry_point: str, defines: Callable[[str, str], bool]) -> str:
    """`starter` and `text`, cut behind the function `entry_point` and what it needs."""
    whole = starter + text
    tree = parse(whole)
    if isinstance(tree, ast.Module) and (kept := _needed(whole, tree, entry_point)) is not None:
        return kept
    return _until_left(starter, text, entry_point, defines)


def _needed(whole: str, tree: ast.Module, entry_point: str) -> str | None:
    """`whole` up to the last definition of the entry point, and what it needs of the statements behind that.

    None where nothing defines it.
    """
    name = entry_point.partition(".")[0]
    places = [place for place, node in enumerate(tree.body) if _binds(node, name)]
    if not places:
        return None
    ahead, behind = tree.body[: places[-1] + 1], tree.body[places[-1] + 1 :]
    try:
        wanted = reached(tree, entry_point)
        used = set().union(*(loaded(node) for node in (*ahead, *(node for node in behind if node in wanted))))
        used -= set().union(*map(_imports, ahead))
    except RecursionError:
        return None
    lines = _LINES.findall(whole)
    kept: list[str] = []
    first = len(lines)
    for node in behind:
        if node not in wanted and not _imports(node) & (used | {"*"}):
            first = min(first, _first_line(node) - 1)
        elif _first_line(node) > first:
            kept += lines[_first_line(node) - 1 : node.end_lineno]
    return "".join([*lines[:first], *kept])


def _binds(node: ast.stmt, name: str) -> bool:
    match node:
        case ast.FunctionDef(name=bound) | ast.AsyncFunctionDef(name=bound) | ast.ClassDef(name=bound):
            return bound == name
        case ast.Assign(targets=targets):
            return any(isinstance(target, ast.Name) and target.id == name for target in targets)
    return False


def _imports(node: ast.stmt) -> set[str]:
    if not isinstance(node, ast.Import | ast.ImportFrom):
        return set()
    return {(alias.asname or alias.name).partition(".")[0] for alias in node.names}


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _until_left(starter: str, text: str, entry_point: str, defines: Callable[[str, str], bool]) -> str:
    """`starter` and `text`, cut at the first line that leaves the function.

    A line leaves it when it starts at the margin outside any bracket or string; comments and blank lines stay.
    A starter that does not open the function leaves that to the text; a whole program is not cut.
    """
    lines, tries, name = text.split("\n"), Tries(), re.escape(entry_point)
    entered, inside = defines(starter, entry_point), False
    for number, line in enumerate(lines):
        if number == 0 and starter and not starter.endswith("\n"):
            inside = bool(line.strip())
            continue  # it continues the starter's last line
        if line[:1] in ("", " ", "\t", "#", "\r", ")", "]", "}"):
            inside = inside or (entered and bool(line.strip() and line[0] in " \t"))
            continue
        if not entered:
            entered = defines(line, entry_point)
            continue
        if re.match(rf"{name}\.\w+\s*=[^=]|setattr\(\s*{name}\s*,", line):
            continue  # an attribute of the function, which it may rely on
        before = starter + "\n".join(lines[:number]) + "\n"
        if not inside:
            break  # it never was in the function
        if tries.afford(before) and isinstance(parse(before), ast.Module):
            return before
    return starter + text

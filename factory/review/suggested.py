"""The inputs and preconditions in a model's answer, which is read and never run.

Promises: an input is a call on literals, or the text of a fenced block; a precondition is the condition of an `assert`
that does not call the function. Reading takes time in proportion to the answer, of which no more than a program may
have is parsed, and raises nothing. What an input is worth, and whether a precondition holds, is decided elsewhere.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from factory.grading.blocks import Block, fenced
from factory.inputs.declared import parameters
from factory.inputs.generate import MOST_CHARACTERS, input_text
from factory.languages.python.parse import nodes_of, parse
from factory.records import Case, Problem, Rollout, reasoning
from factory.records.bounds import MAX_SOURCE
from factory.records.values import Unencodable, encode

MOST_INPUTS, MOST_STREAMS, MOST_PRECONDITIONS = 64, 16, 8
"""What is taken of one answer, the first ones: calls, standard inputs, preconditions."""
LONGEST_PRECONDITION = 1000
"""Characters."""
_PYTHON = frozenset({"", "python", "py", "python3"})
_LINES = 512
"""Lines of a broken answer that are read one by one."""


@dataclass(frozen=True, slots=True)
class Suggested:
    """What a model says of a problem's inputs."""

    inputs: tuple[Case, ...] = ()
    """Each once, without an answer."""
    preconditions: tuple[str, ...] = ()
    """Expressions over the parameters."""


def suggested(answer: Rollout, problem: Problem) -> Suggested:
    """What `answer` suggests for `problem`; nothing where it suggests nothing that can be read."""
    text = reasoning.split(answer.text)[1][:MAX_SOURCE] if answer.mode == "chat" else answer.text[:MAX_SOURCE]
    blocks = list(fenced(text)) if answer.mode == "chat" else []
    if problem.entry_point is None:
        return Suggested(_unique(_streams(blocks))[:MOST_STREAMS])
    name = problem.entry_point.rpartition(".")[2]
    if answer.mode == "completion":
        sources = [f"assert {name}({text}"]  # which the prompt began
    else:
        sources = [block.code for block in blocks if block.info in _PYTHON] or [text]
    nodes = [node for source in sources for node in nodes_of(_tree(source, name))]
    calls = {node: _is_call(node, name) for node in nodes}
    cases = (_case(node, problem) for node in nodes if isinstance(node, ast.Call) and calls[node])
    conditions = [
        _written(node.test)
        for node in nodes
        if isinstance(node, ast.Assert) and not any(calls.get(inner) for inner in nodes_of(node))
    ]
    known = dict.fromkeys(filter(None, conditions if parameters(problem) else ()))
    return Suggested(_unique(case for case in cases if case), tuple(known)[:MOST_PRECONDITIONS])


def _tree(source: str, name: str) -> ast.Module:
    """The syntax of `source`; where it is broken, as an answer that was cut off is, that of each line that has one."""
    whole = parse(source)
    if isinstance(whole, ast.Module):
        return whole
    lines = [line.strip().removeprefix(">>> ") for line in source.split("\n") if name in line or "assert" in line]
    trees = [tree for line in lines[:_LINES] if isinstance(tree := parse(line), ast.Module)]
    return ast.Module([it for tree in trees for it in tree.body], [])


def _written(condition: ast.expr) -> str:
    """The text of `condition`; "" of one that is too long, or nested too deep."""
    try:
        text = ast.unparse(condition)
    except RecursionError:
        return ""
    return text if len(text) <= LONGEST_PRECONDITION else ""


def _is_call(node: ast.AST, name: str) -> bool:
    """Whether `node` calls `name`, also as a method."""
    match node:
        case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called)):
            return called == name
    return False


def _case(call: ast.Call, problem: Problem) -> Case | None:
    """The input of a call with as many arguments as some case has; None of one whose arguments are no literals."""
    if any(isinstance(arg, ast.Starred) for arg in call.args) or any(word.arg is None for word in call.keywords):
        return None
    try:
        args = [encode(ast.literal_eval(arg)) for arg in call.args]
        kwargs = {str(word.arg): encode(ast.literal_eval(word.value)) for word in call.keywords}
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError, Unencodable):
        return None
    names = parameters(problem)
    for shape in dict.fromkeys((len(case.args or ()), tuple(case.kwargs)) for case in problem.cases):
        if (found := _shaped(args, kwargs, names, *shape)) is not None:
            return found
    return Case(args=args, kwargs=kwargs, expected=None, public=True)


def _shaped(
    args: list[Any], kwargs: dict[str, Any], names: tuple[str, ...], count: int, keywords: tuple[str, ...]
) -> Case | None:
    """The call with `count` arguments by position and the others by `keywords`, whichever way it was written."""
    given = dict(zip(names, args, strict=False)) | kwargs
    if len(args) > len(names) or len(given) < len(args) + len(kwargs):
        return None
    wanted = [*names[:count], *keywords]
    if len(names) < count or set(wanted) != set(given):
        return None
    by_position = [given[name] for name in names[:count]]
    return Case(args=by_position, kwargs={name: given[name] for name in keywords}, expected=None, public=True)


def _streams(blocks: list[Block]) -> Iterator[Case]:
    for block in blocks:
        if block.closed and block.code.strip():
            yield Case(stdin=block.code.rstrip("\n") + "\n", stdout="", public=True)


def _unique(cases: Iterator[Case]) -> tuple[Case, ...]:
    found: dict[str, Case] = {}
    for case in cases:
        text = input_text(case)
        if len(text) <= MOST_CHARACTERS and len(found) < MOST_INPUTS and _is_storable(case):
            found.setdefault(text, case)
    return tuple(found.values())


def _is_storable(case: Case) -> bool:
    """Whether a file can hold the input: it has no halves of surrogate pairs."""
    try:
        json.dumps([case.args, case.kwargs, case.stdin], ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True

"""Problems of linked lists, of trees, and of methods that answer by changing their argument.

Promises: a case holds plain lists, and `Calling` says what they stand for. Linked lists and trees are recognised by the
starter code's annotations, or by the helpers `list_node` and `tree_node` that tests make them with; other linked
objects are refused. A method that is annotated to return nothing answers by its first argument, where the cases expect
anything: LeetCode's judge looks there; where they expect nothing, they would pass whatever it does, and are refused.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from factory.languages.python.linked import ListNode, TreeNode, build, flat
from factory.problems.parsing import contest
from factory.records import Calling, Case, Comparison
from factory.records.calling import Shape
from factory.records.values import decode, encode

_BUILDERS: dict[str, Shape] = {"list_node": "list", "tree_node": "tree"}
_SAME = {"is_same_list": "list_node", "is_same_tree": "tree_node"}
_SEVERAL: dict[Shape, Shape] = {"list": "lists", "tree": "trees"}


@dataclass(frozen=True, slots=True)
class Signature:
    """What starter code says of the function `name`; `names` are its parameters, without self."""

    names: tuple[str, ...] = ()
    shapes: tuple[Shape, ...] = ()
    result: Shape = "value"
    returns_nothing: bool = False


def signature(starter_code: str, name: str) -> Signature:
    """Read from `starter_code`, whose last function may still be to be written. Raises ValueError for other objects."""
    contest.refuse_objects(starter_code)
    node = _function(starter_code, name)
    if node is None:
        return Signature()
    arguments = [*node.args.posonlyargs, *node.args.args]
    if arguments and arguments[0].arg == "self":
        del arguments[0]
    return Signature(
        tuple(arg.arg for arg in arguments),
        tuple(_shape(arg.annotation) for arg in arguments),
        _shape(node.returns),
        isinstance(node.returns, ast.Constant) and node.returns.value is None,
    )


def _function(starter_code: str, name: str) -> ast.FunctionDef | None:
    for text in (starter_code, f"{starter_code.rstrip()}\n        pass\n", f"{starter_code.rstrip()}\n    pass\n"):
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name == name:
                return node
    return None


def _shape(annotation: ast.expr | None) -> Shape:
    text = ast.unparse(annotation) if annotation is not None else ""
    found = re.search(r"\b(List|Tree)Node\b", text)
    if found is None:
        return "value"
    shape: Shape = "list" if found[1] == "List" else "tree"
    return _SEVERAL[shape] if re.match(r"\W*(?:List|list|Sequence|Tuple|tuple|Iterable)\b\[", text) else shape


def calling(of: Signature, cases: Sequence[Case], *, either: bool = False) -> Calling:
    """How the cases call a function of that signature. Raises ValueError where they would hold whatever it does."""
    in_place = None
    if of.returns_nothing:
        if not of.names or all(case.expected is None for case in cases):
            raise ValueError("starter_code: returns nothing, and its tests do not say what its argument is to become")
        in_place = 0
    shapes = of.shapes if any(shape != "value" for shape in of.shapes) else ()
    result = of.result if in_place is None else of.shapes[0]
    return Calling(either=either, args=shapes, result=result, in_place=in_place)


def of_cases(starter_code: str, name: str, cases: Sequence[Case], *, either: bool) -> Calling:
    """How the cases call the function, method or class `name`. Raises ValueError where they do not show it."""
    return designed(starter_code, name, cases) or calling(signature(starter_code, name), cases, either=either)


def designed(starter_code: str, name: str, cases: Sequence[Case]) -> Calling | None:
    """How cases call a class `name` that is to be written: by lists of its methods' names and of their arguments.

    None where `name` is a function. Raises ValueError where it is a class, and the cases are of another form.
    """
    is_class = bool(re.search(rf"^class\s+{re.escape(name)}\b", starter_code, re.MULTILINE))
    may_be = is_class or (not starter_code and name[0].isupper())
    if may_be and cases and all(_operates(case, name) for case in cases):
        if re.search(r"\b(?:ListNode|TreeNode|Node|NestedInteger)\b", re.sub("#.*", "", starter_code)):
            raise ValueError(f"starter_code: the methods of {name} take or give objects, which are no plain values")
        return Calling(operations=True)
    if is_class:
        raise ValueError(
            f"starter_code: {name} is a class; a test of one has a list of its name and its methods' names, a list of "
            "as many argument lists, and expects a list of as many answers, the first null"
        )
    return None


def _operates(case: Case, name: str) -> bool:
    match (case.args, case.expected):
        case ([[first, *methods], [[*_], *rest]], [None, *answers]):
            texts = first == name and all(isinstance(method, str) for method in methods)
            return texts and all(isinstance(one, list) for one in rest) and len(methods) == len(rest) == len(answers)
    return False


def refuse_free_answers(prompt: str, comparison: Comparison, of: Calling) -> None:
    """Raise ValueError where methods are called, whose answers are random or may come in any order.

    The recorded list has one answer a call, and which of them the words are about is not known.
    """
    if of.operations and comparison.kind == "unordered":
        raise ValueError("its statement leaves an order free, and does not say of which method's answers")
    if of.operations and re.search(r"\brandom", prompt, re.IGNORECASE):
        raise ValueError("its methods answer at random, so that one recorded answer cannot decide")


def canonical(cases: Sequence[Case], of: Calling) -> list[Case]:
    """`cases` with what is expected in the form in which answers are given. Raises ValueError for what has none."""
    if of.result == "value":
        return list(cases)
    if any(case.comparison is not None for case in cases):
        raise ValueError("test: looks at objects in another way than whether they are the same")
    return [
        case.model_copy(update={"expected": encode(_canonical(decode(case.expected), of.result))}) for case in cases
    ]


def _canonical(value: Any, shape: Shape) -> Any:
    try:
        # No list at all is an empty one: both are written [], and are None to a program.
        return flat(build(value, shape, {"ListNode": ListNode, "TreeNode": TreeNode}), shape)
    except TypeError as error:
        raise ValueError(f"test: expects what is no {shape}: {error}") from None


def of_check(test: str, of: Signature) -> tuple[str, Signature]:
    """Test code with plain lists for `list_node([…])`, and `==` for `is_same_list`; and what they stand for.

    The shapes of `of` are replaced by those that the tests use. Raises ValueError where tests differ in that.
    """
    if not re.search(r"\b(?:list_node|tree_node|is_same_list|is_same_tree)\b", test):
        return test, of
    plain = _Plain(of.names)
    try:
        tree = plain.visit(ast.parse(test))
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(f"test: cannot be parsed: {error or type(error).__name__}") from None
    names = {*_BUILDERS, *_SAME}
    if any(isinstance(node, ast.Name) and node.id in names for node in ast.walk(tree)):
        raise ValueError("test: looks at objects in another way than whether they are the same")
    if len(plain.results) > 1 or plain.odd:
        raise ValueError("test: takes objects in one assert and plain values in another")
    shapes = tuple(plain.arguments.get(name, "value") for name in of.names)
    result: Shape = next(iter(plain.results), "value")
    text = ast.unparse(ast.fix_missing_locations(tree))
    return text, Signature(of.names, shapes, result, of.returns_nothing)


class _Plain(ast.NodeTransformer):
    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self.arguments: dict[str, Shape] = {}
        self.results: set[Shape] = set()
        self.odd = False

    def visit_Assert(self, node: ast.Assert) -> ast.Assert:
        match node.test:
            case ast.Call(func=ast.Name(id=same), args=[ast.Call() as call, expected], keywords=[]) if same in _SAME:
                value, shape = _built(expected)
                self.odd = self.odd or shape != _BUILDERS[_SAME[same]]
            case ast.Compare(left=ast.Call() as call, ops=[ast.Eq()], comparators=[expected]):
                value, shape = expected, "value"
            case _:
                return node
        test = ast.Compare(self._call(call), [ast.Eq()], [value])
        self.results.add(shape)
        return ast.copy_location(ast.Assert(test, node.msg), node)

    def _call(self, call: ast.Call) -> ast.Call:
        done = copy.copy(call)
        done.args = [self._argument(name, arg) for name, arg in zip(self._names, call.args, strict=False)]
        done.args += call.args[len(done.args) :]
        done.keywords = [ast.keyword(word.arg, self._argument(str(word.arg), word.value)) for word in call.keywords]
        return done

    def _argument(self, name: str, given: ast.expr) -> ast.expr:
        value, shape = _built(given)
        if isinstance(given, ast.Constant) and given.value is None:
            return given  # an empty list or tree, or none
        self.odd = self.odd or self.arguments.setdefault(name, shape) != shape
        return value


def _built(node: ast.expr) -> tuple[ast.expr, Shape]:
    """The plain value in `list_node(value)` and the like, and what it stands for."""
    match node:
        case ast.Call(func=ast.Name(id=name), args=[value], keywords=[]) if name in _BUILDERS:
            return value, _BUILDERS[name]
        case ast.List(elts=[_, *_] as items):
            parts = [_built(item) for item in items]
            shapes = {shape for _, shape in parts}
            if len(shapes) == 1 and (shape := shapes.pop()) in _SEVERAL:
                return ast.List([value for value, _ in parts], ast.Load()), _SEVERAL[shape]
    return node, "value"

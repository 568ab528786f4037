"""Adds the imports a program forgot, where a name can only mean one thing.

Promises: nothing is added for a name the program binds anywhere itself, and every addition is
told. Does not promise to find every forgotten import: a name with two plausible homes (`sqrt`,
`log`, `datetime`) is left alone, and the program fails as it would have.
"""

from __future__ import annotations

import ast
import builtins
import warnings
from collections.abc import Iterable, Iterator

HOMES: dict[str, str] = {
    name: module
    for module, names in {
        "typing": (
            "Any AnyStr AsyncIterator Callable ClassVar Collection Coroutine DefaultDict Deque Dict Final FrozenSet "
            "Generator Generic Hashable Iterable Iterator List Literal Mapping MutableMapping MutableSequence "
            "MutableSet NamedTuple NoReturn Optional Protocol Sequence Set Sized SupportsFloat SupportsInt Text "
            "Tuple Type TypedDict TypeVar Union"
        ),
        "collections": "ChainMap Counter OrderedDict defaultdict deque namedtuple",
        "functools": "cmp_to_key lru_cache partial reduce singledispatch total_ordering wraps",
        "itertools": (
            "accumulate chain combinations combinations_with_replacement dropwhile filterfalse groupby islice "
            "pairwise permutations starmap takewhile zip_longest"
        ),
        "heapq": "heapify heappop heappush heappushpop heapreplace nlargest nsmallest",
        "bisect": "bisect_left bisect_right insort insort_left insort_right",
        "math": "ceil comb factorial floor gcd hypot isqrt lcm",
        "fractions": "Fraction",
        "decimal": "Decimal",
        "dataclasses": "dataclass",
        "enum": "Enum IntEnum",
        "abc": "ABC abstractmethod",
        "copy": "deepcopy",
        "string": "ascii_letters ascii_lowercase ascii_uppercase punctuation",
        "io": "BytesIO StringIO",
    }.items()
    for name in names.split()
}
"""name -> the one standard module it can come from."""

MODULES = frozenset(
    "array base64 bisect calendar collections copy dataclasses decimal enum fractions functools hashlib heapq io "
    "itertools json math operator os queue random re statistics string struct sys textwrap threading time "
    "unicodedata zlib".split()
)
"""Standard modules added when the name is used as one: as the base of an attribute."""

_KNOWN = frozenset(dir(builtins)) | {"__file__", "__name__", "__doc__"}


def missing(tree: ast.Module) -> dict[str, bool]:
    """Names that are read but bound nowhere in the program -> whether every use is as `name.attribute`."""
    bound = set(bound_names(tree))
    if "*" in bound:
        return {}
    nodes = list(ast.walk(tree))
    bases = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
    found: dict[str, bool] = {}
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            name = node.id
            if name not in bound and name not in _KNOWN:
                found[name] = found.get(name, True) and id(node) in bases
    return found


def bound_names(tree: ast.AST) -> Iterator[str]:
    """Every name bound in any scope of `tree`; "*" for a star import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0]
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            yield node.name
        elif isinstance(node, ast.MatchMapping) and node.rest:
            yield node.rest
        elif isinstance(node, ast.Global | ast.Nonlocal):
            yield from node.names


def fix(code: str, tree: ast.Module, starter_code: str) -> tuple[str, tuple[str, ...]]:
    """`code` with what it forgot put before it, and one line per addition ("import added: typing.List").

    Besides imports these are the definitions that `starter_code` gave and the answer relies on, with
    what those rely on in turn.
    """
    wanting = missing(tree)
    if not wanting:
        return code, ()
    given = definitions(starter_code)
    added: dict[str, str] = {}
    taken: dict[str, str] = {}
    told: set[str] = set()
    bound = set(bound_names(tree))
    while wanting:
        name, as_module = wanting.popitem()
        if name in given:
            text = given[name]
            told.add(f"taken from the starter code: {name}")
            own = ast.parse(text)
            (added if isinstance(own.body[0], ast.Import | ast.ImportFrom) else taken)[text] = name
            bound.update(bound_names(own))
            wanting.update((more, use) for more, use in missing(own).items() if more not in bound)
        elif name in HOMES:
            added[f"from {HOMES[name]} import {name}"] = name
            told.add(f"import added: {HOMES[name]}.{name}")
        elif name in MODULES and as_module:
            added[f"import {name}"] = name
            told.add(f"import added: {name}")
    if not told:
        return code, ()
    # Imports first, then what the starter code defines, in its order: a definition may use them when it is made.
    lines = [*sorted(added), *(text for text in dict.fromkeys(given.values()) if text in taken)]
    return put_before(code.lstrip("\ufeff"), tree, lines), tuple(sorted(told))


def put_before(code: str, tree: ast.Module, lines: Iterable[str]) -> str:
    """`lines` and `code`, whose tree is `tree`. A `__future__` import has to stay first: they go behind the last."""
    future = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
    at = max((node.end_lineno or 0 for node in future), default=0)
    before, after = code.split("\n")[:at], code.split("\n")[at:]
    return "\n".join([*before, *lines, *after])


def definitions(starter_code: str) -> dict[str, str]:
    """Helpers, constants and imports at the margin of a program, complete ones only: name -> source text.

    The program may end in a function that is still to be written, as a starter code does.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(starter_code)
        except (SyntaxError, ValueError):
            starter_code += "\n    pass\n"  # a last function that is still to be written
            try:
                tree = ast.parse(starter_code)
            except (SyntaxError, ValueError):
                return {}
    found = {}
    lines = starter_code.splitlines()
    for node in tree.body:
        text = _source(lines, node)
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.update({(alias.asname or alias.name).partition(".")[0]: text for alias in node.names})
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if not _is_signature_only(node):
                found[node.name] = text
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found.update({target.id: text for target in targets if isinstance(target, ast.Name)})
    return found


def _source(lines: list[str], node: ast.stmt) -> str:
    """The whole lines of `node`, its decorators among them."""
    first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))])
    return "\n".join(lines[first - 1 : node.end_lineno])


def _is_signature_only(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """Whether the body is nothing but a docstring, `pass` or `...`: something still to be written."""
    return all(
        isinstance(part, ast.Pass) or (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))
        for part in node.body
    )

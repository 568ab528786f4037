"""Adds the imports a program forgot, where a name can only mean one thing.

Promises: nothing is added for a name the program binds anywhere itself, and every addition is
told. Does not promise to find every forgotten import: a name with two plausible homes (`sqrt`,
`log`, `datetime`) is left alone, and the program fails as it would have.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

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
    bases = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    found: dict[str, bool] = {}
    for node in ast.walk(tree):
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


def repair(code: str, tree: ast.Module, starter_code: str) -> tuple[str, tuple[str, ...]]:
    """`code` with what it forgot put before it, and one line per addition ("import added: typing.List").

    Besides imports these are the definitions that `starter_code` gave and the answer relies on.
    """
    lines: dict[str, str] = {}
    given = _definitions(starter_code)
    for name, as_module in missing(tree).items():
        if name in given:
            lines[given[name]] = f"taken from the starter code: {name}"
        elif name in HOMES:
            lines[f"from {HOMES[name]} import {name}"] = f"import added: {HOMES[name]}.{name}"
        elif name in MODULES and as_module:
            lines[f"import {name}"] = f"import added: {name}"
    if not lines:
        return code, ()
    future = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
    if future:
        # A __future__ import has to stay first: what is added goes behind the last of them.
        at = max(node.end_lineno or 0 for node in future)
        before, after = code.split("\n")[:at], code.split("\n")[at:]
        return "\n".join([*before, *sorted(lines), *after]), tuple(sorted(lines.values()))
    return "\n".join([*sorted(lines), code]), tuple(sorted(lines.values()))


def _definitions(starter_code: str) -> dict[str, str]:
    """Helpers and imports in the starter code, complete ones only: name -> source text."""
    try:
        tree = ast.parse(starter_code)
    except (SyntaxError, ValueError):
        return {}
    found = {}
    for node in tree.body:
        text = ast.get_source_segment(starter_code, node) or ""
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.update({(alias.asname or alias.name): text for alias in node.names})
        elif isinstance(node, ast.FunctionDef) and not _is_signature_only(node):
            found[node.name] = text
    return found


def _is_signature_only(node: ast.FunctionDef) -> bool:
    """Whether the body is nothing but a docstring, `pass` or `...`: a function still to be written."""
    return all(
        isinstance(part, ast.Pass) or (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))
        for part in node.body
    )

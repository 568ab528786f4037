"""What XGrammar makes of the grammar of Go answers: right files are in it, what is broken or beside them is not."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from factory.languages.go.grammar import FENCE, PACKAGE, grammar
from factory.languages.go.packages import packages

pytestmark = pytest.mark.skipif(importlib.util.find_spec("xgrammar") is None, reason="XGrammar comes with vLLM")
PAIRS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "go_pairs.yaml").read_text(encoding="utf-8"))
SIGNATURE = "func twice(a int) int"
BODY = """\tif a < 0 { // it's "odd
\t\treturn strings.Count("}\\"(", `)`) - int('\\'') / 2
\t}
\treturn 2 * a
}
"""
MORE = "\ntype pair struct {\n\tx, y int\n}\n\nvar none = []pair{{1, 2}}\n\n// A word.\nfunc helper() { none = nil }\n"


@pytest.fixture(scope="module")
def accepts() -> Any:
    """`accepts(grammar, text)`"""
    import xgrammar as xgr
    from xgrammar.testing import _is_grammar_accept_string

    return lambda ebnf, text: _is_grammar_accept_string(xgr.Grammar.from_ebnf(ebnf), text)


def test_a_file_with_the_declared_function_is_an_answer(accepts: Any) -> None:
    whole = grammar(SIGNATURE, begun=False)
    imports = 'import (\n\t"fmt"\n\t"math/big"\n)\n\n'
    for head in ("", imports, 'import "strings"\n\n'):
        assert accepts(whole, f"{FENCE}{PACKAGE}{head}{SIGNATURE} {{\n{BODY}{MORE}```")
        assert accepts(whole, f"{FENCE}{PACKAGE}{head}{MORE[1:]}\n{SIGNATURE} {{\n{BODY}```")


def test_what_follows_a_given_beginning_is_an_answer(accepts: Any) -> None:
    rest = grammar(SIGNATURE, begun=True)
    assert accepts(rest, f"{BODY}```")
    assert accepts(rest, f"{BODY}{MORE}```")
    assert accepts(grammar("", begun=True), f'import "fmt"\n\n{MORE[1:]}```')


@pytest.mark.parametrize(
    "wrong",
    [
        f"{SIGNATURE} {{\n{BODY}```\nThis doubles it.",
        f"Here it is:\n{SIGNATURE} {{\n{BODY}```",
        f"{SIGNATURE} {{\n\treturn (a\n}}\n```",
        f"{SIGNATURE} {{\n\treturn a\n}}\n}}\n```",
        f'{SIGNATURE} {{\n\treturn len("a)\n}}\n```',
        f"func other(a int) int {{\n{BODY}```",
        f"{SIGNATURE} {{\n{BODY}",
        f"{SIGNATURE} {{\n{BODY}x := 1\n```",
    ],
    ids=[
        "prose behind",
        "prose before",
        "a bracket open",
        "one too many",
        "a text open",
        "undeclared",
        "no end",
        "loose",
    ],
)
def test_anything_else_is_none(accepts: Any, wrong: str) -> None:
    assert not accepts(grammar(SIGNATURE, begun=False), f"{FENCE}{PACKAGE}{wrong}")


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair["name"])
def test_every_right_program_is_an_answer(accepts: Any, pair: dict[str, Any]) -> None:
    code = re.sub(r"\Apackage \w+\s+", "", pair["good"])
    assert accepts(grammar("", begun=False), f"{FENCE}{PACKAGE}{code}```")


def test_packages_are_those_whose_like_python_uses() -> None:
    assert packages("def f(s):\n    return s.upper().isdigit()") == ("strings", "unicode")
    assert packages("from heapq import heappush\nimport re, math") == ("container/heap", "math", "regexp")
    assert packages("def f(xs):\n    return xs.index(1) + xs.count(2)") == (), "lists have these, too"
    assert packages("print(f'{1}', int('2'))") == ("fmt", "strconv")
    assert packages("def f(:") == ()

"""Blocks of all forms: the one is taken that does what is asked, whatever stands around it."""

from __future__ import annotations

import json

import pytest

from factory.grading.extract import find
from factory.languages import Language, language

PYTHON, GO, JAVASCRIPT = map(language, ("python", "go", "javascript"))
RIGHT = "def f(x):\n    return x + 1\n"
DRAFT = "def f(x):\n    # longer, and wrong\n    y = x\n    return y\n"
SCRIPT = "a, b = map(int, input().split())\nprint(a + b)\n"
LONG = (
    "import sys\n\ndef main():\n    data = sys.stdin.read().split()\n    print(int(data[0]) * int(data[1]))\n\nmain()\n"
)
GO_RIGHT = "package main\n\nfunc f(x int) int {\n\treturn x + 1\n}\n"
JS_RIGHT = "function f(x) {\n  return x + 1;\n}\n"


def fence(code: str, info: str = "python") -> str:
    return f"```{info}\n{code}```\n"


def found(text: str, entry_point: str | None = "f") -> str | None:
    code = find(text, entry_point, PYTHON)
    return None if code is None else code.strip() + "\n"


@pytest.mark.parametrize(
    ("opens", "closes"),
    [
        ("[BEGIN]", "[DONE]"),
        ("[PYTHON]", "[/PYTHON]"),
        ("<answer>", "</answer>"),
        ("<code>", "</code>"),
        ("<|begin_of_solution|>", "<|end_of_solution|>"),
        ("\\begin{lstlisting}[language=Python]", "\\end{lstlisting}"),
        ('<pre><code class="language-python">', "</code></pre>"),
        ("<tool_call>\n<function=python>\n<parameter=code>", "</parameter>\n</function>\n</tool_call>"),
    ],
)
def test_code_between_tags_is_found(opens: str, closes: str) -> None:
    assert found(f"Sure.\n{opens}\n{RIGHT}{closes}\nIt adds.\n") == RIGHT
    assert found(f"{fence(DRAFT)}\n{opens}\n{RIGHT}{closes}\n") == RIGHT
    assert found(f"{fence(LONG)}\n{opens}\n{SCRIPT}{closes}\n", None) == SCRIPT
    assert found(f"{RIGHT}{closes}\nIt adds.\n") == RIGHT, "the prompt opened it"
    assert found(f"Sure.\n{opens}\n{RIGHT}") == RIGHT, "a stop word closed it"


def test_html_is_unescaped_where_it_is_html() -> None:
    code = "def f(x):\n    return x + 1 if x &lt; 5 else x + 1\n"
    assert found(f"<pre><span class='k'>{code[:3]}</span>{code[3:]}</pre>") == code.replace("&lt;", "<")
    raw = "def f(x):\n    return '<'.replace('<', '&lt;')\n"
    assert found(f"<code>\n{raw}</code>") == raw


@pytest.mark.parametrize("key", ["code", "python", "answer", "input"])
def test_a_value_of_json_is_found(key: str) -> None:
    assert found(json.dumps({"reasoning": DRAFT, key: RIGHT})) == RIGHT
    assert found(fence(json.dumps({key: RIGHT}, indent=1) + "\n", "json")) == RIGHT
    assert found(json.dumps({"name": "run", "arguments": json.dumps({key: RIGHT})})) == RIGHT
    assert found(json.dumps({key: f"Sure:\n{fence(RIGHT)}"})) == RIGHT
    assert found(repr({key: RIGHT})) == RIGHT
    assert found(f'{{"{key}": "{RIGHT}"}}') == RIGHT, "line breaks as they are"


@pytest.mark.parametrize(
    "text",
    ["```python def f(x): return x + 1\n```", "```def f(x): return x + 1\n```", "```python def f(x): return x + 1```",
     "```def f(x): return x + 1```", "`def f(x): return x + 1`", "Here:\n\n    def f(x): return x + 1\n\nDone.\n"],
)  # fmt: skip
def test_code_on_one_line_is_found(text: str) -> None:
    assert found(text) == "def f(x): return x + 1\n"


def test_an_import_on_the_line_of_the_fence_is_kept() -> None:
    assert found(f"```python import math\n{RIGHT}```") == f"import math\n{RIGHT}"
    assert found(f"```python title=x\n{RIGHT}```") == RIGHT


@pytest.mark.parametrize(
    "text",
    [
        "```python\ndef f(x):\n    return x + 1```\nIt adds.\n",
        "```python\n    def f(x):\n        return x + 1\n```",
        "```pycon\n>>> def f(x):\n...     return x + 1\n2\n```",
        "```\npython\ndef f(x):\n    return x + 1\n```",
        "python\ndef f(x):\n    return x + 1\n",
        "def f(x):\n    return x + 1\n```\nIt adds.\n",
        "Here:\n\n    def f(x):\n        return x + 1\n\nDone.\n",
        "def f(x):\n    return x + 1<|im_end|>",
    ],
)
def test_marks_that_are_a_little_off_do_no_harm(text: str) -> None:
    assert found(text) == RIGHT


def test_fences_at_the_margin_of_a_docstring_belong_to_it() -> None:
    code = 'def f(x):\n    """Example:\n```\nf(1) == 2\n```\n    """\n    return x + 1\n'
    assert found(fence(code)) == code


@pytest.mark.parametrize("mark", ["\u200b", "\u200c", "\u2060", "\ufeff", "\u00ad"])
def test_what_has_no_width_is_left_out(mark: str) -> None:
    for code in (f"def f(x):{mark}\n    return x + 1\n", RIGHT.replace("f(", f"f{mark}("), mark + RIGHT):
        assert found(fence(code)) == RIGHT
        assert found(code) == RIGHT


@pytest.mark.parametrize("blank", ["\u00a0", "\u3000", "\u202f"])
def test_blanks_of_other_kinds_are_blanks_but_in_texts(blank: str) -> None:
    assert found(fence(RIGHT.replace(" ", blank))) == RIGHT
    text = RIGHT.replace("return", f"s = '{blank}'; return")
    assert found(fence(text)) == text
    assert found(fence(text.replace("    ", blank * 4))) == text


@pytest.mark.parametrize("stub", ["...", "pass", '"""Add one."""', "raise NotImplementedError('todo')", "return ..."])
def test_a_stub_behind_the_answer_is_not_taken(stub: str) -> None:
    assert found(f"{fence(RIGHT)}It was:\n" + fence(f"def f(x):\n    {stub}\n")) == RIGHT


def test_the_last_program_is_taken_however_short() -> None:
    assert found(f"{fence(LONG)}Wait:\n{fence(SCRIPT)}", None) == SCRIPT
    assert found(f"{fence(DRAFT)}Wait:\n{fence(RIGHT, '')}") == RIGHT


@pytest.mark.parametrize(
    "aside",
    ["import random\nprint(random.random())  # for input()\n", "We call input() once and print the sum of both.\n",
     "import io, sys\nsys.stdin = io.StringIO('1 2')\nmain()\nprint(input())\n", "print('input() and stdin')\n"],
)  # fmt: skip
def test_what_only_mentions_standard_input_is_no_program(aside: str) -> None:
    assert found(fence(SCRIPT) + fence(aside), None) == SCRIPT
    assert found(fence(SCRIPT) + fence(aside, ""), None) == SCRIPT


def test_helpers_in_other_blocks_come_along() -> None:
    helper, use = "import math\nN = 1\n\ndef g(x):\n    return math.floor(x) + N\n", "def f(x):\n    return g(x)\n"
    for text in (fence(helper + "print(g(3))\n") + fence(use), fence(use) + fence(helper + "print(g(3))\n")):
        assert found(text) == "import math\nN = 1\ndef g(x):\n    return math.floor(x) + N\n" + use
    assert found(fence(helper) + fence(RIGHT)) == RIGHT, "it needs none"
    solve = "def solve():\n    print(sum(map(int, input().split())))\n"
    assert found(fence(solve) + "Call it:\n" + fence("solve()\n"), None) == f"{solve}solve()\n"


def test_a_block_that_ends_the_text_is_whole_unless_it_was_cut() -> None:
    text = f"{fence(RIGHT)}Faster:\n```python\ndef f(x):\n    retu"
    assert find(text, "f", PYTHON, whole=False) == RIGHT
    assert found(f"{fence(DRAFT)}Better:\n```python\n{RIGHT}") == RIGHT


@pytest.mark.parametrize(
    ("target", "right", "stub"),
    [
        (GO, GO_RIGHT, 'func f(x int) int {\n\tpanic("not implemented")\n}\n'),
        (JAVASCRIPT, JS_RIGHT, "function f(x) {\n  throw new Error('not implemented');\n}\n"),
    ],
)
def test_other_languages_are_read_alike(target: Language, right: str, stub: str) -> None:
    name = target.name
    draft = right.replace("x + 1", "x + 2 /* longer */")
    for text in (
        fence(draft, name) + fence(right, name),
        fence(right, name) + fence(stub, name),
        fence(right, name) + fence(right.rstrip()[:-1], name),
        f"<thinking>\n{fence(draft, name)}</thinking>\n{fence(right, name)}",
        f"<pre><code>{right}</code></pre>",
        json.dumps({"code": right}),
        fence(right.replace("{", "{\u200b"), name),
        f"[BEGIN]\n{right}[DONE]\n",
        "Here:\n\n" + "".join(f"    {line}\n" for line in right.splitlines()) + "\nDone.\n",
    ):
        code = find(text, "f", target)
        assert code is not None
        assert code.strip() == right.strip(), text


def test_helpers_of_other_languages_come_along() -> None:
    helper = 'package main\n\nimport "strings"\n\nfunc g(x int) int {\n\treturn x + len(strings.ToUpper("a"))\n}\n'
    code = find(fence(helper, "go") + fence(GO_RIGHT.replace("x + 1", "g(x)"), "go"), "f", GO)
    assert code is not None
    assert (code.count("package"), code.count("func g"), code.count("func f")) == (1, 1, 1)
    code = find(
        fence("const g = (x) => x + 1;\n", "js") + fence(JS_RIGHT.replace("x + 1", "g(x)"), "js"), "f", JAVASCRIPT
    )
    assert code == "const g = (x) => x + 1;\n\n" + JS_RIGHT.replace("x + 1", "g(x)")


def test_a_broken_block_is_not_cut_to_what_parses() -> None:
    broken = f"{RIGHT}def (:\n"
    assert found(fence(broken)) == broken

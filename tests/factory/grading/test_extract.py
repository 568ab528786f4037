"""Where the program is in a model's answer."""

from __future__ import annotations

from typing import Any

import pytest

from factory.grading.extract import extract
from factory.languages import language
from factory.records import Case, Problem, Rollout

PYTHON = language("python")
CALL = Problem(id="t/0", prompt="", entry_point="f", cases=(Case(args=[1], expected=1),))
STREAM = Problem(id="t/1", prompt="", entry_point=None, cases=(Case(stdin="1", stdout="1"),))
SOLUTION = "def f(x):\n    return x\n"
PRINTS = "print(1)\nprint(2)\nprint(3)\nprint(4)\n"
SCRIPT = "n = int(input())\nprint(n)\n"


def found(text: str, problem: Problem = CALL, mode: str = "chat", **fields: Any) -> str | None:
    rollout = Rollout.model_validate({"problem_id": problem.id, "index": 7, "text": text, "mode": mode} | fields)
    program = extract(rollout, problem, PYTHON)
    assert program.index == 7
    assert (program.code is None) == bool(program.detail)
    return program.code


def why_none(text: str, problem: Problem = CALL, mode: str = "chat", **fields: Any) -> str:
    rollout = Rollout.model_validate({"problem_id": problem.id, "index": 0, "text": text, "mode": mode} | fields)
    program = extract(rollout, problem, PYTHON)
    assert program.code is None
    return program.detail


def fence(code: str, info: str = "python", mark: str = "```") -> str:
    return mark + info + "\n" + code + ("" if code.endswith("\n") else "\n") + mark + "\n"


# ---- fences ----


@pytest.mark.parametrize(
    "info",
    ["python", "Python", "PYTHON", "py", "python3", "py3", "", " python", "python title=x", "{python}", "{.python}",
     "python:solution.py", "text", "code", "plaintext"],
)  # fmt: skip
def test_the_fence_may_be_called_many_things(info: str) -> None:
    assert found(f"Sure!\n\n{fence(SOLUTION, info)}\nThat is it.") == SOLUTION


@pytest.mark.parametrize("mark", ["```", "````", "~~~", "~~~~"])
def test_the_fence_may_be_of_any_kind_and_length(mark: str) -> None:
    assert found(f"Sure!\n{fence(SOLUTION, mark=mark)}Done.") == SOLUTION


def test_prose_around_the_block_is_left_out() -> None:
    assert found(f"def f is easy:\n1. think\n\n{fence(SOLUTION)}\nNow f(1) == 1. import nothing.\n") == SOLUTION


def test_a_tagged_block_goes_before_others() -> None:
    assert (
        found(fence("def f(x): return 0\n", "") + fence(SOLUTION) + fence("def f(x): return 1\n", "text")) == SOLUTION
    )


def test_an_untagged_block_goes_before_one_of_another_language() -> None:
    assert found(fence("def f(x)\n  x\nend\n", "ruby") + fence(SOLUTION, "")) == SOLUTION


def test_a_tagged_block_that_lacks_the_function_does_not_hide_one_that_has_it() -> None:
    assert found(fence("print(f(3))\n") + fence(SOLUTION, "")) == SOLUTION


@pytest.mark.parametrize("info", ["bash", "javascript", "json"])
def test_a_block_of_another_language_is_no_program(info: str) -> None:
    assert why_none(f"Run\n{fence('pip install x', info)}") == "no python program in the answer"


def test_a_usage_example_after_the_solution_is_not_taken() -> None:
    assert found(f"{fence(SOLUTION)}Usage:\n{fence('print(f(3))  # 3')}Output:\n{fence('3', '')}") == SOLUTION
    assert found(fence(SOLUTION) + "Usage:\n" + fence("result = f(3)\nassert result == 3\n")) == SOLUTION


def test_a_block_of_tests_after_the_solution_is_not_taken() -> None:
    tests = "import unittest\nclass T(unittest.TestCase):\n    def test_f(self): self.assertEqual(f(1), 1)\n"
    assert found(fence(SOLUTION) + fence(tests)) == SOLUTION


def test_a_helper_block_before_the_solution_is_not_taken_for_it() -> None:
    assert found(fence("def helper(x):\n    return x\n") + fence(SOLUTION)) == SOLUTION


def test_the_last_solution_mends_those_before_it() -> None:
    assert found(f"First:\n{fence('def f(x): return 0')}Better:\n{fence(SOLUTION)}") == SOLUTION


MEANT, WRONG = "def f(x):\n    return x + 1\n", "def f(x):\n    return x - 1\n"


@pytest.mark.parametrize(
    "label",
    [
        "A common mistake is:",
        "**Common pitfalls:**",
        "Incorrect version:",
        "❌ Wrong:",
        "### Wrong",
        "Do not write this:",
        "The buggy implementation would be:",
        "Note that this code is incorrect:",
        "What not to do:",
        "This is how NOT to write it:",
        "The following would fail on negative numbers:",
        "This one fails for an empty list:",
        "**Before (buggy):**",
        "The original code was:",
        "Original (incorrect):",
        "**Common pitfalls**",
        "❌ Don't:",
    ],
)
def test_a_block_that_is_called_wrong_is_not_the_answer(label: str) -> None:
    assert found(f"{fence(MEANT)}\n\n{label}\n\n{fence(WRONG)}\n") == MEANT
    assert found(f"{label}\n{fence(WRONG)}\n\nThe answer:\n{fence(MEANT)}\n") == MEANT
    assert found(f"{label}\n{fence(WRONG)}\n") == WRONG, "where there is no other"


@pytest.mark.parametrize(
    "label",
    [
        "To avoid this common mistake, write:",
        "The first version was incorrect. Here is the corrected solution:",
        "That is wrong; the right way is:",
        "This handles wrong input:",
        "Never mind, simpler:",
        "The first one fails on 0. Here is another one:",
        "This one never fails; it works for all x:",
    ],
)
def test_a_line_that_says_how_to_do_it_right_is_no_label_of_a_wrong_block(label: str) -> None:
    assert found(f"{fence(WRONG)}\n\n{label}\n\n{fence(MEANT)}\n") == MEANT


@pytest.mark.parametrize("comment", ["# WRONG\n", "# incorrect version:\n", "# ❌ bad\n"])
def test_a_program_that_calls_itself_wrong_is_not_the_answer(comment: str) -> None:
    assert found(f"{fence(MEANT)}\nNote:\n{fence(comment + WRONG)}\n") == MEANT
    assert found(fence(comment + WRONG)) == comment + WRONG, "where there is no other"


@pytest.mark.parametrize("tag", ["self_check", "verification", "critique", "draft_2", "review"])
def test_what_a_model_checks_behind_its_answer_is_not_the_answer(tag: str) -> None:
    assert found(f"<answer>\n{fence(MEANT)}\n</answer>\n<{tag}>\nNot\n{fence(WRONG)}\n</{tag}>\n") == MEANT
    assert found(f"<{tag}>\n{fence(WRONG)}\n</{tag}>\n{fence(MEANT)}\n") == MEANT
    assert found(f"<{tag}>\n{fence(WRONG)}\n{fence(MEANT)}\n") == MEANT, "it never ends"


@pytest.mark.parametrize("begin", ["<|python_tag|>", "<|im_start|>assistant\n", "<start_of_turn>model\n"])
def test_marks_of_a_turn_s_beginning_are_no_code(begin: str) -> None:
    assert found(f"{begin}{MEANT.rstrip()}<|eom_id|>") == MEANT.rstrip()


def test_blocks_in_a_block_of_markdown_are_found() -> None:
    assert found(f"````md\nThe answer:\n{fence(MEANT)}\n````\n") == MEANT


def test_a_stub_that_returns_nothing_is_not_the_answer() -> None:
    for stub in ("    # your code\n    return None\n", "    return\n", "    return NotImplemented\n"):
        assert found(f"{fence(MEANT)}\nTemplate:\n{fence('def f(x):' + chr(10) + stub)}\n") == MEANT


def test_a_function_of_another_name_is_not_the_entry_point() -> None:
    assert found(fence(SOLUTION) + fence("def f2(x):\n    return f(x)\n") + fence("def fast_f(x): pass\n")) == SOLUTION


@pytest.mark.parametrize(
    "form", ["f = lambda x: x\n", "async def f(x):\n    return x\n", "f=max\n", "f: Callable = max\n"]
)
def test_an_entry_point_may_be_bound_in_other_ways(form: str) -> None:
    assert found(fence("def helper(): pass\n") + fence(form) + fence("print(f(1))\n")) == form


def test_a_block_without_the_entry_point_is_still_a_program() -> None:
    assert found(fence("def g(x):\n    return x\n")) == "def g(x):\n    return x\n"


def test_a_solution_outside_the_fences_is_found_beside_blocks_of_output() -> None:
    assert found(f"{SOLUTION}\nIt prints:\n```\n3\n```\n").startswith(SOLUTION)  # type: ignore[union-attr]


def test_a_fence_in_a_fence_of_four_backticks_belongs_to_the_program() -> None:
    code = 'def f(x):\n    """\n```\nexample\n```\n    """\n    return x\n'
    assert found(fence(code, mark="````")) == code


def test_backticks_in_tildes_belong_to_the_program() -> None:
    code = 'def f(x):\n    """\n```python\nf(1)\n```\n    """\n    return x\n'
    assert found(fence(code, mark="~~~")) == code


def test_an_indented_fence_in_a_docstring_does_not_end_the_block() -> None:
    code = 'def f(x):\n    """Return x.\n\n    ```python\n    f(1)\n    ```\n    """\n    return x\n'
    assert found(f"Here:\n{fence(code)}Bye") == code


def test_a_block_inside_a_block_of_markdown_is_found() -> None:
    assert found(f"```markdown\n# Solution\n{fence(SOLUTION)}```\n") == SOLUTION


def test_a_block_that_was_not_closed_before_the_next_is_closed_by_it() -> None:
    assert found(f"```python\ndef g(): pass\n```python\n{SOLUTION}```\n") == SOLUTION


@pytest.mark.parametrize("margin", ["  ", "   ", "\t", "     "])
def test_a_fence_in_a_list_loses_its_indentation(margin: str) -> None:
    block = "".join(f"{margin}{line}\n" if line else "\n" for line in fence(SOLUTION + "\n\nx = 1\n").splitlines())
    assert found(f"1. First\n{block}2. Then\n") == SOLUTION + "\n\nx = 1\n"


def test_a_fence_in_a_list_may_have_code_at_the_margin() -> None:
    assert found(f"1. Do:\n   ```python\n{SOLUTION}   ```\n") == SOLUTION


def test_a_quoted_fence_loses_its_marks() -> None:
    assert found("> ```python\n> def f(x):\n>     y = x\n>\n>     return y\n> ```\n") == (
        "def f(x):\n    y = x\n\n    return y\n"
    )


def test_line_ends_of_windows_do_no_harm() -> None:
    code = found(f"Sure!\n\n{fence(SOLUTION)}\nDone.".replace("\n", "\r\n"))
    assert code == SOLUTION.replace("\n", "\r\n")
    compile(code, "x", "exec")


def test_inline_code_is_no_fence() -> None:
    assert found(f"Use ```x``` here.\n{fence(SOLUTION)}") == SOLUTION


# ---- no fence ----


def test_a_bare_program_is_taken_whole() -> None:
    text = f"import math\n\n\n{SOLUTION}\n\nif __name__ == '__main__':\n    print(f(1))\n"
    assert found(text) == text


def test_prose_before_and_after_a_bare_program_is_cut() -> None:
    assert found(f"Here is the function you want:\n\nimport math\n\n{SOLUTION}\nIt returns x, as you can see.\n") == (
        f"import math\n\n{SOLUTION}"
    )


def test_an_import_in_the_prose_does_not_hide_the_function() -> None:
    code = found(f"import math\nYou need that line. Then:\n{SOLUTION}Done.\n")
    assert code is not None
    assert code.startswith("def f(x):")


@pytest.mark.parametrize(
    "text", ["I cannot help with that.", "The answer is 3.", "f(x) = x, for all x", "```", "``` ```"]
)
def test_prose_alone_is_no_program(text: str) -> None:
    assert why_none(text) == "no python program in the answer"


@pytest.mark.parametrize("text", ["", " \n\t\n"])
@pytest.mark.parametrize("mode", ["chat", "code"])
def test_an_empty_answer_says_so(text: str, mode: str) -> None:
    assert why_none(text, mode=mode) == "the answer is empty"


def test_an_empty_block_is_no_program() -> None:
    assert why_none("Here:\n```python\n```\n") == "no python program in the answer"


def test_long_prose_does_not_take_long() -> None:
    prose = "".join(f"for example, item {n} is\nif that, then\n" for n in range(3000))
    assert why_none(prose) == "no python program in the answer"


# ---- thoughts ----


def test_thoughts_are_not_the_answer() -> None:
    wrong = fence("def f(x): return 0\n")
    assert found(f"<think>\nMaybe\n{wrong}no.\n</think>\n\n{fence(SOLUTION)}") == SOLUTION
    assert found(f"Maybe\n{wrong}no.\n</think>\n\n{fence(SOLUTION)}") == SOLUTION, "the template ate the opening"
    assert found(f"<think>a</think><think>{wrong}</think>{SOLUTION}") == SOLUTION


def test_thoughts_alone_are_no_program() -> None:
    wrong = fence("def f(x): return 0\n")
    assert why_none(f"<think>\nMaybe {wrong}", finish_reason="length") == (
        "no python program in the answer, and was cut off"
    )
    assert why_none(f"<think>{wrong}</think>") == "no python program in the answer"
    assert why_none(f" \n<think>{wrong}") == "no python program in the answer"


# ---- answers that end in the middle ----


def test_what_was_not_finished_behind_the_function_is_cut() -> None:
    text = f"Sure:\n```python\nimport math\n\n{SOLUTION}\n\ndef test():\n    assert f("
    assert found(text, finish_reason="length") == f"import math\n\n{SOLUTION}\n"


def test_a_function_that_was_not_finished_is_kept_as_it_stands() -> None:
    assert found("```python\ndef g(): pass\n\ndef f(x):\n    return (x +", finish_reason="length") == (
        "def g(): pass\n\ndef f(x):\n    return (x +"
    )


def test_an_open_block_that_is_whole_is_taken() -> None:
    assert found(f"```python\n{SOLUTION}") == SOLUTION
    assert found(f"```python\n{SOLUTION.rstrip()}") == SOLUTION.rstrip()


def test_a_closed_solution_goes_before_one_that_was_cut_off() -> None:
    assert found(f"{fence(SOLUTION)}Faster:\n```python\ndef f(x):\n    retu", finish_reason="length") == SOLUTION


def test_a_bare_program_that_was_cut_off_keeps_what_is_whole() -> None:
    assert found(f"{SOLUTION}\nprint(f(1)\nprint(f(", finish_reason="length") == SOLUTION


# ---- programs that read stdin ----


def test_a_script_is_found_among_its_examples() -> None:
    text = f"Read it:\n{fence(SCRIPT)}Example:\n{fence(PRINTS)}Out:\n{fence('1', '')}"
    assert found(text, STREAM) == SCRIPT


def test_the_longest_script_is_the_whole_one() -> None:
    step = "n = int(input())\n"
    assert found(f"Step 1:\n{fence(step)}Step 2:\n{fence(SCRIPT)}Note:\n{fence(step)}", STREAM) == SCRIPT


@pytest.mark.parametrize(
    "code",
    ["import sys\nprint(sys.stdin.read())\n", "print(open(0).read())\n", "from sys import stdin\nprint(list(stdin))\n"],
)
def test_a_script_may_read_in_other_ways(code: str) -> None:
    assert found(fence("x = 1\n" * 9) + fence(code), STREAM) == code


def test_a_script_that_reads_nothing_is_still_a_program() -> None:
    assert found(f"Easy:\n{fence('print(42)')}", STREAM) == "print(42)\n"


def test_a_bare_script_is_taken() -> None:
    assert found(SCRIPT, STREAM) == SCRIPT
    assert found(f"Here it is.\n\n{SCRIPT}\nThat prints n.\n", STREAM) == SCRIPT


# ---- code mode ----


@pytest.mark.parametrize("text", [SOLUTION, "```python\nx\n```", "<think>a</think>", "no program at all (", "\tx\r\n"])
def test_code_is_taken_as_it_stands(text: str) -> None:
    assert found(text, mode="code") == text


# ---- completion mode ----

STARTER = 'import math\n\ndef f(x):\n    """Return x."""\n'


def completed(text: str, starter: str = STARTER, **fields: Any) -> str | None:
    return found(text, CALL.model_copy(update={"starter_code": starter}), "completion", **fields)


@pytest.mark.parametrize(
    "rest",
    [
        "\ndef helper(y):\n    return y\n",
        "print(f(1))\n",
        "if __name__ == '__main__':\n    f(1)\n",
        "@cache\ndef g(): pass\n",
        "assert f(1) == 1\n",
        "class A:\n    pass\n",
        "x = 1\n",
        "```\nThat is it.\n",
        "The function returns x.\n",
        "'''a string'''\n",
        "<|endoftext|>",
        "é = 1\n",
    ],
)
def test_a_completion_is_cut_where_it_leaves_the_function(rest: str) -> None:
    code = completed(f"    return x\n{rest}")
    assert code is not None
    assert code.rstrip() == f"{STARTER}    return x"


@pytest.mark.parametrize(
    "body",
    [
        "    y = [\n1,\n2,\n    ]\n    return y\n",
        "    y = f(\nx\n)\n    return y\n",
        '    y = """\nat the margin\nprint(1)\n"""\n    return y\n',
        "    y = '''\ndef g():\n'''\n    return y\n",
        "    y = 1\n# a comment at the margin\n    return y\n",
        "    y = 1\n\n\n    return y\n",
        "    y = 1 + \\\n2\n    return y\n",
        "    def g():\n        pass\n    return g()\n",
        "\n    return x\n",
        "    if x:\n        return 1\n    else:\n        return 2\n",
        "    return '\\d'\n",
    ],
)
def test_a_completion_is_not_cut_inside_the_function(body: str) -> None:
    assert completed(body) == STARTER + body
    assert completed(f"{body}print(f(1))\n") == STARTER + body


def test_a_completion_may_begin_in_the_starters_last_line() -> None:
    assert completed("return x\n\nprint(f(1))\n", "def f(x):\n    ") == "def f(x):\n    return x\n\n"
    assert completed(" return x\nprint(1)", "def f(x):") == "def f(x): return x\n"


def test_a_completion_that_was_cut_off_is_kept_to_its_end() -> None:
    assert completed("    return (x +", finish_reason="length") == f"{STARTER}    return (x +"


def test_a_completion_of_nothing_says_so() -> None:
    problem = CALL.model_copy(update={"starter_code": ""})
    assert why_none(" \n", problem, "completion") == "the answer is empty"


@pytest.mark.parametrize("starter", ["", "from typing import *\n", "def helper(x):\n    return x\n\n"])
def test_a_starter_that_does_not_open_the_function_leaves_that_to_the_completion(starter: str) -> None:
    text = "import math\n\ndef g(x):\n    return x\n\n\ndef f(x):\n    return g(x)\n"
    assert completed(f"{text}\nprint(f(1))\n", starter) == f"{starter}{text}\n"


def test_a_script_is_completed_whole() -> None:
    problem = STREAM.model_copy(update={"starter_code": "import sys\n"})
    assert found(SCRIPT, problem, "completion") == f"import sys\n{SCRIPT}"
    assert found(SCRIPT, STREAM, "completion") == SCRIPT


def test_an_attribute_of_the_function_belongs_to_it() -> None:
    text = "    return f.cache.get(x, x)\n\nf.cache = {1: 2}\nf.other == 5\n"
    assert completed(text) == f"{STARTER}    return f.cache.get(x, x)\n\nf.cache = {{1: 2}}\n"


@pytest.mark.parametrize(
    "text",
    [
        "def f(x):\n    return x + 1\n",
        "\n\ndef f(x):\n    return x + 1\n",
        "import os\n\ndef f(x):\n    return x + 1\n",
        '    pass\n\ndef f(x):\n    """Return x."""\n    return x + 1\n',
        "def g(x):\n    return x + 1\n\ndef f(x):\n    return g(x)\n",
        "f = lambda x: x + 1\n",
        "    return g(x)\n\ndef g(x):\n    return h(x)\n\ndef h(x):\n    return x + 1\n",
        "    return x + N[0]\n\nN = []\nN.append(1)\n",
        "    return x + os.sep.count('/')\n\nimport os\n",
        "    return reduce(max, [x, x + 1])\n\nfrom functools import *\n",
        "    return x\n\n@staticmethod\ndef f(x):\n    return x + 1\n",
        "    return x + f.by\n\nsetattr(f, 'by', 1)\n",
        "    return x + by\n\nglobals()['by'] = 1\n",
        "    return x + by\n\nglobals().update(by=1)\n",
        "    return x + f.by\n\nimport functools\ndef g(): pass\ng.by = 1\nfunctools.update_wrapper(f, g)\n",
        "    return x + f.by\n\nvars(f)['by'] = 1\n",
        "    return x + f.by\n\ndef mark(g):\n    g.by = 1\n\nmark(f)\n",
        "    return x + f.by\n\ndef mark(g, by):\n    setattr(g, 'by', by)\n\nmark(by=1, g=f)\n",
        "    return x + N[0]\n\nN = {}\ndef fill():\n    N[0] = 1\n\nfill()\n",
        "    return x + N\n\ndef fill(by):\n    global N\n    N = by\n\nfor by in (3, 1):\n    fill(by)\n",
        "    return x + N[0]\n\nN = []\nfor _ in map(N.append, [1]):\n    pass\n",
        "    return x + N[0]\n\nN = {}\ndef fill(i):\n    N[i] = 1\n\nlist(map(fill, [0]))\n",
        "    return x + N[0]\n\nfrom heapq import heapify\nN = [2, 1]\nheapify(N)\n",
    ],
)
def test_what_all_of_a_completion_defines_is_kept(text: str) -> None:
    code = completed(f"{text}\nprint(f(2))\nassert f(1) == 3\n\ndef test():\n    pass\n")
    assert code is not None
    names: dict[str, Any] = {}
    exec(code, names)
    assert (names["f"](1), "test" in names, "print" in code) == (2, False, False)


def test_the_last_definition_of_a_completion_counts_as_if_all_ran() -> None:
    code = completed("    return x + 1\n\ndef f(x):\n    return x\n")
    assert code is not None
    names: dict[str, Any] = {}
    exec(code, names)
    assert names["f"](1) == 1


@pytest.mark.parametrize(
    "rest",
    ["def check(g):\n    assert g(1) == 3\n\ncheck(f)\n", "print(f)\n", "print(sorted([1], key=f))\n", "globals()\n"],
)
def test_a_demonstration_behind_a_completion_is_left_out(rest: str) -> None:
    assert completed(f"    return x + 1\n\n{rest}") == f"{STARTER}    return x + 1\n\n"


def test_an_attribute_is_kept_where_something_else_is_broken() -> None:
    text = "    return x + f.by\nsetattr(f, 'by', 1)\n"
    assert completed(f"{text}```\nThat is it.\n") == f"{STARTER}{text}"


@pytest.mark.parametrize("text", ["```python\n    return x\n```\n", "return x\n    y\n", "Here it is:\n    return x\n"])
def test_a_completion_that_never_enters_the_function_is_not_cut_to_the_starter(text: str) -> None:
    assert completed(text) == STARTER + text


DRAFT = "```python\ndef f(x):\n    y = x - 1\n    z = y\n    return z\n```"
KEPT = "```python\ndef f(x):\n    return x + 1\n```"
CHANNEL, MESSAGE, NEXT = "<|channel|>", "<|message|>", "<|end|><|start|>assistant"


@pytest.mark.parametrize(
    "text",
    [
        f"{CHANNEL}final{MESSAGE}Here:\n{KEPT}{NEXT}{CHANNEL}commentary{MESSAGE}I noted {DRAFT}<|end|>",
        f"{CHANNEL}final{MESSAGE}{KEPT}{NEXT}{CHANNEL}commentary{MESSAGE}\n{DRAFT}<|end|>",
        f"{CHANNEL}final{MESSAGE}{KEPT}{NEXT}{CHANNEL}analysis{MESSAGE}check {DRAFT}<|end|>",
        f"{CHANNEL}commentary{MESSAGE}Plan:\n{DRAFT}{NEXT}{CHANNEL}analysis{MESSAGE}no{NEXT}{CHANNEL}final{MESSAGE}{KEPT}",
        f"{CHANNEL}final{MESSAGE}{DRAFT}{NEXT}{CHANNEL}final{MESSAGE}{KEPT}<|return|>",
        f"{CHANNEL}analysis{MESSAGE}{DRAFT}{NEXT}{CHANNEL}commentary{MESSAGE}\n{KEPT}<|end|>",
        f"analysisWe try\n{DRAFT}assistantfinalHere\n{KEPT}assistantcommentaryNoted:\n{DRAFT}",
        f"<reasoning_content>{DRAFT}</reasoning_content>{KEPT}",
    ],
)
def test_the_final_channel_is_the_answer_where_there_is_one(text: str) -> None:
    assert str(found(text)).strip() == "def f(x):\n    return x + 1"


@pytest.mark.parametrize(
    "turn",
    [
        "<|im_end|>\n<|im_start|>user\n",
        "<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n",
        "<end_of_turn>\n<start_of_turn>user\n",
        "<|return|><|start|>user<|message|>",
    ],
)
def test_what_somebody_else_says_behind_the_answer_is_not_the_answer(turn: str) -> None:
    assert found(f"{KEPT}{turn}{DRAFT}") == found(f"{KEPT}\n{turn}{DRAFT}") == found(KEPT)
    quoted = f"def f(x):\n    return x + len({turn!r})\n"
    assert found(fence(quoted)) == quoted

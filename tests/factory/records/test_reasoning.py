"""Thoughts and answer, told apart by the marks that models put around what they think."""

from __future__ import annotations

import pytest

from factory.records import reasoning

PAIRS = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<REASONING>", "</REASONING>"),
    ("<Thought>", "</Thought>"),
    ("<scratchpad>", "</scratchpad>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("<seed:think>", "</seed:think>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<|inner_prefix|>", "<|inner_suffix|>"),
    ("<|think|>", "<|/think|>"),
    ("<unused94>thought", "<unused95>"),
    ("<|channel>thought", "<channel|>"),
    ("Here is my thought process:", "Here is my response:"),
    ("<|channel|>analysis<|message|>", "<|channel|>final<|message|>"),
    ("<|channel|>analysis<|message|>", "<|channel|>commentary to=a.b <|constrain|>json<|message|>"),
    ("analysis", "assistantfinal"),
]
ANSWER = "```python\nx = 1\n```\n"


@pytest.mark.parametrize(("opens", "closes"), PAIRS)
def test_each_mark_ends_the_thoughts(opens: str, closes: str) -> None:
    draft = f"We try\n{ANSWER}no.\n"
    assert reasoning.split(f"{opens}{draft}{closes}{ANSWER}") == (draft.strip(), ANSWER)
    assert reasoning.split(f"{draft}{closes}\n{ANSWER}") == (draft.strip(), f"\n{ANSWER}"), "the prompt opened it"
    assert reasoning.split(f"{opens}{draft}") == (draft.strip(), ""), "cut off"
    unclosed = f"We try\n```python\nx = 2\n{closes}\n{ANSWER}"
    assert reasoning.split(opens + unclosed)[1] == f"\n{ANSWER}"
    assert reasoning.split(unclosed)[1] == f"\n{ANSWER}"


@pytest.mark.parametrize(("opens", "closes"), PAIRS)
@pytest.mark.parametrize("line", ["s = 'a{}b'", "s = x.split('{}')[1]", "pass  # until {} comes"])
def test_a_mark_in_code_is_text(opens: str, closes: str, line: str) -> None:
    answer = f"```python\n{line.format(closes)}\n```\nThat is it.\n"
    assert reasoning.split(answer) == (None, answer)
    assert reasoning.split(f"{opens}Hm\n{closes}\n{answer}")[1] == f"\n{answer}"


@pytest.mark.parametrize(
    "text",
    [
        "code that says <think> and </think>",
        "I closed `</think>` there.",
        "'<think>' opens",
        "analysis: it is easy",
        "",
    ],
)
def test_a_mark_in_prose_is_text(text: str) -> None:
    assert reasoning.split(text) == (None, text)


def test_marks_in_a_docstring_are_text() -> None:
    answer = '```python\ndef f(x):\n    """\n    <think>\n    </think>\n    """\n```\n'
    assert reasoning.split(answer) == (None, answer)


def test_nested_and_repeated_thoughts_are_all_left_out() -> None:
    assert reasoning.split("<think>a <think>b</think> c</think> d") == ("a <think>b\n\nc", " d")
    assert reasoning.split("<think>a</think><think>b</think>c") == ("a\n\nb", "c")
    assert reasoning.split("Sure.\n<thinking>a</thinking>\nSo b.") == ("a", "Sure.\n\nSo b.")


def test_a_closing_mark_in_prose_behind_an_answer_ends_nothing() -> None:
    text = f"<think>a</think>\n{ANSWER}I closed </think> before that."
    assert reasoning.split(text)[1] == f"\n{ANSWER}I closed </think> before that."


def test_a_mark_of_the_answer_ends_thoughts_that_nothing_closed() -> None:
    assert reasoning.split("<think>a\n<answer>\nb</answer>") == ("a", "<answer>\nb</answer>")

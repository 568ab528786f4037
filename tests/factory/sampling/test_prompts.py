"""Prompts: what a model is told, and what it must never be told."""

from __future__ import annotations

from pathlib import Path

import pytest

from factory.config import SamplingConfig, TranslateConfig
from factory.errors import ConfigError
from factory.records import Problem, Status, Verdict, sha256
from factory.sampling import prompts
from factory.translation import Specification
from factory.translation.prompts import REPAIR, TRANSLATE, repair_request, translation_request

CHAT, COMPLETION, FREE = SamplingConfig(), SamplingConfig(mode="completion"), TranslateConfig()
BUILT_IN = (prompts.PYTHON_CHAT, prompts.PYTHON_COMPLETION, TRANSLATE, REPAIR)


def every_prompt(problem: Problem) -> list[str]:
    name = "addUp" if problem.entry_point else None
    wanted = Specification(problem, "print()", "sha", "go", name, "")
    failed = Verdict(problem.id, 0, "go", Status.COMPILE_ERROR, "it is wrong", code="print()")
    requests = [
        prompts.python_request(problem, range(1), CHAT),
        prompts.python_request(problem, range(1), COMPLETION),
        translation_request(wanted, range(1), FREE),
        repair_request(wanted, failed, range(1), FREE),
    ]
    return [request.prompt + "".join(message.content for message in request.messages) for request in requests]


def test_a_private_case_occurs_in_no_prompt(problem: Problem, stdin_problem: Problem) -> None:
    for text in every_prompt(problem) + every_prompt(stdin_problem):
        assert not [private for private in ("70007", "80008", "150015") if private in text]


def test_public_calls_are_shown_in_python_syntax(problem: Problem) -> None:
    text = prompts.python_request(problem, range(1), CHAT).messages[0].content
    assert "\nadd_up(1, 2) == 3\nadd_up((1,), b={'x', 'y'}) == None\n" in text


def test_public_streams_are_shown_as_blocks(stdin_problem: Problem) -> None:
    text = prompts.python_request(stdin_problem, range(1), CHAT).messages[0].content
    assert "Input:\n```\n1 2\n```\nOutput:\n```\n3\n```\n" in text


def test_a_chat_request_carries_what_an_engine_needs(problem: Problem) -> None:
    request = prompts.python_request(problem, range(4, 8), CHAT)
    assert (request.problem_id, request.language) == ("set/1", "python")
    assert (request.indices, request.mode) == (range(4, 8), "chat")
    assert request.template == prompts.template_hash(prompts.PYTHON_CHAT)
    assert request.prompt == ""
    assert [message.role for message in request.messages] == ["user"]


def test_a_completion_prompt_ends_in_the_starter_code(problem: Problem) -> None:
    request = prompts.python_request(problem, range(1), COMPLETION)
    assert request.prompt == f"# Add two numbers.\n\n\n{problem.starter_code}"
    assert request.messages == ()


def test_a_prompt_that_is_the_starter_code_is_completed_as_it_stands(problem: Problem) -> None:
    code = 'from typing import List\n\n\ndef add_up(a, b):\n    """ Add.\n    """\n'
    humaneval = problem.model_copy(update={"prompt": code, "starter_code": code})
    assert prompts.python_request(humaneval, range(1), COMPLETION).prompt == code


def test_a_completion_without_starter_code_begins_behind_the_task(stdin_problem: Problem) -> None:
    prompt = prompts.python_request(stdin_problem, range(1), COMPLETION).prompt
    assert prompt == "# Read numbers, print their sum.\n\n\n"


def test_the_hash_changes_with_the_text_alone(tmp_path: Path, problem: Problem) -> None:
    template = tmp_path / "mine.j2"
    sampling = SamplingConfig(template=template)
    template.write_text("Do: {{ prompt }}\n")
    before = prompts.python_request(problem, range(1), sampling)
    other = prompts.python_request(problem.model_copy(update={"prompt": "Else."}), range(1), sampling)
    template.write_text("Please do: {{ prompt }}\n")
    after = prompts.python_request(problem, range(1), sampling)
    assert before.messages[0].content == "Do: Add two numbers."
    assert before.template == other.template == sha256("Do: {{ prompt }}\n")
    assert after.template != before.template
    assert len({prompts.template_hash(name) for name in BUILT_IN}) == len(BUILT_IN)


def test_nothing_of_a_problem_is_escaped_or_taken_for_a_template(problem: Problem) -> None:
    odd = problem.model_copy(update={"prompt": "if a < b && {{ x }} {% y %}"})
    assert "if a < b && {{ x }} {% y %}" in prompts.python_request(odd, range(1), CHAT).messages[0].content


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{{ promt }}", r"mine\.j2: 'promt' is undefined; it is given: .*prompt"),
        ("\n{% if %}", r"mine\.j2:2: "),
        ("{{ prompt + 1 }}", r"mine\.j2: "),
        ("{{ prompt | nonsense }}", r"mine\.j2:1: No filter named 'nonsense'"),
    ],
)
def test_a_template_at_fault_is_told_by_name(tmp_path: Path, problem: Problem, text: str, told: str) -> None:
    template = tmp_path / "mine.j2"
    template.write_text(text)
    with pytest.raises(ConfigError, match=told):
        prompts.python_request(problem, range(1), SamplingConfig(template=template))


def test_a_missing_template_is_named_with_the_remedy(tmp_path: Path, problem: Problem) -> None:
    with pytest.raises(ConfigError, match=r"none\.j2: no such file; leave it out for the built-in one"):
        prompts.python_request(problem, range(1), SamplingConfig(template=tmp_path / "none.j2"))


def test_an_example_that_an_expression_decides_shows_the_expression(problem: Problem) -> None:
    how = {"kind": "predicate", "predicate": "abs(answer - 1) < 0.1"}
    case = {"args": [1, 2], "expected": None, "comparison": how, "public": True}
    given = Problem.model_validate({"id": "p", "prompt": "", "entry_point": "Solution.f", "cases": [case]})
    assert prompts.examples(given) == ["answer = Solution().f(1, 2)\nassert abs(answer - 1) < 0.1"]

"""What a model is asked for a translation, and for its repair."""

from __future__ import annotations

from factory.records import Problem, Status, Verdict
from factory.translation import Specification
from factory.translation.prompts import repair_request, translation_request

CODE = "def add_up(a, b):\n    return a + b\n"


def specified(problem: Problem, signature: str = "") -> Specification:
    return Specification(problem, CODE, "sha", "go", "addUp" if problem.entry_point else None, signature)


def test_a_translation_asks_for_name_signature_and_shows_the_program(problem: Problem) -> None:
    request = translation_request(specified(problem, "func addUp(a int, b int) int"), range(2))
    text = request.messages[0].content
    assert (request.language, request.parent) == ("go", "sha")
    assert CODE.strip() in text
    assert "named `addUp` and declared as `func addUp(a int, b int) int`" in text


def test_a_translation_of_a_stdin_program_asks_for_a_whole_program(stdin_problem: Problem) -> None:
    text = translation_request(specified(stdin_problem), range(1)).messages[0].content
    assert "reads standard input" in text
    assert "None" not in text


def test_a_repair_shows_what_was_wrong_and_no_more_than_is_useful(problem: Problem) -> None:
    failed = Verdict(problem.id, 0, "go", Status.COMPILE_ERROR, "line 1: " + "y" * 5000, code="func x() {}")
    text = repair_request(specified(problem), failed, range(1)).messages[0].content
    assert "```go\nfunc x() {}\n```" in text
    assert 1900 < text.count("y") < 2100

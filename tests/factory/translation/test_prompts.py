"""What a model is asked for a translation, and for its repair."""

from __future__ import annotations

from dataclasses import replace

from factory.config import TranslateConfig
from factory.records import Problem, Status, Verdict
from factory.translation import Specification
from factory.translation.prompts import repair_request, translation_request

FREE = TranslateConfig()
GO = "func addUp(a int, b int) int"
CODE = "def add_up(a, b):\n    return a + b\n"


def specified(problem: Problem, signature: str = "") -> Specification:
    return Specification(problem, CODE, "sha", "go", "addUp" if problem.entry_point else None, signature)


def test_a_translation_asks_for_name_signature_and_shows_the_program(problem: Problem) -> None:
    request = translation_request(specified(problem, "func addUp(a int, b int) int"), range(2), FREE)
    text = request.messages[0].content
    assert (request.language, request.parent) == ("go", "sha")
    assert CODE.strip() in text
    assert "named `addUp` and declared as `func addUp(a int, b int) int`" in text


def test_a_translation_of_a_stdin_program_asks_for_a_whole_program(stdin_problem: Problem) -> None:
    text = translation_request(specified(stdin_problem), range(1), FREE).messages[0].content
    assert "reads standard input" in text
    assert "None" not in text


def test_a_repair_shows_what_was_wrong_and_no_more_than_is_useful(problem: Problem) -> None:
    failed = Verdict(problem.id, 0, "go", Status.COMPILE_ERROR, "line 1: " + "y" * 5000, code="func x() {}")
    text = repair_request(specified(problem), failed, range(1), FREE).messages[0].content
    assert "```go\nfunc x() {}\n```" in text
    assert 1900 < text.count("y") < 2100


def test_an_answer_is_begun_up_to_the_body_of_what_is_declared(problem: Problem) -> None:
    begun = TranslateConfig(prefill=True)
    failed = Verdict(problem.id, 0, "go", Status.COMPILE_ERROR, "line 1", code="func x() {}")
    wanted = specified(problem, GO)
    for request in (translation_request(wanted, range(1), begun), repair_request(wanted, failed, range(1), begun)):
        assert request.prefill == f"```go\npackage main\n\n{GO} {{\n"
        assert [message.role for message in request.messages] == ["user"]
    undeclared = translation_request(specified(problem), range(1), begun)
    assert undeclared.prefill == "```go\npackage main\n\n"
    script = Specification(problem, CODE, "sha", "javascript", "addUp", "function addUp(a, b)")
    assert translation_request(script, range(1), begun).prefill == "```javascript\nfunction addUp(a, b) {\n"
    assert translation_request(replace(script, signature=""), range(1), begun).prefill == ""
    assert translation_request(wanted, range(1), FREE).prefill == ""


def test_packages_are_hinted_at_where_the_program_uses_their_like(problem: Problem) -> None:
    code = "import math\n\ndef add_up(a, b):\n    return math.floor(float(' '.join(sorted(a)).strip()))\n"
    wanted = replace(specified(problem, GO), code=code)
    hinted = translation_request(wanted, range(1), TranslateConfig(import_hints=True)).messages[0].content
    assert "- Packages that it may need: `math`, `sort`, `strings`.\n" in hinted
    assert "Packages that it may need" not in translation_request(wanted, range(1), FREE).messages[0].content
    plain = translation_request(specified(problem, GO), range(1), TranslateConfig(import_hints=True))
    assert "Packages" not in plain.messages[0].content, "the program uses none"

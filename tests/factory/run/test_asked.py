"""The prompts that were sent, rendered again: word for word those of the requests, or an error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from factory.config import Config, TranslateConfig
from factory.errors import ConfigError
from factory.languages import language
from factory.records import Failure, Message, Problem, Request, Rollout, Status, Survivor, Verdict, sha256
from factory.run.asked import asked
from factory.sampling.prompts import python_request
from factory.translation import specify
from factory.translation.prompts import repair_request, translation_request

PROBLEM = Problem.model_validate(
    {"id": "p/0", "prompt": "Two?", "entry_point": "two", "cases": [{"args": [], "expected": 2, "public": True}]}
)
CODE, GO = "def two():\n    return 2\n", "package main\n\nfunc two() int { return 3 }\n"
KEPT = Survivor("p/0", 0, "python", 0, CODE, sha256(CODE), "f", 1, 1, 1.0, 1.0)
ONE, FREE = range(1), TranslateConfig()


def config(**sampling: Any) -> Config:
    engine = {"kind": "replay", "path": "r"}
    return Config.model_validate({"name": "test", "problems": {"path": "p"}, "engine": engine, "sampling": sampling})


def graded(request: Request, code: str, repair_of: str | None = None) -> tuple[Rollout, Verdict]:
    failed = Failure(0, True, "two()", "3", "2") if code == GO else None
    status = Status.WRONG_ANSWER if failed else Status.PASSED
    rollout = Rollout(
        problem_id="p/0", index=0, text=code, mode=request.mode, language=request.language, parent=request.parent,
        template=request.template, repair_of=repair_of,
    )  # fmt: skip
    verdict = Verdict(
        "p/0", 0, request.language, status, "", (), 0, 1, failed, 9.0, 9.0, 9.0, code, sha256(code), "form"
    )
    return rollout, verdict


def sent(settings: Config) -> dict[tuple[str, str | None, str | None], tuple[Request, tuple[Rollout, Verdict]]]:
    """What a run with `settings` asks for, with a rollout of each."""
    python = python_request(PROBLEM, ONE, settings.sampling)
    wanted = specify(PROBLEM, KEPT, language("go"))
    first = translation_request(wanted, ONE, FREE)
    wrong = graded(first, GO)
    repair = repair_request(wanted, wrong[1], ONE, FREE)
    parent, failed = KEPT.code_sha256, sha256(GO)
    return {
        ("python", None, None): (python, graded(python, CODE)),
        ("go", parent, None): (first, wrong),
        ("go", parent, failed): (repair, graded(repair, GO.replace("3", "2"), failed)),
    }


def test_every_prompt_is_word_for_word_the_one_that_was_sent() -> None:
    settings = config()
    requests = sent(settings)
    found = asked(settings, PROBLEM, PROBLEM, [KEPT], [one for _, one in requests.values()])
    assert found == {question: request.messages for question, (request, _) in requests.items()}
    assert len({messages[0].content for messages in found.values()}) == 3


def test_a_text_that_was_continued_is_a_message_of_the_user() -> None:
    settings = config(mode="completion")
    request, one = sent(settings)["python", None, None]
    found = asked(settings, PROBLEM, PROBLEM, [KEPT], [one])
    assert request.prompt
    assert found == {("python", None, None): (Message(role="user", content=request.prompt),)}


@pytest.mark.parametrize("template", [None, "f" * 64])
@pytest.mark.parametrize("at", range(3))
def test_a_prompt_that_is_not_known_is_an_error(template: str | None, at: int) -> None:
    settings = config()
    answers = [one for _, one in sent(settings).values()]
    answers[at] = (answers[at][0].model_copy(update={"template": template}), answers[at][1])
    with pytest.raises(ConfigError, match=r"rollout 0 of 'p/0' .* names .*; remedy: shards\.prompts: task"):
        asked(settings, PROBLEM, PROBLEM, [KEPT], answers)


def test_a_template_that_was_changed_since_is_an_error(tmp_path: Path) -> None:
    template = tmp_path / "mine.j2"
    template.write_text("{{ prompt }} Be brief.")
    settings = config(template=str(template))
    _, one = sent(settings)["python", None, None]
    (message,) = asked(settings, PROBLEM, PROBLEM, [KEPT], [one])["python", None, None]
    assert message.content == "Two? Be brief."
    template.write_text("{{ prompt }} Be long.")
    with pytest.raises(ConfigError, match=r"shards\.prompts"):
        asked(settings, PROBLEM, PROBLEM, [KEPT], [one])

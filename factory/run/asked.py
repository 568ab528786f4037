"""The messages that rollouts of a run were asked with, rendered again: `shards.prompts: asked`.

Promises: the same config, problem and parts give the same text. A template that is not the one which a rollout names is
an error, and never taken for it. Does not promise the words of another version of the factory around the template, such
as the rules for a language.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from factory.config import Config
from factory.errors import ConfigError
from factory.languages import language
from factory.records import Message, Problem, Question, Request, Rollout, Survivor, Verdict
from factory.sampling.prompts import python_request
from factory.translation import specify
from factory.translation.prompts import repair_request, translation_request

_ONE = range(1)


def asked(
    config: Config,
    problem: Problem,
    translated: Problem,
    survivors: Iterable[Survivor],
    graded: Sequence[tuple[Rollout, Verdict]],
) -> Mapping[Question, tuple[Message, ...]]:
    """What each of `graded` was asked with. `translated` is the problem as translations were put before it.

    Raises ConfigError for a rollout that another template asked for, or none that is known.
    """
    parents = {one.code_sha256: one for one in survivors if one.parent is None}
    failed: dict[Question, Verdict] = {}
    for rollout, verdict in graded:
        failed.setdefault((verdict.language, rollout.parent, verdict.code_sha256), verdict)
    requests: dict[Question, Request] = {}
    sampling = config.asked[0].sampling  # all have the same template and mode, as the config makes sure
    for rollout, verdict in graded:
        question = (verdict.language, rollout.parent, rollout.repair_of)
        if question not in requests:
            if rollout.parent is None:
                requests[question] = python_request(problem, _ONE, sampling)
            else:
                wanted = specify(translated, parents[rollout.parent], language(verdict.language))
                repaired = failed.get(question)
                requests[question] = (
                    repair_request(wanted, repaired, _ONE, config.translate)
                    if repaired
                    else translation_request(wanted, _ONE, config.translate)
                )
        _check(rollout, requests[question])
    return {question: _messages(request) for question, request in requests.items()}


def _check(rollout: Rollout, request: Request) -> None:
    if rollout.template != request.template:
        names = f"names the prompt template {rollout.template}" if rollout.template else "names no prompt template"
        raise ConfigError(
            f"shards.prompts: 'asked' needs the prompts that were sent, but rollout {rollout.index} of "
            f"{rollout.problem_id!r} ({rollout.language}) {names}, and the config's is {request.template}; "
            "remedy: shards.prompts: task"
        )


def _messages(request: Request) -> tuple[Message, ...]:
    """The messages of a chat; a text that was to be continued is one of the user."""
    return request.messages or (Message(role="user", content=request.prompt),)

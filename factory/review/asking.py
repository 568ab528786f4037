"""What a model is asked for the review of a problem: inputs on which wrong programs may fail, and preconditions.

Promises: of a problem's cases only the public ones reach the prompt; the same problem gives the same text. A model is
asked only where its inputs can be read, and programs be compared on them. In completion mode it continues asserts, as
for CodeT (Chen et al. 2022), and is asked for no preconditions.
"""

from __future__ import annotations

from pathlib import Path

from factory.config import ReviewConfig, SamplingConfig
from factory.inputs.declared import parameters
from factory.languages.python.literals import arguments, literal
from factory.records import Problem, Request
from factory.review.equivalence import equivalence
from factory.sampling.prompts import chat_request, examples, render, template_hash

TEMPLATES = Path(__file__).parent / "templates"
CHAT, COMPLETION = TEMPLATES / "inputs_chat.j2", TEMPLATES / "inputs_completion.j2"
INPUTS = 20
"""Inputs that a model is asked for: as many as one answer of 1,024 tokens holds."""
_CALL_CHARS = 400


def asks_model(problem: Problem, settings: ReviewConfig, sampling: SamplingConfig) -> bool:
    """Whether the model is asked about `problem`. It is not where no inputs are compared, see `generated_inputs`, nor
    where arguments are converted, nor for standard inputs in completion mode.
    """
    wanted = settings.inputs > 0 and "model" in settings.inputs_from
    readable = problem.entry_point is not None or sampling.mode == "chat"
    return wanted and readable and not problem.calling.converts and equivalence(problem) is not None


def inputs_sampling(sampling: SamplingConfig) -> SamplingConfig:
    """How the one answer is sampled: as rollouts are, without what ends a program."""
    return sampling.model_copy(update={"n": 1, "stop": (), "logprobs": None})


def inputs_request(problem: Problem, sampling: SamplingConfig) -> Request:
    """Ask for inputs of `problem`, once."""
    name = (problem.entry_point or "").rpartition(".")[2]
    if sampling.mode == "completion":
        text = render(
            COMPLETION,
            prompt=problem.prompt,
            starter_code=problem.starter_code,
            name=name,
            indent=" " * (8 if "." in (problem.entry_point or "") else 4),
        )
        hash_ = template_hash(COMPLETION)
        return Request(problem.id, "python", range(1), "completion", prompt=text.rstrip("\n"), template=hash_)
    calls = (f"{name}({arguments(case, literal)})" for case in problem.public_cases if case.stdin is None)
    text = render(
        CHAT,
        prompt=problem.prompt,
        entry_point=problem.entry_point,
        starter_code=problem.starter_code,
        examples=examples(problem),
        name=name,
        inputs=INPUTS,
        call=next((call for call in calls if len(call) <= _CALL_CHARS), ""),
        parameters=" and ".join(f"`{name}`" for name in parameters(problem)),
    )
    return chat_request(problem.id, "python", range(1), text, CHAT, None)

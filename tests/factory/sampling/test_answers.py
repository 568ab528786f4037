"""Answers in whatever dialect: read where they can be, and otherwise a fault that names the field."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from factory.sampling.engines import answers
from factory.sampling.engines.answers import Choice, EndpointError, Unreadable, read_answer
from factory.sampling.engines.base import UnusableAnswer

USAGE = {"prompt_tokens": 7, "completion_tokens": 3}
THOUGHT = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "code"}]


def body(message: Any, finish: Any = "stop", **more: Any) -> bytes:
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return json.dumps({"model": "served", "choices": [choice], "usage": USAGE} | more).encode()


def only(data: bytes, chat: bool = True) -> Choice | UnusableAnswer:
    (choice,) = read_answer(data, chat).choices
    return choice


@pytest.mark.parametrize(
    ("message", "text", "reasoning"),
    [
        ({"content": "code"}, "code", None),
        ({"content": "code", "reasoning_content": "hm"}, "code", "hm"),
        ({"content": "code", "reasoning": "hm"}, "code", "hm"),
        ({"content": "code", "reasoning": [{"type": "text", "text": "hm"}]}, "code", "hm"),
        ({"content": "code", "reasoning_content": {"text": "hm"}}, "code", "hm"),
        ({"content": "code", "reasoning_content": None, "reasoning": ""}, "code", None),
        ({"content": "code", "reasoning": 7}, "code", None),
        ({"content": THOUGHT}, "code", "hm"),
        ({"content": ["co", {"type": "text", "text": "de"}]}, "code", None),
        ({"content": {"type": "text", "text": "code"}}, "code", None),
        ({"content": {"text": {"value": "x", "text": "code"}}}, "code", None),
        ({"content": None, "tool_calls": [{"id": "1"}]}, "", None),
        ({"content": None, "refusal": "I can't"}, "I can't", None),
        ({"role": "assistant"}, "", None),
        ({"reasoning_content": "hm"}, "", "hm"),
        ({"content": "\ud83d\x00"}, "\ud83d\x00", None),
    ],
)
def test_texts_and_thoughts_of_any_form(message: Any, text: str, reasoning: str | None) -> None:
    choice = only(body(message, "length"))
    assert isinstance(choice, Choice)
    assert (choice.text, choice.reasoning) == (text, reasoning)


def test_a_completion_and_a_chat_that_answers_as_one() -> None:
    data = json.dumps({"choices": [{"text": "x", "finish_reason": "stop"}]}).encode()
    for chat in (True, False):
        choice = only(data, chat)
        assert isinstance(choice, Choice)
        assert choice.text == "x"


@pytest.mark.parametrize("finish", [None, 1, {"type": "stop"}, {"reason": "length"}, [], "", "because"])
def test_an_odd_finish_reason_spoils_no_text(finish: Any) -> None:
    choice = only(body({"content": "code"}, finish))
    assert isinstance(choice, Choice)
    assert choice.finish_reason in (None, "stop", "length", "because")


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"prompt_tokens": 1, "completion_tokens": 2}, (1, 2)),
        ({"prompt_tokens": 10.0, "completion_tokens": 3.5}, (10, None)),
        ({"prompt_tokens": -1, "completion_tokens": True}, (None, None)),
        ({"prompt_tokens": 2**70, "completion_tokens": "3"}, (None, None)),
        ({"prompt_tokens": math.inf, "completion_tokens": math.nan}, (None, None)),
        ("n/a", (None, None)),
        ([], (None, None)),
        (None, (None, None)),
    ],
)
def test_counts_that_are_none_are_left_out(usage: Any, tokens: tuple[int | None, int | None]) -> None:
    answer = read_answer(body({"content": "x"}, usage=usage), True)
    assert (answer.prompt_tokens, answer.completion_tokens) == tokens


@pytest.mark.parametrize("model", [7, None, [], ""])
def test_a_name_of_a_model_that_is_none_is_left_out(model: Any) -> None:
    assert read_answer(body({"content": "x"}, model=model), True).model is None


# ---- faults ----


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"<html><body>wait", "a page of HTML"),
        (b'data: {"choices": []}\n\ndata: [DONE]\n', "a stream of events"),
        (b": ping\n\n", "a stream of events"),
        (body({"content": "x"})[:40], "cut off"),
        (b"upstream connect error", "is no JSON"),
        (b'{"choices": [{"message": {"content": "\xff\xfe"}}]}', "not UTF-8"),
        (b"[" * 200_000, "cut off or damaged"),
    ],
    ids=range(9),
)
def test_a_body_that_is_no_answer_is_unreadable(data: bytes, told: str) -> None:
    with pytest.raises(Unreadable, match=told):
        read_answer(data, True)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"[]", "the answer is an empty list, not an object"),
        (b"null", "the answer is missing"),
        (b"7", "the answer is a number"),
        (b"{}", "choices is missing"),
        (b'{"choices": null}', "choices is missing"),
        (b'{"choices": []}', "choices is an empty list"),
        (b'{"choices": ' + b"9" * 5000 + b"}", "choices is a number"),
        (b'{"choices": {"0": 1}}', "choices is an object"),
    ],
)
def test_an_answer_without_choices_names_the_field(data: bytes, told: str) -> None:
    with pytest.raises(UnusableAnswer, match=told):
        read_answer(data, True)


@pytest.mark.parametrize(
    ("message", "finish", "told"),
    [
        (None, "stop", r"choices\[0\]\.message is missing"),
        (None, "content_filter", "withheld by a filter"),
        ("hello", "stop", r"choices\[0\]\.message is a text"),
        ({"content": 7}, "stop", r"choices\[0\]\.message\.content is a number that holds no text"),
        ({"content": True}, "stop", r"message\.content is a truth value"),
        ({"content": {"a": 1}}, "stop", r"message\.content is an object that holds no text"),
        ({"content": [{"type": "image_url"}]}, "stop", r"message\.content\[0\] is an object that holds no text"),
        ({"content": ["x", 3]}, "stop", r"message\.content\[1\] is a number"),
        ({"content": ""}, None, r"content and choices\[0\]\.finish_reason are both missing"),
        ({"content": "half an ans"}, "abort", "broken off: finish_reason 'abort'"),
        ({"content": ""}, "error", "broken off: finish_reason 'error'"),
    ],
)
def test_a_choice_that_is_odd_names_the_field(message: Any, finish: Any, told: str) -> None:
    fault = only(body(message, finish))
    assert isinstance(fault, UnusableAnswer)
    with pytest.raises(UnusableAnswer, match=told):
        raise fault


def test_a_text_nested_beyond_reason_is_a_fault() -> None:
    content: Any = "x"
    for _ in range(50):
        content = [content]
    assert isinstance(only(body({"content": content})), UnusableAnswer)


def test_an_odd_choice_spoils_none_beside_it() -> None:
    good = {"message": {"content": "x"}, "finish_reason": "stop"}
    data = json.dumps({"choices": [good, 7, good | {"finish_reason": "error"}, good]}).encode()
    kinds = [isinstance(it, Choice) for it in read_answer(data, True).choices]
    assert kinds == [True, False, False, True]


def test_a_choice_with_an_error_is_broken_off_whatever_text_it_has() -> None:
    choice = {"message": {"content": "half"}, "finish_reason": None, "error": {"message": "upstream went away"}}
    fault = only(json.dumps({"choices": [choice]}).encode())
    assert isinstance(fault, UnusableAnswer)
    assert "choices[0].error: upstream went away" in fault.reason


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ({"message": "overloaded", "code": 502}, 502),
        ({"message": "overloaded", "code": "429"}, 429),
        ({"message": "overloaded", "code": "rate_limit", "status": 429}, 429),
        ({"message": "overloaded"}, None),
        ("overloaded", None),
        ({"message": {"overloaded": 1}}, None),
    ],
)
def test_an_error_in_place_of_an_answer(error: Any, status: int | None) -> None:
    with pytest.raises(EndpointError, match="overloaded") as caught:
        read_answer(json.dumps({"id": None, "choices": None, "error": error}).encode(), True)
    assert caught.value.status == status


# ---- log-probabilities ----


def test_log_probabilities_of_a_chat() -> None:
    tokens = [
        {
            "token": "a",
            "logprob": -0.5,
            "top_logprobs": [{"token": "a", "logprob": -0.5}, {"token": "b", "logprob": -1}],
        },
        {"token": "c", "logprob": 0, "top_logprobs": [{"token": "c", "logprob": 0.0}]},
    ]
    data = json.loads(body({"content": "ac"}))
    data["choices"][0]["logprobs"] = {"content": tokens}
    choice = only(json.dumps(data).encode())
    assert isinstance(choice, Choice)
    assert choice.logprobs == [-0.5, 0.0]
    assert choice.top_logprobs == [{"a": -0.5, "b": -1.0}, {"c": 0.0}]


def test_log_probabilities_of_a_completion() -> None:
    found = {"token_logprobs": [-0.5, -1.5], "top_logprobs": [{"a": -0.5}, {"b": -1.5}]}
    data = json.dumps({"choices": [{"text": "ab", "finish_reason": "stop", "logprobs": found}]}).encode()
    choice = only(data, chat=False)
    assert isinstance(choice, Choice)
    assert (choice.logprobs, choice.top_logprobs) == ([-0.5, -1.5], [{"a": -0.5}, {"b": -1.5}])


@pytest.mark.parametrize(
    "found",
    [None, "n/a", [], {}, {"content": None}, {"content": [7]}, {"content": [{"logprob": None}]},
     {"token_logprobs": [None, -1.0]}, {"token_logprobs": "x", "top_logprobs": 3}],
)  # fmt: skip
def test_log_probabilities_that_are_none_are_left_out(found: Any) -> None:
    data = json.loads(body({"content": "x"}))
    data["choices"][0]["logprobs"] = found
    choice = only(json.dumps(data).encode())
    assert isinstance(choice, Choice)
    assert (choice.logprobs, choice.top_logprobs) == (None, None)


def test_top_log_probabilities_that_are_odd_leave_the_tokens_own() -> None:
    data = json.loads(body({"content": "x"}))
    data["choices"][0]["logprobs"] = {"content": [{"token": "x", "logprob": -1, "top_logprobs": [{"token": 3}]}]}
    choice = only(json.dumps(data).encode())
    assert isinstance(choice, Choice)
    assert (choice.logprobs, choice.top_logprobs) == ([-1.0], None)


def test_reading_is_linear(assert_grows: Any, cpu_s: Any) -> None:
    def read(size: int) -> object:
        data = body({"content": [{"text": "x"}] * size, "reasoning": "<" * size})
        return read_answer(data.replace(b'"served"', b"9" * size), True)

    assert_grows(lambda size: cpu_s(lambda: read(size)), 10_000)
    assert answers.MOST_BYTES >= 2**24

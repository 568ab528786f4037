"""What an endpoint that speaks the OpenAI API has answered, in whatever dialect.

Promises: the body of an answer of any bytes becomes choices, or raises UnusableAnswer that names the field and never
repeats a value; linear in the body, which has at most `MOST_BYTES`. A text may be a string, null, or lists and objects
of texts; reasoning goes by `reasoning_content`, `reasoning`, or parts of type `thinking`; counts that are none, and
names that are no text, are left out. A choice that is odd does not spoil those beside it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from factory.sampling.engines.base import UnusableAnswer, check_end

MOST_BYTES = 64 * 2**20
"""Bytes of an answer: far above the longest texts with log-probabilities of 20 tokens at each place."""
_MOST_TOKENS = 2**40
_PARTS = ("text", "content", "thinking", "summary")
"""Keys under which an object that stands for a text has it."""
_DEEPEST = 8
"""Levels of lists and objects that may stand for one text."""


class Unreadable(UnusableAnswer):
    """The body is no answer of this API at all: a gateway's page, a part of one."""


class EndpointError(Exception):
    """The body holds an error; `status` is the HTTP status that it speaks of, where it does."""

    def __init__(self, reason: str, status: int | None = None, parameter: str = "") -> None:
        super().__init__(reason)
        self.reason, self.status = reason, status
        self.parameter = parameter
        """The field of the request that is at fault, where that is said."""


@dataclass(frozen=True, slots=True)
class Choice:
    text: str
    reasoning: str | None
    finish_reason: str | None
    logprobs: list[float] | None
    top_logprobs: list[dict[str, float]] | None


@dataclass(frozen=True, slots=True)
class Answer:
    """The choices of an answer, each a fault where it is unusable, and what it says of all of them."""

    choices: list[Choice | UnusableAnswer]
    model: str | None
    prompt_tokens: int | None
    completion_tokens: int | None
    """Of all choices together."""


def read_answer(body: bytes, chat: bool) -> Answer:
    """The answer in `body`. Raises UnusableAnswer, EndpointError."""
    answer = _json(body)
    if not isinstance(answer, dict):
        raise UnusableAnswer(f"the answer is {_kind(answer)}, not an object", refused=True)
    choices = answer.get("choices")
    if answer.get("error"):
        raise error_of(answer["error"])
    if not isinstance(choices, list) or not choices:
        raise UnusableAnswer(f"choices is {_kind(choices)}, not a list of choices", refused=True)
    usage = answer.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    return Answer(
        [_choice_or_fault(choice, f"choices[{at}]", chat) for at, choice in enumerate(choices)],
        answer["model"] if isinstance(answer.get("model"), str) and answer["model"] else None,
        _count(usage.get("prompt_tokens")),
        _count(usage.get("completion_tokens")),
    )


def error_of(error: Any) -> EndpointError:
    """The error that an endpoint puts into a body: a text, or an object with `message` and `code`."""
    said = error if isinstance(error, dict) else {"message": error}
    status = next((int(it) for it in (str(said.get("code")), str(said.get("status"))) if _is_status(it)), None)
    words = " ".join(str(said.get("message") or said.get("code") or "an error").split())
    return EndpointError(words[:500], status, str(said.get("param") or ""))


def _json(body: bytes) -> Any:
    if not body.strip():
        raise Unreadable("the answer is empty")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("the answer is not UTF-8") from None
    try:
        return json.loads(text, parse_int=_integer)
    except (ValueError, RecursionError):
        raise Unreadable(f"the answer is {_no_json(text.lstrip())}") from None


def _integer(text: str) -> float:
    """An integer; of one that is no count of anything, infinity: reading it is quadratic in its digits."""
    return int(text) if len(text) <= 20 else math.inf


def _no_json(text: str) -> str:
    if text.startswith(("data:", "event:", "id:", ":")):
        return "a stream of events"
    if text.startswith("<"):
        return "a page of HTML or XML"
    return "JSON that is cut off or damaged" if text.startswith(("{", "[")) else "no JSON"


def _choice_or_fault(choice: Any, place: str, chat: bool) -> Choice | UnusableAnswer:
    try:
        return _choice(choice, place, chat)
    except UnusableAnswer as fault:
        return fault


def _choice(choice: Any, place: str, chat: bool) -> Choice:
    if not isinstance(choice, dict):
        raise UnusableAnswer(f"{place} is {_kind(choice)}, not an object", refused=True)
    if choice.get("error"):
        raise UnusableAnswer(f"{place}.error: {error_of(choice['error']).reason}")
    finish = _finish_reason(choice.get("finish_reason"))
    chat = chat and (choice.get("message") is not None or "text" not in choice)  # some answer either as the other
    message, at = (choice.get("message"), f"{place}.message") if chat else (choice, place)
    if not isinstance(message, dict):
        check_end(finish, "")
        raise UnusableAnswer(f"{at} is {_kind(message)}, not an object", refused=True)
    key = "content" if chat else "text"
    said, thought = _said(message.get(key), f"{at}.{key}")
    text = said or _said(message.get("refusal"), f"{at}.refusal")[0]
    thoughts = (_thoughts(message.get(name)) for name in ("reasoning_content", "reasoning"))
    reasoning = next(filter(None, [*thoughts, thought]), None)
    check_end(finish, text)
    if not text and not finish:
        raise UnusableAnswer(f"{at}.{key} and {place}.finish_reason are both missing or empty", refused=True)
    return Choice(text, reasoning, finish, *_logprobs(choice.get("logprobs")))


def _said(value: Any, place: str, level: int = 0) -> tuple[str, str]:
    """The text that `value` stands for, and the thoughts among it."""
    if value is None:
        return "", ""
    if isinstance(value, str):
        return value, ""
    if isinstance(value, list) and level < _DEEPEST:
        pairs = [_said(part, f"{place}[{at}]", level + 1) for at, part in enumerate(value)]
        return "".join(said for said, _ in pairs), "".join(thought for _, thought in pairs)
    if isinstance(value, dict) and level < _DEEPEST:
        key = next((key for key in _PARTS if value.get(key) is not None), None)
        if key is not None:
            said, thought = _said(value[key], f"{place}.{key}", level + 1)
            thinks = key == "thinking" or str(value.get("type")) in ("thinking", "reasoning")
            return ("", said + thought) if thinks else (said, thought)
    raise UnusableAnswer(f"{place} is {_kind(value)} that holds no text", refused=True)


def _thoughts(value: Any) -> str:
    """The text of a field that is there for thoughts; of one that holds no text, none: the answer is whole without."""
    try:
        return "".join(_said(value, ""))
    except UnusableAnswer:
        return ""


def _finish_reason(value: Any) -> str | None:
    if isinstance(value, dict):
        value = value.get("type") or value.get("reason")
    return value if isinstance(value, str) and value else None


def _count(value: Any) -> int | None:
    """`value` where it is a count of tokens."""
    whole = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _MOST_TOKENS
    return int(value) if whole and value == int(value) else None


def _logprobs(given: Any) -> tuple[list[float] | None, list[dict[str, float]] | None]:
    """The log-probability of each token, and of the likeliest at each place; None where they are not all there."""
    if not isinstance(given, dict):
        return None, None
    content = given.get("content")
    if isinstance(content, list):  # as chats have it
        own = [_get(token, "logprob") for token in content]
        top: list[Any] = [_by_token(_get(token, "top_logprobs")) for token in content]
    else:
        own, top = (given.get(key) or [] for key in ("token_logprobs", "top_logprobs"))
    if not (isinstance(own, list) and own and all(map(_is_number, own))):
        return None, None
    whole = isinstance(top, list) and len(top) == len(own) and all(_is_table(table) for table in top)
    return [float(it) for it in own], [_floats(it) for it in top] if whole else None


def _by_token(tokens: Any) -> Any:
    """The list of objects that a chat has for each place, as a table."""
    if not isinstance(tokens, list) or not all(isinstance(_get(it, "token"), str) for it in tokens):
        return None
    return {it["token"]: it.get("logprob") for it in tokens}


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) and bool(value) and all(map(_is_number, value.values()))


def _floats(table: Mapping[str, Any]) -> dict[str, float]:
    return {token: float(value) for token, value in table.items()}


def _get(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, float) or (isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53)


def _is_status(text: str) -> bool:
    return len(text) == 3 and text.isascii() and text.isdecimal() and text >= "400"


def _kind(value: Any) -> str:
    """What a JSON value is, in a word or two."""
    if value is None:
        return "missing"
    names = {bool: "a truth value", str: "a text", list: "a list" if value else "an empty list", dict: "an object"}
    return names.get(type(value), "a number")

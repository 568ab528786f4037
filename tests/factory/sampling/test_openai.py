"""The OpenAI engine against a small endpoint that answers as it is told."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from factory.config import OpenAIEngine, SamplingConfig
from factory.errors import ConfigError, EngineError
from factory.records import Message, Request, Rollout, Unanswered
from factory.sampling.engines import open_engine, pace
from factory.sampling.engines.openai import OpenAI

KEY = "sk-very-secret"
Behaviour = Callable[[int, dict[str, Any]], Any]


class Asked:
    """What came of a request: rollouts by index, what has not come, the lines for the user, and the endpoint."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.rollouts: list[Rollout] = []
        self.lost: list[Unanswered] = []
        self.lines: list[str] = []
        self.retries = self.lost_tokens = 0


Ask = Callable[..., Asked]


@pytest.fixture
def ask(endpoint: ModuleType) -> Ask:
    """`ask(behaviour, count, sampling, mode, **config)`"""

    def asked(
        behaviour: Behaviour,
        count: int = 1,
        sampling: SamplingConfig | None = None,
        mode: Any = "chat",
        more: dict[str, Any] | None = None,
        **config: Any,
    ) -> Asked:
        async def run(came: Asked) -> None:
            engine = OpenAI(OpenAIEngine(model="m", base_url=came.server.url, **config), came.lines.append)
            async with engine:
                said = (Message(role="user", content="hi"),)
                request = Request(
                    "p", "python", range(count), mode, said, prompt="def f", template="hash", **more or {}
                )
                try:
                    async for one in engine.sample(request, sampling or SamplingConfig()):
                        came.rollouts += [one] if isinstance(one, Rollout) else []
                        came.lost += [one] if isinstance(one, Unanswered) else []
                finally:
                    came.retries, came.lost_tokens = engine.meter.retries, engine.meter.lost_tokens

        with endpoint.Endpoint(behaviour).running() as server:
            came = Asked(server)
            asyncio.run(run(came))
        came.rollouts.sort(key=lambda one: one.index)
        return came

    return asked


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses are short."""
    monkeypatch.setattr(pace, "_FIRST_PAUSE_S", 0.005)
    monkeypatch.setattr(pace, "_LONGEST_PAUSE_S", 0.05)
    monkeypatch.setattr(pace, "_SHORTEST_ASKED_S", 0.01)


@pytest.fixture
def chat(endpoint: ModuleType) -> Callable[..., Any]:
    return endpoint.chat  # type: ignore[no-any-return]


def test_a_chat_answer_becomes_a_rollout(ask: Ask, chat: Any) -> None:
    sampling = SamplingConfig(temperature=0.5, max_tokens=9, top_k=5, min_p=0.1, stop=("END",), repetition_penalty=1.1)
    came = ask(lambda *_: chat(" raw \n"), sampling=sampling, extra_body={"user": "me"})
    path, headers, body = came.server.asked[0]
    sent = {"max_tokens": 9, "min_p": 0.1, "repetition_penalty": 1.1, "stop": ["END"], "temperature": 0.5, "top_k": 5}
    sent |= {"top_p": 0.95, "user": "me"}
    assert path == "/v1/chat/completions"
    assert "Authorization" not in headers
    assert body == {"model": "m", "n": 1, "messages": [{"role": "user", "content": "hi"}], **sent}
    (rollout,) = came.rollouts
    assert rollout == Rollout(
        problem_id="p",
        index=0,
        text=" raw \n",
        mode="chat",
        model="served",
        sampling=sent,
        template="hash",
        finish_reason="stop",
        prompt_tokens=7,
        completion_tokens=3,
    )
    assert list(rollout.sampling or ()) == sorted(sent)


def test_an_answer_is_begun_as_vllm_serve_wants_it(ask: Ask, chat: Any) -> None:
    came = ask(lambda *_: chat("package main\n```"), more={"prefill": "```go\n"}, server="vllm")
    body = came.server.asked[0][2]
    assert body["messages"] == [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "```go\n"}]
    assert (body["continue_final_message"], body["add_generation_prompt"]) == (True, False)
    (rollout,) = came.rollouts
    assert (rollout.text, rollout.prefill) == ("```go\npackage main\n```", "```go\n")


def test_a_completion_continues_the_prompt(ask: Ask) -> None:
    answer: Any = (200, {}, {"choices": [{"text": "(x):", "finish_reason": "length"}]})
    came = ask(lambda *_: answer, mode="completion")
    assert came.server.asked[0][0] == "/v1/completions"
    assert came.server.asked[0][2]["prompt"] == "def f"
    (rollout,) = came.rollouts
    assert (rollout.text, rollout.finish_reason, rollout.model, rollout.prompt_tokens) == ("(x):", "length", "m", None)


def test_every_index_is_asked_once_and_no_more_are_open_than_allowed(ask: Ask, chat: Any) -> None:
    together = threading.Barrier(3)

    def three_at_once(*_: Any) -> Any:
        together.wait(60)
        return chat()

    came = ask(three_at_once, count=21, in_flight=3)
    assert [one.index for one in came.rollouts] == list(range(21))
    assert len(came.server.asked) == 21
    assert came.server.most_open == 3


# ---- refusals ----


@pytest.mark.parametrize("status", [400, 403, 413, 422, 451])
def test_a_lone_refusal_is_asked_again_and_spoils_nothing(ask: Ask, chat: Any, status: int) -> None:
    came = ask(lambda number, _: chat() if number != 3 else (status, {}, {"error": {"message": "flagged"}}), 8)
    assert [one.index for one in came.rollouts] == list(range(8))
    assert (len(came.server.asked), came.lost) == (9, [])


def test_what_is_refused_again_is_left_out_alone(ask: Ask, chat: Any) -> None:
    def fifth(number: int, _: Any) -> Any:
        return (403, {}, {"error": {"message": "flagged", "code": 403}}) if number >= 5 else chat()

    came = ask(fifth, 6, in_flight=1)
    assert [one.index for one in came.rollouts] == [0, 1, 2, 3, 4]
    (lost,) = came.lost
    assert (lost.problem_id, lost.index, lost.refused) == ("p", 5, True)
    assert lost.reason == f"{came.server.url}: status 403 Forbidden: flagged"
    assert len(came.server.asked) == 8


def test_a_request_that_is_refused_everywhere_is_not_asked_for_to_the_end(ask: Ask) -> None:
    answer: Any = (400, {}, {"error": {"message": "maximum context length is 512 tokens"}})
    came = ask(lambda *_: answer, 200, in_flight=2)
    assert len(came.server.asked) < 12
    assert [one.index for one in came.lost] == list(range(200))
    assert all(one.refused and "status 400 Bad Request: maximum context length" in one.reason for one in came.lost)


@pytest.mark.parametrize("status", [401, 402, 404, 405])
def test_what_concerns_all_requests_ends_the_engine_at_once(ask: Ask, status: int) -> None:
    with pytest.raises(EngineError, match=rf"status {status} .*: no such model; see engine\.base_url"):
        ask(lambda *_: (status, {}, {"message": "no such model"}), 8)


def test_a_404_after_answers_passes(ask: Ask, chat: Any) -> None:
    came = ask(lambda number, _: chat() if number != 2 else (404, {}, b"default backend"), 5, in_flight=1)
    assert len(came.rollouts) == 5


def test_a_redirect_is_not_followed(ask: Ask) -> None:
    with pytest.raises(EngineError, match="status 307: the endpoint has moved"):
        ask(lambda *_: (307, {"Location": f"http://elsewhere/?{KEY}"}, b""))


# ---- dialects ----


def test_max_completion_tokens_where_max_tokens_is_refused(ask: Ask, chat: Any) -> None:
    told = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."

    def newer(_: int, body: dict[str, Any]) -> Any:
        return (400, {}, {"error": {"message": told, "param": "max_tokens"}}) if "max_tokens" in body else chat()

    came = ask(newer, 12, SamplingConfig(max_tokens=9), in_flight=4)
    assert len(came.rollouts) == 12
    assert {body.get("max_completion_tokens") for _, _, body in came.server.asked} == {None, 9}
    assert len(came.server.asked) <= 16
    assert {one.sampling["max_tokens"] for one in came.rollouts if one.sampling} == {9}


def several(texts: int, body: dict[str, Any], chat: Any) -> Any:
    """An answer with as many choices as are asked for, at most `texts`."""
    _, _, answer = chat()
    (choice,) = answer["choices"]
    count = min(body["n"], texts)
    usage = {"prompt_tokens": 7, "completion_tokens": 10}
    return 200, {}, answer | {"choices": [choice | {"index": at} for at in range(count)], "usage": usage}


def test_several_rollouts_a_request(ask: Ask, chat: Any) -> None:
    came = ask(lambda _, body: several(4, body, chat), 10, rollouts_per_request=4)
    assert sorted(body["n"] for _, _, body in came.server.asked) == [2, 4, 4]
    assert [one.index for one in came.rollouts] == list(range(10))
    assert [one.completion_tokens for one in came.rollouts] == [3, 3, 2, 2, 3, 3, 2, 2, 5, 5]


@pytest.mark.parametrize("refuses", [True, False])
def test_one_by_one_where_the_endpoint_gives_no_more(ask: Ask, chat: Any, refuses: bool) -> None:
    def single(_: int, body: dict[str, Any]) -> Any:
        if refuses and body["n"] > 1:
            return 400, {}, {"error": {"message": "n must be 1"}}
        return several(1, body, chat)

    came = ask(single, 24, rollouts_per_request=4, in_flight=2)
    assert [one.index for one in came.rollouts] == list(range(24))
    assert (came.lost, len(came.server.asked)) == ([], 26 if refuses else 24)


def test_log_probabilities_are_asked_for_as_each_route_has_it(ask: Ask, chat: Any) -> None:
    _, _, answer = chat()
    tokens = [{"token": "a", "logprob": -0.5, "top_logprobs": [{"token": "a", "logprob": -0.5}]}]
    answer["choices"][0]["logprobs"] = {"content": tokens}
    came = ask(lambda *_: (200, {}, answer), sampling=SamplingConfig(logprobs=3))
    (rollout,) = came.rollouts
    assert (rollout.logprobs, rollout.top_logprobs) == ([-0.5], [{"a": -0.5}])
    assert rollout.sampling is not None
    assert rollout.sampling["logprobs"] == 3
    body = came.server.asked[0][2]
    assert (body["logprobs"], body["top_logprobs"]) == (True, 3)
    text: Any = (200, {}, {"choices": [{"text": "a", "finish_reason": "stop"}]})
    body = ask(lambda *_: text, sampling=SamplingConfig(logprobs=0), mode="completion").server.asked[0][2]
    assert (body["logprobs"], "top_logprobs" in body) == (0, False)


# ---- the key ----


def test_the_key_is_sent_and_told_to_nobody(
    ask: Ask, chat: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MY_KEY", f" {KEY}\n")
    caplog.set_level(logging.DEBUG)
    came = ask(lambda *_: chat(), api_key_env="MY_KEY")
    assert came.server.asked[0][1]["Authorization"] == f"Bearer {KEY}"
    refused = ask(lambda *_: (400, {}, {"error": {"message": f"bad key: {KEY}"}}), api_key_env="MY_KEY")
    assert "bad key: ***" in refused.lost[0].reason
    with pytest.raises(EngineError, match=r"Incorrect API key: \*\*\*") as caught:
        ask(lambda *_: (401, {}, {"error": {"message": f"Incorrect API key: {KEY}"}}), api_key_env="MY_KEY")
    assert KEY not in str(caught.value) + caplog.text


@pytest.mark.parametrize("value", [f"{KEY}\n{KEY}", f"Bearer {KEY}", f"{KEY}é", f"{KEY}\x00"])
def test_a_key_that_cannot_be_sent_is_not_shown(
    ask: Ask, chat: Any, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setattr("factory.environment.os.environ", {"MY_KEY": value})
    with pytest.raises(ConfigError, match=r"engine\.api_key_env: MY_KEY: holds more than a key") as caught:
        ask(lambda *_: chat(), api_key_env="MY_KEY")
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("value", [None, "", " \n"])
def test_a_missing_key_is_a_config_error(
    ask: Ask, chat: Any, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.delenv("MY_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("MY_KEY", value)
    with pytest.raises(ConfigError, match=r"engine\.api_key_env: MY_KEY: is not set"):
        ask(lambda *_: chat(), api_key_env="MY_KEY")


def test_a_proxy_with_a_password_is_not_shown(ask: Ask, chat: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://me:{KEY}@127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    with pytest.raises(EngineError, match="no connection") as caught:
        ask(lambda *_: chat(), patience_s=0.05)
    monkeypatch.setenv("HTTP_PROXY", f"nonsense://me:{KEY}@127.0.0.1:9")
    with pytest.raises(ConfigError, match=r"^HTTP_PROXY: cannot be read") as wrong:
        ask(lambda *_: chat())
    assert KEY not in f"{caught.value} {wrong.value}"


def test_leaving_early_cancels_the_rest(endpoint: ModuleType) -> None:
    async def run(server: Any) -> int:
        async with open_engine(OpenAIEngine(model="m", base_url=server.url, in_flight=1)) as engine:
            before = len(asyncio.all_tasks())
            stream = engine.sample(Request("p", "python", range(50), "chat"), SamplingConfig())
            await anext(stream)
            await stream.aclose()
            return len(asyncio.all_tasks()) - before

    with endpoint.Endpoint(lambda *_: endpoint.chat()).running() as server:
        assert asyncio.run(run(server)) == 0
        assert len(server.asked) <= 3

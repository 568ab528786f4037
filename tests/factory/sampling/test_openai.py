"""The OpenAI engine against a real HTTP server that answers as it is told."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from factory.config import OpenAIEngine, SamplingConfig
from factory.errors import ConfigError, EngineError
from factory.records import Message, Request, Rollout
from factory.sampling.engines import RequestRefused, open_engine

KEY = "sk-very-secret"
Answer = tuple[int, dict[str, str], Any]


class Server:
    """Answers the n-th request (from 0) by `answer(n, body)` and remembers what was asked."""

    def __init__(self, answer: Callable[[int, dict[str, Any]], Answer]) -> None:
        self.asked: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.open = self.most_open = 0
        self._lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with server._lock:
                    number = len(server.asked)
                    server.asked.append((self.path, dict(self.headers), body))
                    server.open += 1
                    server.most_open = max(server.most_open, server.open)
                status, headers, answered = answer(number, body)
                with server._lock:
                    server.open -= 1
                data = answered if isinstance(answered, bytes) else json.dumps(answered).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(data))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}/v1"

    @contextmanager
    def running(self) -> Iterator[Server]:
        thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            self._http.shutdown()
            self._http.server_close()
            thread.join()


def chat(text: str | None = "hello", **message: Any) -> Answer:
    choice = {"message": {"role": "assistant", "content": text, **message}, "finish_reason": "stop"}
    return 200, {}, {"model": "served", "choices": [choice], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}


def ask(
    answer: Callable[[int, dict[str, Any]], Answer],
    count: int = 1,
    sampling: SamplingConfig | None = None,
    mode: str = "chat",
    **config: Any,
) -> tuple[list[Rollout], Server]:
    async def run(server: Server) -> list[Rollout]:
        async with open_engine(OpenAIEngine(model="m", base_url=server.url, **config)) as engine:
            said = (Message(role="user", content="hi"),)
            request = Request("p", "python", range(count), mode, said, prompt="def f", template="hash")  # type: ignore[arg-type]
            return [one async for one in engine.sample(request, sampling or SamplingConfig())]

    with Server(answer).running() as server:
        return asyncio.run(run(server)), server


def test_a_chat_answer_becomes_a_rollout() -> None:
    sampling = SamplingConfig(temperature=0.5, max_tokens=9, top_k=5, min_p=0.1, stop=("END",), repetition_penalty=1.1)
    (rollout,), server = ask(lambda *_: chat(" raw \n"), sampling=sampling, extra_body={"user": "me"})
    path, headers, body = server.asked[0]
    sent = {"max_tokens": 9, "min_p": 0.1, "repetition_penalty": 1.1, "stop": ["END"], "temperature": 0.5, "top_k": 5}
    sent |= {"top_p": 0.95, "user": "me"}
    assert path == "/v1/chat/completions"
    assert "Authorization" not in headers
    assert body == {"model": "m", "n": 1, "messages": [{"role": "user", "content": "hi"}], **sent}
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


def test_a_completion_continues_the_prompt() -> None:
    answer: Answer = (200, {}, {"choices": [{"text": "(x):", "finish_reason": "length"}]})
    (rollout,), server = ask(lambda *_: answer, mode="completion")
    assert server.asked[0][0] == "/v1/completions"
    assert server.asked[0][2]["prompt"] == "def f"
    assert (rollout.text, rollout.finish_reason, rollout.model, rollout.prompt_tokens) == ("(x):", "length", "m", None)


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_is_kept_apart(field: str) -> None:
    (rollout,), _ = ask(lambda *_: chat("code", **{field: "hmm"}))
    assert (rollout.text, rollout.reasoning) == ("code", "hmm")


def test_every_index_is_asked_once_and_no_more_are_open_than_allowed() -> None:
    together = threading.Barrier(3)

    def three_at_once(*_: Any) -> Answer:
        together.wait(60)
        return chat()

    rollouts, server = ask(three_at_once, count=21, in_flight=3)
    assert sorted(one.index for one in rollouts) == list(range(21))
    assert len(server.asked) == 21
    assert server.most_open == 3


def test_429_is_tried_again_after_the_time_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    sleep = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", lambda seconds: waits.append(seconds) or sleep(0))
    (rollout,), server = ask(lambda number, _: chat() if number else (429, {"Retry-After": "7"}, {"error": "slow"}))
    assert rollout.text == "hello"
    assert len(server.asked) == 2
    assert [wait for wait in waits if wait] == [7]


def test_tries_are_counted() -> None:
    answers = Server(lambda number, _: chat() if number > 1 else (503, {"Retry-After": "0"}, {}))

    async def run() -> int:
        async with open_engine(OpenAIEngine(model="m", base_url=answers.url)) as engine:
            async for _ in engine.sample(Request("p", "python", range(1), "chat"), SamplingConfig()):
                pass
            return engine.meter.retries

    with answers.running():
        assert asyncio.run(run()) == 2


def test_500s_are_tried_so_often_and_then_told() -> None:
    answer = (503, {"Retry-After": "0"}, {"error": {"message": "overloaded"}})
    with pytest.raises(EngineError, match=r"status 503 Service Unavailable: overloaded; tried 3 times"):
        ask(lambda *_: answer, retries=2)


def test_no_server_is_told() -> None:
    async def run() -> None:
        async with open_engine(OpenAIEngine(model="m", base_url="http://127.0.0.1:9/v1", retries=1)) as engine:
            async for _ in engine.sample(Request("p", "python", range(2), "chat"), SamplingConfig()):
                pass

    with pytest.raises(EngineError, match=r"127\.0\.0\.1:9/v1: no answer \(ConnectError.*tried 2 times"):
        asyncio.run(run())


def test_400_refuses_this_request_alone() -> None:
    answer: Answer = (400, {}, {"error": {"message": "maximum context length is 512 tokens"}})
    with pytest.raises(RequestRefused, match=r"^'p': http.*status 400 Bad Request: maximum context length") as caught:
        ask(lambda *_: answer)
    assert caught.value.problem_id == "p"


def test_other_4xx_stop_the_engine_at_once() -> None:
    with pytest.raises(EngineError, match=r"status 404 Not Found: no such model") as caught:
        ask(lambda *_: (404, {}, {"message": "no such model"}))
    assert not isinstance(caught.value, RequestRefused)


@pytest.mark.parametrize("answered", [b"<html>", {"choices": []}, {"choices": [{"message": None}]}, []])
def test_an_answer_without_a_choice_is_told(answered: Any) -> None:
    with pytest.raises(EngineError, match=r"not JSON|holds no choice"):
        ask(lambda *_: (200, {}, answered))


def test_the_key_is_sent_and_told_to_nobody(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    caplog.set_level(logging.DEBUG)
    _, server = ask(lambda *_: chat(), api_key_env="MY_KEY")
    assert server.asked[0][1]["Authorization"] == f"Bearer {KEY}"
    with pytest.raises(EngineError, match=r"Incorrect API key: \*\*\*") as caught:
        ask(lambda *_: (401, {}, {"error": {"message": f"Incorrect API key: {KEY}"}}), api_key_env="MY_KEY")
    assert KEY not in str(caught.value) + caplog.text


def test_a_missing_key_is_a_config_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MY_KEY", raising=False)
    with pytest.raises(ConfigError, match=r"engine\.api_key_env: MY_KEY: is not set"):
        ask(lambda *_: chat(), api_key_env="MY_KEY")


def test_leaving_early_cancels_the_rest() -> None:
    async def run(server: Server) -> int:
        async with open_engine(OpenAIEngine(model="m", base_url=server.url, in_flight=1)) as engine:
            stream = engine.sample(Request("p", "python", range(50), "chat"), SamplingConfig())
            await anext(stream)
            await stream.aclose()
            return len(asyncio.all_tasks())

    with Server(lambda *_: chat()).running() as server:
        assert asyncio.run(run(server)) == 1
        assert len(server.asked) <= 3

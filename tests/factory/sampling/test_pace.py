"""An endpoint that is busy, away, slow or odd: requests slow down together, wait, and none spoils another."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from types import ModuleType
from typing import Any

import pytest

from factory.config import OpenAIEngine, SamplingConfig
from factory.errors import EngineError
from factory.records import Message, Request, Rollout, Unanswered
from factory.sampling.engines import answers, pace
from factory.sampling.engines.openai import OpenAI
from factory.sampling.engines.wire import retry_after_s

HTML = (200, {"Content-Type": "text/html"}, b"<html><body>Gateway: please wait</body></html>")
Sampled = Callable[..., tuple[list[Rollout], list[Unanswered], list[str]]]


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses are short."""
    monkeypatch.setattr(pace, "_FIRST_PAUSE_S", 0.005)
    monkeypatch.setattr(pace, "_LONGEST_PAUSE_S", 0.05)
    monkeypatch.setattr(pace, "_SHORTEST_ASKED_S", 0.01)


@pytest.fixture
def sampled(endpoint: ModuleType) -> Sampled:
    """`sampled(behaviour, count, **config)`: rollouts, what has not come, and the lines for the user."""

    def sample(behaviour: Any, count: int = 8, **config: Any) -> tuple[list[Rollout], list[Unanswered], list[str]]:
        rollouts: list[Rollout] = []
        lost: list[Unanswered] = []
        lines: list[str] = []

        async def run(url: str) -> None:
            async with OpenAI(OpenAIEngine(model="m", base_url=url, **config), lines.append) as engine:
                async for one in engine.sample(Request("p", "python", range(count), "chat"), SamplingConfig()):
                    if isinstance(one, Rollout):
                        rollouts.append(one)
                    else:
                        lost.append(one)

        with endpoint.Endpoint(behaviour).running() as server:
            asyncio.run(run(server.url))
        return rollouts, lost, lines

    return sample


# ---- busy ----


def test_a_limit_of_requests_a_second_is_found_and_kept_to(endpoint: ModuleType, sampled: Sampled) -> None:
    asked: list[int] = []
    answer = endpoint.limited(40, lambda *_: endpoint.chat())
    rollouts, lost, lines = sampled(lambda number, body: asked.append(number) or answer(number, body), 200)
    assert sorted(one.index for one in rollouts) == list(range(200))
    assert lost == []
    assert len(asked) < 400, "it was asked as if there were no limit"
    assert len(lines) == 1
    assert "status 429 Too Many Requests: Rate limit reached; goes on in" in lines[0]
    assert re.search(r"with at most 64 open and [\d.]+ a second; .* \(engine\.patience_s\)", lines[0])


def test_a_429_that_names_no_time_is_not_asked_again_at_once(endpoint: ModuleType, sampled: Sampled) -> None:
    times: list[float] = []

    def busy(number: int, _: Any) -> Any:
        times.append(time.monotonic())
        return (429, {"Retry-After": "0"}, b"") if number < 6 else endpoint.chat()

    rollouts, _, _ = sampled(busy, 1)
    assert len(rollouts) == 1
    assert all(later - earlier >= 0.01 for earlier, later in pairwise(times))


def test_all_wait_as_long_as_one_is_told_to(endpoint: ModuleType, sampled: Sampled) -> None:
    times: list[float] = []

    def busy(number: int, _: Any) -> Any:
        times.append(time.monotonic())
        return (429, {"retry-after-ms": "300"}, b"") if number == 0 else endpoint.chat()

    rollouts, _, _ = sampled(busy, 4, in_flight=1)
    assert len(rollouts) == 4
    assert times[1] - times[0] >= 0.3


def test_a_wait_beyond_patience_ends_at_once(sampled: Sampled) -> None:
    with pytest.raises(
        EngineError, match=r"429 .*: quota, and asks to wait 86,400 s; no answer within engine\.patience"
    ):
        sampled(lambda *_: (429, {"Retry-After": "86400"}, {"error": "quota"}))


NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "-3"}, 0),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"x-ms-retry-after-ms": "200"}, 0.2),
        ({"retry-after": format_datetime(NOW + timedelta(seconds=90), usegmt=True)}, 90),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "1e999"}, None),
        ({"retry-after": "Mon, 99 Foo 20x6"}, None),
        ({}, None),
    ],
)
def test_every_form_of_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    date = format_datetime(NOW, usegmt=True)  # the endpoint's clock, whatever ours says
    assert retry_after_s(headers | {"date": date}) == seconds


# ---- away ----


def test_an_endpoint_that_restarts_is_waited_for(endpoint: ModuleType, sampled: Sampled) -> None:
    answered, end = threading.Event(), [0.0]

    def restarts(number: int, _: Any) -> Any:
        if number < 5:
            return endpoint.chat()
        end[0] = end[0] or time.monotonic() + 1.0
        if time.monotonic() < end[0]:
            return (503, {}, b"upstream connect error") if number % 2 else (0, {}, None)
        answered.set()
        return endpoint.chat()

    rollouts, lost, lines = sampled(restarts, 100, retries=2)
    assert sorted(one.index for one in rollouts) == list(range(100))
    assert (lost, answered.is_set()) == ([], True)
    assert 1 <= len(lines) <= 3
    assert "503" in lines[0] or "connection" in lines[0]


def test_an_endpoint_that_stays_away_ends_the_engine_with_what_came(endpoint: ModuleType, sampled: Sampled) -> None:
    told = r"status 503 Service Unavailable: overloaded; no answer within engine\.patience_s \(0 s\); what came is kept"
    with pytest.raises(EngineError, match=told):
        sampled(lambda *_: (503, {}, {"error": {"message": "overloaded"}}), patience_s=0.2)


def test_nobody_there_is_told_without_the_errors_own_words() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"

    async def run() -> None:
        async with OpenAI(OpenAIEngine(model="m", base_url=url, patience_s=0.1)) as engine:
            async for _ in engine.sample(Request("p", "python", range(2), "chat"), SamplingConfig()):
                pass

    with pytest.raises(EngineError, match=rf"^{url}: no connection; no answer within"):
        asyncio.run(run())


def test_one_request_that_always_fails_is_given_up_alone(endpoint: ModuleType) -> None:
    def answer(_: int, body: dict[str, Any]) -> Any:
        return (500, {}, b"crash") if "poison" in str(body) else endpoint.chat()

    async def run(url: str) -> tuple[list[Any], list[Any]]:
        async with OpenAI(OpenAIEngine(model="m", base_url=url, retries=2, in_flight=4)) as engine:

            async def ask(text: str, count: int) -> list[Any]:
                request = Request(text, "python", range(count), "chat", (Message(role="user", content=text),))
                return [one async for one in engine.sample(request, SamplingConfig())]

            bad, good = await asyncio.gather(ask("poison", 1), ask("good", 60))
            return bad, good

    with endpoint.Endpoint(answer).running() as server:
        (lost,), good = asyncio.run(run(server.url))
    assert sorted(one.index for one in good) == list(range(60))
    assert isinstance(lost, Unanswered)
    assert (lost.refused, lost.problem_id) == (False, "poison")
    assert "status 500 Internal Server Error: crash" in lost.reason


def test_a_dripping_answer_ends_at_its_time(sampled: Sampled, endpoint: ModuleType) -> None:
    server = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        try:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                while True:
                    connection.sendall(b" ")
                    time.sleep(0.02)
        except OSError:
            return

    threading.Thread(target=drip, daemon=True).start()
    url = f"http://127.0.0.1:{server.getsockname()[1]}/v1"

    async def run() -> None:
        config = OpenAIEngine(model="m", base_url=url, timeout_s=0.3, patience_s=0.01)
        async with OpenAI(config) as engine:
            async for _ in engine.sample(Request("p", "python", range(1), "chat"), SamplingConfig()):
                pass

    with server, pytest.raises(EngineError, match=r"no whole answer within engine\.timeout_s \(0\.3 s\)"):
        asyncio.run(asyncio.wait_for(run(), 30))


def test_silence_is_told(endpoint: ModuleType, sampled: Sampled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "QUIET_S", 0.2)
    release = threading.Event()

    def hang(number: int, _: Any) -> Any:
        release.wait(1.0)
        return endpoint.chat()

    _, _, lines = sampled(hang, 3)
    assert any("no answer for" in line and "3 request(s) are open" in line for line in lines)


# ---- odd ----

ODD: dict[str, Any] = {
    "html": HTML,
    "empty": (200, {}, b""),
    "cut JSON": (200, {}, b'{"choices": [{"message": {"cont'),
    "bad UTF-8": (200, {}, b'{"choices": [{"message": {"content": "\xff"}}]}'),
    "events": (200, {"Content-Type": "text/event-stream"}, b"data: {}\n\ndata: [DONE]\n\n"),
    "wrong encoding": (200, {"Content-Encoding": "gzip"}, b'{"choices": []}'),
    "cut body": (200, {"Content-Length": "900"}, b'{"choices": []}'),
    "no connection": (0, {}, None),
    "no choices": (200, {}, {"choices": []}),
    "null choices, 429": (200, {}, {"choices": None, "error": {"message": "busy", "code": 429}}),
    "error, 502": (200, {}, {"error": {"message": "overloaded", "code": 502}}),
    "list": (200, {}, [{"choices": []}]),
    "null message": (200, {}, {"choices": [{"message": None, "finish_reason": "content_filter"}]}),
    "number": (200, {}, {"choices": [{"message": {"content": 7}, "finish_reason": "stop"}]}),
    "abort": (200, {}, {"choices": [{"message": {"content": "half"}, "finish_reason": "abort"}]}),
    "engine 400": (400, {}, {"error": {"message": "EngineCore encountered an issue"}}),
    "engine 500": (500, {}, {"error": {"message": "EngineCore encountered an issue"}}),
    "moderation": (403, {}, {"error": {"message": "input was flagged"}}),
    "too long": (200, {}, b" " * 5000),
}


@pytest.mark.parametrize("name", ODD)
def test_one_odd_answer_costs_nothing(
    endpoint: ModuleType, sampled: Sampled, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("factory.sampling.engines.wire.MOST_BYTES", 4000)
    rollouts, lost, _ = sampled(lambda number, _: ODD[name] if number == 4 else endpoint.chat())
    assert sorted(one.index for one in rollouts) == list(range(8))
    assert lost == []


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("no choices", "choices is an empty list"),
        ("list", "not an object"),
        ("number", "choices[0].message.content is a number"),
        ("abort", "'abort'"),
        ("moderation", "input was flagged"),
    ],
)
def test_odd_answers_alone_refuse_the_request_and_say_why(sampled: Sampled, name: str, told: str) -> None:
    rollouts, lost, _ = sampled(lambda *_: ODD[name], 4, retries=2)
    assert (rollouts, [one.index for one in lost]) == ([], [0, 1, 2, 3])
    assert all(told in one.reason for one in lost)


@pytest.mark.parametrize("name", ["html", "empty", "wrong encoding", "events"])
def test_an_endpoint_that_never_answers_in_this_api_ends_soon(sampled: Sampled, name: str) -> None:
    with pytest.raises(EngineError, match=r"the answer is .*, 3 times, and nothing else came; see engine\.base_url"):
        sampled(lambda *_: ODD[name], 4, retries=2)


def test_a_broken_off_answer_is_paid_for_and_told_of(endpoint: ModuleType) -> None:
    async def run(url: str) -> int:
        async with OpenAI(OpenAIEngine(model="m", base_url=url), lambda line: None) as engine:
            request = Request("p", "python", range(2), "chat")
            got = [one async for one in engine.sample(request, SamplingConfig())]
            assert all(isinstance(one, Rollout) and one.finish_reason == "stop" for one in got)
            return engine.meter.lost_tokens

    answer = lambda number, _: endpoint.chat("half", "abort") if number == 0 else endpoint.chat()  # noqa: E731
    with endpoint.Endpoint(answer).running() as server:
        assert asyncio.run(run(server.url)) == 3


def test_the_bound_is_above_honest_answers() -> None:
    assert answers.MOST_BYTES >= 32 * 2**20


def test_an_endpoint_that_asks_for_no_pause_keeps_getting_requests() -> None:
    """It may turn most of them away whatever their rate: cut each time, they would end at one in 30 s."""
    polite, other = (pace.Pace("place", 64, 60.0, lambda line: None) for _ in range(2))
    for _ in range(20):
        polite.busy(time.monotonic(), "status 429", 0.0)
        other.busy(time.monotonic(), "status 429", None)
    assert str(polite._rate) == "5.00 a second"
    assert str(other._rate) == "0.03 a second"

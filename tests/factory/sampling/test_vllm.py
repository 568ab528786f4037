"""The real vLLM engine on the CPU, with a tiny model of random weights."""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from factory.config import SamplingConfig, VllmEngine
from factory.errors import ConfigError, EngineError
from factory.records import Message, Request, Rollout, Unanswered
from factory.sampling.engines import Engine, PromptTooLong, RequestRefused, open_engine
from factory.sampling.engines.vllm_process import usable_cpus

pytestmark = [
    pytest.mark.engine,
    pytest.mark.filterwarnings("ignore:Unclosed context:ResourceWarning"),  # vLLM leaves zmq's to the collector
    pytest.mark.skipif(importlib.util.find_spec("vllm") is None, reason="vLLM is not installed: pip install '.[cpu]'"),
]
PROGRAM = Path(__file__).with_name("run_engine.py")
ROOT = Path(__file__).parents[3]


def settings(model: Path, **more: Any) -> VllmEngine:
    fixed = {"dtype": "float32", "enforce_eager": True, "max_num_seqs": 16, "in_flight": 24, "cpu_kv_cache_gb": 1}
    return VllmEngine.model_validate({"model": str(model)} | fixed | more)


Running = tuple[asyncio.Runner, Engine]


@pytest.fixture(scope="module")
def running(tiny_model: Path) -> Iterator[Running]:
    engine = open_engine(settings(tiny_model))
    with asyncio.Runner() as runner:
        runner.run(engine.__aenter__())
        yield runner, engine
        runner.run(engine.__aexit__(None, None, None))
    del engine
    gc.collect()


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Finalizers of a test's engine run in the test, where their warnings are expected."""
    yield
    gc.collect()


def chat(content: str = "hi", indices: range = range(1), problem_id: str = "p") -> Request:
    return Request(problem_id, "python", indices, "chat", (Message(role="user", content=content),), template="hash")


async def collect(engine: Engine, request: Request, sampling: SamplingConfig) -> list[Rollout]:
    return [rollout async for rollout in engine.sample(request, sampling) if isinstance(rollout, Rollout)]


def test_a_chat_is_rendered_once_and_every_index_answered(running: Running, tiny_model: Path) -> None:
    runner, engine = running
    before = (engine.meter.rollouts, engine.meter.completion_tokens)
    sampling = SamplingConfig(max_tokens=40, temperature=1.0, top_p=1)
    got = runner.run(collect(engine, chat(indices=range(5, 45)), sampling))
    assert sorted(one.index for one in got) == list(range(5, 45))
    assert {one.prompt_tokens for one in got} == {len("<user\nhi>\n<assistant\n")}, "a byte or a tag is a token"
    for one in got:
        assert one.finish_reason in ("length", "stop")
        assert 1 <= (one.completion_tokens or 0) <= 40
        assert one.finish_reason == "stop" or one.completion_tokens == 40
        assert (one.problem_id, one.mode, one.language, one.template) == ("p", "chat", "python", "hash")
        assert (one.model, one.seed) == (str(tiny_model), None)
        assert one.sampling == {"max_tokens": 40, "temperature": 1.0, "top_p": 1.0}
    assert len({one.text for one in got}) > 1
    assert engine.meter.rollouts == before[0] + 40
    assert engine.meter.completion_tokens == before[1] + sum(one.completion_tokens or 0 for one in got)
    assert engine.meter.load_s > 1
    assert engine.meter.gpus == 0


def test_a_completion_continues_the_plain_prompt(running: Running) -> None:
    runner, engine = running
    sampling = SamplingConfig(mode="completion", max_tokens=8, temperature=0, top_k=3, min_p=0.1)
    request = Request("p", "go", range(3), "completion", prompt="def f():\n", parent="sha")
    got = runner.run(collect(engine, request, sampling))
    told = {(one.prompt_tokens, one.mode, one.language, one.parent) for one in got}
    assert told == {(9, "completion", "go", "sha")}
    assert len({one.text for one in got}) == 1, "temperature 0 leaves no choice"


def test_log_probabilities_of_every_token(running: Running) -> None:
    runner, engine = running
    sampling = SamplingConfig(mode="completion", max_tokens=5, temperature=0, logprobs=2)
    request = Request("p", "python", range(1), "completion", prompt="x")
    (got,) = runner.run(collect(engine, request, sampling))
    assert got.logprobs is not None
    assert got.top_logprobs is not None
    assert len(got.logprobs) == len(got.top_logprobs) == got.completion_tokens
    assert all(-100 < it <= 0 for it in got.logprobs)
    assert all(own == max(top.values()) for own, top in zip(got.logprobs, got.top_logprobs, strict=True))


def test_a_stop_string_ends_an_answer(running: Running) -> None:
    runner, engine = running
    free = SamplingConfig(mode="completion", max_tokens=30, temperature=0)
    request = Request("p", "python", range(1), "completion", prompt="x")
    (whole,) = runner.run(collect(engine, request, free))
    middle = whole.text[len(whole.text) // 2 :][:3]
    (cut,) = runner.run(collect(engine, request, free.model_copy(update={"stop": (middle,)})))
    assert cut.text == whole.text[: whole.text.index(middle)]
    assert cut.finish_reason == "stop"


def test_arguments_reach_the_chat_template(running: Running) -> None:
    runner, engine = running
    plain, longer = (
        runner.run(collect(engine, chat(), SamplingConfig(max_tokens=1, chat_template_kwargs=arguments)))[0]
        for arguments in ({}, {"tail": "<think>"})
    )
    assert (longer.prompt_tokens or 0) == (plain.prompt_tokens or 0) + len("<think>")


def test_an_answer_that_is_begun_goes_on_and_counts_as_the_prompt(running: Running) -> None:
    runner, engine = running
    sampling = SamplingConfig(max_tokens=6, temperature=0)
    begun = dataclasses.replace(chat(), prefill="```go\npackage main\n\n")
    ((whole,), (plain,)) = (runner.run(collect(engine, it, sampling)) for it in (begun, chat()))
    assert whole.text.startswith(begun.prefill)
    assert (whole.prefill, plain.prefill) == (begun.prefill, None)
    assert (whole.prompt_tokens or 0) == (plain.prompt_tokens or 0) + len(begun.prefill), "a byte is a token"
    by_hand = "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n" + begun.prefill
    request = Request("p", "python", range(1), "completion", prompt=by_hand)
    (continued,) = runner.run(collect(engine, request, sampling))
    assert whole.text == begun.prefill + continued.text, "the model sees its turn, begun, and no more"


def test_a_chat_template_that_changes_what_is_begun_is_refused(running: Running) -> None:
    runner, engine = running
    template = "{% for message in messages %}{{ message.content | upper }}{% endfor %}"
    sampling = SamplingConfig(chat_template_kwargs={"chat_template": template})
    with pytest.raises(EngineError, match=r"its chat template"):
        runner.run(collect(engine, dataclasses.replace(chat(), prefill="package main\n"), sampling))


def test_answers_stream_out_while_others_are_sampled(running: Running) -> None:
    runner, engine = running
    runner.run(collect(engine, chat(), SamplingConfig(max_tokens=1)))  # the first request waits for compilers
    begun = engine.meter.elapsed_s

    async def run() -> list[float]:
        stream = engine.sample(chat(indices=range(96)), SamplingConfig(max_tokens=100))
        return [engine.meter.elapsed_s async for _ in stream]

    times = runner.run(run())
    assert len(times) == 96
    assert times[-1] - times[0] > 1.5 * times[0] - 1.5 * begun, "they came all at once"


def test_two_requests_at_once_are_kept_apart_and_served_in_turn(running: Running) -> None:
    runner, engine = running
    order: list[str] = []

    async def one(problem_id: str) -> list[Rollout]:
        got = []
        async for rollout in engine.sample(chat(problem_id, range(48), problem_id), SamplingConfig(max_tokens=30)):
            order.append(problem_id)
            assert isinstance(rollout, Rollout)
            got.append(rollout)
        return got

    async def both() -> tuple[list[Rollout], list[Rollout]]:
        return await asyncio.gather(one("first"), one("other"))

    for problem_id, got in zip(("first", "other"), runner.run(both()), strict=True):
        assert sorted(one.index for one in got) == list(range(48))
        assert {one.problem_id for one in got} == {problem_id}
    assert "other" not in order[:16], "first asked, first served"


def test_one_prompt_too_long_is_refused_and_the_rest_served(running: Running) -> None:
    runner, engine = running
    message = r"^'long': the prompt has 1\d\d\d tokens, at most 511 leave room"
    with pytest.raises(PromptTooLong, match=message) as caught:
        runner.run(collect(engine, chat("x" * 1000, problem_id="long"), SamplingConfig()))
    assert isinstance(caught.value, RequestRefused)
    assert (caught.value.problem_id, caught.value.limit) == ("long", 511)
    almost = Request("p", "python", range(1), "completion", prompt="x" * 500)
    (cut,) = runner.run(collect(engine, almost, SamplingConfig(mode="completion", max_tokens=1024)))
    assert (cut.completion_tokens or 0) <= 12


def test_an_empty_prompt_is_refused(running: Running) -> None:
    runner, engine = running

    async def run() -> list[Rollout | Unanswered]:
        return [it async for it in engine.sample(Request("p", "python", range(2), "completion"), SamplingConfig())]

    lost = [it for it in runner.run(run()) if isinstance(it, Unanswered)]
    assert [it.index for it in sorted(lost, key=lambda it: it.index)] == [0, 1]
    assert all(it.refused and "vLLM refuses the request" in it.reason and "empty" in it.reason for it in lost)


def test_leaving_early_aborts_the_rest(running: Running) -> None:
    runner, engine = running

    async def leave() -> Any:
        stream = engine.sample(chat(indices=range(64)), SamplingConfig(max_tokens=400))
        await anext(stream)
        await stream.aclose()
        return (await engine._running()).llm.get_num_unfinished_requests()  # type: ignore[attr-defined]

    assert runner.run(leave()) == 0


def test_a_killed_engine_comes_back_and_answers_what_it_owed(
    tiny_model: Path, short_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(short_path))  # where a dead engine's log stays

    async def collect_late(engine: Engine) -> list[int]:
        while engine.meter.restarts == 0:
            await asyncio.sleep(0.05)
        return sorted(
            [one.index for one in await collect(engine, chat("late", range(3)), SamplingConfig(max_tokens=5))]
        )

    async def run() -> None:
        async with open_engine(settings(tiny_model, restarts=1)) as engine:
            indices = []
            async for rollout in engine.sample(chat(indices=range(64)), SamplingConfig(max_tokens=60)):
                indices.append(rollout.index)
                if len(indices) == 5:
                    _kill_engines()
                    late = asyncio.create_task(collect_late(engine))
            assert sorted(indices) == list(range(64))
            assert await late == list(range(3)), "asked while the engine was being started again"
            assert engine.meter.restarts == 1
            assert "is started again" in caplog.text
            _kill_engines()
            with pytest.raises(EngineError, match="the engine died 2 times"):
                await collect(engine, chat(), SamplingConfig())
            with pytest.raises(EngineError, match="the engine died 2 times"):
                await collect(engine, chat(), SamplingConfig())

    asyncio.run(run())
    assert not _engines()


def _engines() -> list[int]:
    """Process ids of vLLM's engines and workers that live below this process."""
    import psutil

    below = psutil.Process().children(recursive=True)
    return [one.pid for one in below if one.status() != "zombie" and "VLLM" in " ".join(one.cmdline())]


def _kill_engines() -> None:
    for pid in _engines():
        os.kill(pid, 9)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"extra": {"nonsense": 1}}, r"engine\.extra\.nonsense: vLLM has no such engine argument"),
        ({"quantization": "nonsense"}, r"engine: vLLM refuses these settings: .*nonsense"),
        ({"max_model_len": 100_000}, r"engine: vLLM refuses these settings: .*100000"),
    ],
)
def test_settings_at_fault_are_config_errors(tiny_model: Path, more: dict[str, Any], told: str) -> None:
    async def run() -> None:
        async with open_engine(settings(tiny_model, **more)):
            pass

    with pytest.raises(ConfigError, match=told):
        asyncio.run(run())


def _program(model: Path, how: str, directory: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(directory)}
    command = [sys.executable, str(PROGRAM), str(model), how]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=200, start_new_session=True, check=False
    )


def test_closing_leaves_no_process_and_says_nothing(tiny_model: Path, short_path: Path) -> None:
    done = _program(tiny_model, "close", short_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "64 [] False\n", "")
    assert not list(short_path.glob("rollout-factory-*"))


def test_ctrl_c_ends_the_engine_without_a_traceback(tiny_model: Path, short_path: Path) -> None:
    done = _program(tiny_model, "interrupt", short_path)
    assert (done.stdout, done.stderr) == ("interrupted []\n", "")


def test_a_killed_process_takes_its_engine_along(tiny_model: Path, short_path: Path) -> None:
    import psutil

    before = {one.pid for one in psutil.process_iter()}
    assert _program(tiny_model, "die", short_path).returncode == -9
    for _ in range(100):
        left = [one for one in psutil.process_iter() if one.pid not in before and "VLLM" in one.name()]
        if not [one for one in left if one.status() != "zombie"]:
            break
        time.sleep(0.1)
    else:
        pytest.fail(f"still there: {left}")


def test_cpus_are_told_as_vllm_wants_them() -> None:
    assert usable_cpus({0, 1, 2, 5, 8, 9}) == "0-2,5,8-9"
    assert usable_cpus({3}) == "3"

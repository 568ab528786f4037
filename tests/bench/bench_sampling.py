"""Completion tokens a second: the factory's streaming engine against a bare `vllm.LLM.generate(n=N)`.

    python tests/bench/bench_sampling.py [--model qwen2.5-coder-0.5b] [--prompts 6] [--n 32] [--max-tokens 128]

Same model, engine arguments, environment, prompts and sampling; every measurement is a process of its own,
loading and one short warm-up excluded; the sides take turns and their order changes every round, so that a
machine that is busy for a while is busy for both. Streaming (n = 1 requests) should cost no more than a tenth:
the ratio's target is 0.9.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PROBLEMS = ROOT / "configs" / "problems" / "starter.jsonl"
TARGET = 0.9
sys.path.insert(0, str(ROOT))

from factory.config import SamplingConfig, VllmEngine  # noqa: E402
from factory.records import Problem, Request, Unanswered  # noqa: E402
from factory.sampling.engines import open_engine  # noqa: E402
from factory.sampling.engines.vllm_process import Log, environment  # noqa: E402
from factory.sampling.prompts import python_request  # noqa: E402
from factory.sampling.weights import resolve  # noqa: E402


def settings(options: argparse.Namespace) -> VllmEngine:
    return VllmEngine(
        model=options.model,
        enforce_eager=True,
        max_model_len=2048,
        max_num_seqs=options.max_num_seqs,
        in_flight=max(1024, options.prompts * options.n),
    )


def requests(options: argparse.Namespace) -> tuple[list[Request], SamplingConfig]:
    sampling = SamplingConfig(n=options.n, max_tokens=options.max_tokens)
    with PROBLEMS.open(encoding="utf-8") as lines:
        problems = [Problem.model_validate_json(line) for _, line in zip(range(options.prompts), lines, strict=False)]
    return [python_request(problem, range(options.n), sampling) for problem in problems], sampling


async def stream(options: argparse.Namespace) -> dict[str, Any]:
    """One measurement of the factory's engine: every request at once, rollouts taken as they come."""
    asked, sampling = requests(options)
    async with open_engine(settings(options)) as engine:

        async def take(request: Request, sampling: SamplingConfig) -> tuple[list[float], int]:
            times, tokens = [], 0
            async for rollout in engine.sample(request, sampling):
                if isinstance(rollout, Unanswered):
                    raise SystemExit(f"{rollout.problem_id}, {rollout.index}: {rollout.reason}")
                times.append(time.monotonic())
                tokens += rollout.completion_tokens or 0
            return times, tokens

        await take(asked[0], sampling.model_copy(update={"max_tokens": 8}))
        begun = time.monotonic()
        taken = await asyncio.gather(*(take(request, sampling) for request in asked))
        ended = time.monotonic()
        first = min(times[0] for times, _ in taken) - begun
        return measured(sum(tokens for _, tokens in taken), ended - begun, first, engine.meter.load_s)


def bare(options: argparse.Namespace) -> dict[str, Any]:
    """One measurement of `vllm.LLM.generate` with n = N."""
    asked, sampling = requests(options)
    config, log, begun = settings(options), Log(), time.monotonic()
    with environment(config, log):
        from vllm import LLM, SamplingParams

        llm = LLM(
            resolve.resolve(config.model).location,
            enforce_eager=True,
            max_model_len=config.max_model_len,
            max_num_seqs=config.max_num_seqs,
            enable_prefix_caching=True,
            seed=config.seed,
            use_tqdm_on_load=False,
        )
    load_s = time.monotonic() - begun
    tokenizer = llm.get_tokenizer()
    prompts = []
    for request in asked:
        said = [message.model_dump() for message in request.messages]
        text = tokenizer.apply_chat_template(said, add_generation_prompt=True, tokenize=False)
        prompts.append({"prompt_token_ids": tokenizer.encode(text, add_special_tokens=False)})
    params = {"n": options.n, "temperature": sampling.temperature, "top_p": sampling.top_p}
    llm.generate(prompts[:1], SamplingParams(**params, max_tokens=8), use_tqdm=False)
    begun = time.monotonic()
    answers = llm.generate(prompts, SamplingParams(**params, max_tokens=sampling.max_tokens), use_tqdm=False)
    ended = time.monotonic()
    log.remove()
    tokens = sum(len(output.token_ids) for answer in answers for output in answer.outputs)
    return measured(tokens, ended - begun, ended - begun, load_s)


def measured(tokens: int, seconds: float, first_s: float, load_s: float) -> dict[str, Any]:
    rate = tokens / seconds
    return {"tokens": tokens, "s": seconds, "tokens_per_s": rate, "first_answer_s": first_s, "load_s": load_s}


def compare(options: argparse.Namespace) -> None:
    rates: dict[str, list[float]] = {"stream": [], "bare": []}
    for number in range(options.rounds):
        for side in ("stream", "bare") if number % 2 == 0 else ("bare", "stream"):
            command = [sys.executable, __file__, *sys.argv[1:], "--side", side]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            result = json.loads(done.stdout.splitlines()[-1])
            rates[side].append(result["tokens_per_s"])
            shown = ", ".join(f"{key} {value:.1f}" for key, value in result.items())
            print(f"round {number + 1} {side:>6}: {shown}", flush=True)
    means = {side: statistics.mean(values) for side, values in rates.items()}
    ratio = means["stream"] / means["bare"]
    print(f"mean: stream {means['stream']:.1f} tok/s, bare {means['bare']:.1f} tok/s")
    print(f"ratio stream / bare: {ratio:.3f} (target >= {TARGET}: {'met' if ratio >= TARGET else 'MISSED'})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="qwen2.5-coder-0.5b")
    parser.add_argument("--prompts", type=int, default=6)
    parser.add_argument("--n", type=int, default=32, help="rollouts a prompt")
    parser.add_argument("--max-tokens", type=int, default=128)
    parser.add_argument("--max-num-seqs", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--side", choices=["stream", "bare"], help="measure only this, in this process")
    options = parser.parse_args()
    if options.side is None:
        compare(options)
    else:
        result = asyncio.run(stream(options)) if options.side == "stream" else bare(options)
        print(json.dumps(result))


if __name__ == "__main__":
    main()

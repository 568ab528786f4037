"""A program of the engine tests: `python run_engine.py MODEL close|interrupt|die`. Its stdout tells what is left."""

import asyncio
import multiprocessing
import os
import signal
import sys

from factory.config import SamplingConfig, VllmEngine
from factory.records import Message, Request
from factory.sampling.engines import open_engine


async def main(model: str, how: str) -> None:
    config = VllmEngine(model=model, dtype="float32", enforce_eager=True, max_num_seqs=8, cpu_kv_cache_gb=1)
    async with open_engine(config) as engine:
        request = Request(
            "p", "python", range(64 if how == "close" else 4096), "chat", (Message(role="user", content="hi"),)
        )
        count = 0
        async for _ in engine.sample(request, SamplingConfig(max_tokens=64)):
            count += 1
            if count == 9 and how == "interrupt":
                os.killpg(0, signal.SIGINT)  # as a terminal does: to every process of the group
            if count == 9 and how == "die":
                os.kill(os.getpid(), signal.SIGKILL)
    print(count, [child.name for child in multiprocessing.active_children()], "LD_PRELOAD" in os.environ)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has its background jobs ignore it
    try:
        asyncio.run(main(*sys.argv[1:]))
    except KeyboardInterrupt:
        print("interrupted", [child.name for child in multiprocessing.active_children()])

"""What the factory makes of a GPU: bare `vllm.LLM.generate`, a whole `factory run`, and bare again, back to back.

    python tests/bench/bench_gpu.py MODEL --problems HumanEval.jsonl.gz [--n 24] [--set engine.max_num_seqs=1024]
    python tests/bench/bench_gpu.py --tiny                        # two layers of random weights, for a machine without

Same model, engine arguments, prompts, n and sampling, each in processes of its own. Completion tokens a second are
counted from the first request to the last answer, without loading; the factory's from its ledger. `busy` is the mean
share of that time in which a kernel ran, as NVML samples it, over the GPUs that are visible; "-" where there are none.
The ratio is the factory's tokens a second beside the mean of the two bare ones. All have to be done `--limit` seconds
after the start: one that is not is ended, and what was measured before it is printed.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from factory.config import Config, VllmEngine  # noqa: E402
from factory.config.load import load  # noqa: E402
from factory.problems import Loaded, read  # noqa: E402
from factory.run.ledger import Ledger  # noqa: E402
from factory.sampling.engines.base import settings  # noqa: E402
from factory.sampling.engines.vllm_process import Log, environment  # noqa: E402
from factory.sampling.prompts import python_request  # noqa: E402
from factory.sampling.weights import resolve  # noqa: E402

TINY = ROOT / "tests" / "factory" / "sampling" / "tiny_model.py"
SAMPLES_A_SECOND = 5
NOTHING_KEPT = "the shards have no rows"
"""How a run of random weights ends: it has sampled, and that is all that counts here."""


@dataclass
class Busy:
    """Utilisation of the visible GPUs, sampled by a thread: (time since the epoch, mean percent)."""

    seen: list[tuple[float, float]] = field(default_factory=list)

    def watch(self) -> None:
        from vllm.third_party import pynvml

        try:
            pynvml.nvmlInit()
        except pynvml.NVMLError as error:
            print(f"no GPU to watch: {error}")
            return
        visible = os.environ.get("CUDA_VISIBLE_DEVICES")
        numbers = [int(it) for it in visible.split(",")] if visible else range(pynvml.nvmlDeviceGetCount())
        handles = [pynvml.nvmlDeviceGetHandleByIndex(it) for it in numbers]
        threading.Thread(target=self._sample, args=(pynvml, handles), daemon=True).start()

    def _sample(self, pynvml: Any, handles: list[Any]) -> None:
        while True:
            shares = [pynvml.nvmlDeviceGetUtilizationRates(it).gpu for it in handles]
            self.seen.append((time.time(), sum(shares) / len(shares)))
            time.sleep(1 / SAMPLES_A_SECOND)

    def between(self, begun: float, ended: float) -> float | None:
        within = [share for at, share in self.seen if begun <= at <= ended]
        return sum(within) / len(within) if within else None


@dataclass(frozen=True)
class Measured:
    tokens: int
    begun: float
    ended: float

    @property
    def tokens_a_second(self) -> float:
        return self.tokens / (self.ended - self.begun)


def bare(config: Config) -> None:
    """One measurement of `vllm.LLM.generate`, printed as JSON. A child's part."""
    engine, log = config.engine, Log()
    assert isinstance(engine, VllmEngine)
    weights = resolve.resolve(engine.model, engine.revision)
    problems = [it.problem for it in read(config.problems) if isinstance(it, Loaded)][: config.problems.limit]
    with environment(engine, log):
        from vllm import LLM, SamplingParams

        names = [*("dtype", "quantization", "max_model_len", "max_num_seqs", "gpu_memory_utilization", "seed")]
        names += ["tensor_parallel_size", "enforce_eager", "speculative_config"]
        given: dict[str, Any] = {name: getattr(engine, name) for name in names}
        llm = LLM(model=weights.location, revision=weights.revision, enable_prefix_caching=True, **given | engine.extra)
        params = SamplingParams(n=config.sampling.n, **settings(config.sampling))
        chats = [
            [it.model_dump() for it in python_request(problem, range(1), config.sampling).messages]
            for problem in problems
        ]
        llm.chat(chats[:1], params.clone(), use_tqdm=False)  # compilers
        begun = time.time()
        outputs = llm.chat(chats, params, use_tqdm=False)
        ended = time.time()
    tokens = sum(len(one.token_ids) for it in outputs for one in it.outputs)
    print("\n" + json.dumps({"tokens": tokens, "begun": begun, "ended": ended}))


def ran(run_dir: Path) -> Measured:
    """What a run's ledgers say of its engine: each line has the seconds since the first request."""
    files = [run_dir / "ledger.jsonl", *sorted(run_dir.glob("slices/*/ledger.jsonl"))]
    lines = [line for file in files if file.exists() for line in Ledger(file) if line["event"] == "sampled"]
    if not lines:
        raise SystemExit("the run has sampled nothing")
    begun = max(line["at"] - line["engine_s"] for line in lines)
    return Measured(sum(line["completion_tokens"] for line in lines), begun, max(line["at"] for line in lines))


def child(command: list[str], until: float) -> str:
    """What a part says, which has until then; it ends with its processes, and this program with it."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT)
    try:
        said, _ = process.communicate(timeout=max(until - time.time(), 0))
    except BaseException as error:
        process.send_signal(signal.SIGINT)  # vLLM's processes end with the one that started them
        said, _ = process.communicate()
        if isinstance(error, subprocess.TimeoutExpired):
            raise SystemExit(f"ended at --limit:\n{said[-2000:]}") from None
        raise
    if process.returncode and NOTHING_KEPT not in said:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{said[-2000:]}")
    return said


def compare(config: Path, out: Path, busy: Busy, until: float) -> None:
    own = [sys.executable, __file__, "--child", str(config)]
    found: dict[str, Measured] = {}
    for name in ("bare", "factory", "bare again"):
        if name == "factory":
            command = [sys.executable, "-m", "factory", "run", str(config), "--run-dir", str(out)]
            child(command, until)
            found[name] = ran(out)
        else:
            said = next(line for line in child(own, until).splitlines() if line.startswith('{"tokens"'))
            found[name] = Measured(**json.loads(said))
        it = found[name]
        share = busy.between(it.begun, it.ended)
        print(
            f"{name:12} {it.tokens:9,} tokens in {it.ended - it.begun:7.1f} s: {it.tokens_a_second:9,.0f} a second, "
            f"GPU busy {'-' if share is None else f'{share:.0f} %'}",
            flush=True,
        )
    both = (found["bare"].tokens_a_second + found["bare again"].tokens_a_second) / 2
    print(f"factory / bare: {found['factory'].tokens_a_second / both:.3f}")


def written(options: argparse.Namespace, folder: Path) -> Path:
    """The config of all three, as a file in `folder`."""
    engine: dict[str, Any] = {"kind": "vllm", "model": options.model, "max_model_len": 4096}
    sampling: dict[str, Any] = {"n": options.n, "temperature": 0.8, "top_p": 0.95, "max_tokens": options.max_tokens}
    problems: dict[str, Any] = {"path": str(options.problems), "limit": options.limit_problems}
    if options.tiny:
        model, template = folder / "tiny", folder / "short.j2"
        subprocess.run([sys.executable, str(TINY), str(model)], check=True, capture_output=True)
        template.write_text("{{ entry_point }}")  # its tokens are bytes, and it takes 512 of them
        engine |= {"model": str(model), "dtype": "float32", "enforce_eager": True, "max_model_len": 512}
        engine |= {"max_num_seqs": 16, "cpu_kv_cache_gb": 1}
        sampling |= {"template": str(template), "n": 16, "max_tokens": 64}
        problems["limit"] = 8
    data = {
        "name": "gpu-bench",
        "problems": problems,
        "engine": engine,
        "sampling": sampling,
        "translate": {"targets": []},
    }
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(data))
    config = load(path, tuple(options.set))
    path.write_text(yaml.safe_dump(config.model_dump(mode="json", exclude_unset=True)))
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", help="as in engine.model")
    parser.add_argument("--problems", type=Path, default=ROOT / "configs" / "problems" / "starter.jsonl")
    parser.add_argument("--limit-problems", type=int, default=None)
    parser.add_argument("--n", type=int, default=24)
    parser.add_argument("--max-tokens", type=int, default=512)
    parser.add_argument("--set", action="append", default=[], metavar="A.B=C", help="a key of the config")
    parser.add_argument("--limit", type=float, default=360.0, help="seconds for all three")
    parser.add_argument("--tiny", action="store_true", help="a model of random weights, made on the spot")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        bare(load(options.child))
        return
    if not options.model and not options.tiny:
        parser.error("name a model, or --tiny")
    busy, until = Busy(), time.time() + options.limit
    busy.watch()
    with tempfile.TemporaryDirectory(prefix="bench-gpu-") as folder:
        compare(written(options, Path(folder)), Path(folder) / "run", busy, until)


if __name__ == "__main__":
    main()

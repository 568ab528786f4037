"""The processes vLLM starts, from the outside: their environment, signals, log, and end.

vLLM's engine is a process of its own with workers below it. Promises: what they need stands in the
environment only while they start; their log goes to a file; Ctrl-C is left to this process; and they end
when this process ends, however it ends. (vLLM's own do not: killed with -9, it leaves them holding the GPU.)
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from pathlib import Path

from factory.config import VllmEngine


class Log:
    """Where vLLM writes its log, this process's part and its children's."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="rollout-factory-vllm-"))
        self.path = self.directory / "vllm.log"
        self.config = self.directory / "logging.json"
        handler = {"class": "logging.FileHandler", "filename": str(self.path), "formatter": "line", "delay": True}
        config = {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": {"format": "%(levelname)s %(asctime)s %(process)d %(name)s: %(message)s"}},
            "handlers": {"file": handler},
            "loggers": {"vllm": {"handlers": ["file"], "level": "INFO", "propagate": False}},
        }
        self.config.write_text(json.dumps(config), encoding="utf-8")

    def root_cause(self) -> str:
        """The last line of the first error in the log, and where the log is."""
        lines = self.path.read_text(encoding="utf-8", errors="replace").splitlines() if self.path.exists() else []
        record: list[str] = []
        for line in lines:
            if line.startswith(("DEBUG ", "INFO ", "WARNING ", "ERROR ", "CRITICAL ")):
                if record:
                    break
                record = [line] if line.startswith(("ERROR ", "CRITICAL ")) else []
            elif record and line.strip():
                record.append(line.strip())
        return f"{record[-1] if record else 'its log names no error'} (log: {self.path})"

    def remove(self) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)


class Guard:
    """Kills `pids` when this process ends without having dismissed it: a shell that waits for a pipe to close."""

    def __init__(self, pids: Iterable[int]) -> None:
        command = ["/bin/sh", "-c", 'read -r _ || kill -9 "$@"', "rollout-factory-guard", *map(str, pids)]
        self._shell = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )

    def dismiss(self) -> None:
        self._shell.communicate(b"\n")


@contextmanager
def environment(config: VllmEngine, log: Log) -> Iterator[None]:
    """What vLLM reads, and its children inherit, while it starts. Variables the user set are left alone.

    vLLM itself adds more, such as LD_PRELOAD, which no other child of ours should get: all is put back.
    """
    before = dict(os.environ)
    wanted = {
        "VLLM_NO_USAGE_STATS": "1",
        "VLLM_LOGGING_CONFIG_PATH": str(log.config),
        "VLLM_WORKER_MULTIPROC_METHOD": "spawn",
        "VLLM_CPU_KVCACHE_SPACE": str(config.cpu_kv_cache_gb),
        "TOKENIZERS_PARALLELISM": "false",
        "PYTHONWARNINGS": "ignore",
        "TORCH_LOGS": "-all",
        "TORCH_CPP_LOG_LEVEL": "ERROR",
    }
    if config.tensor_parallel_size == config.data_parallel_size == 1:
        wanted["VLLM_CPU_OMP_THREADS_BIND"] = usable_cpus(os.sched_getaffinity(0))
    for name, value in wanted.items():
        os.environ.setdefault(name, value)
    try:
        yield
    finally:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)


@contextmanager
def deaf_children() -> Iterator[None]:
    """Ctrl-C reaches every process of the terminal; those started in here don't hear it.

    It is for this process to say when the engine ends. A child inherits what signals its starter blocks.
    """
    resource_tracker.ensure_running()  # if multiprocessing started it later, it would unblock the signal again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def usable_cpus(usable: set[int]) -> str:
    """CPU numbers as vLLM wants them: {0, 1, 2, 5} is "0-2,5"."""
    ranges: list[list[int]] = []
    for cpu in sorted(usable):
        if ranges and ranges[-1][1] == cpu - 1:
            ranges[-1][1] = cpu
        else:
            ranges.append([cpu, cpu])
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in ranges)

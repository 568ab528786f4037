"""A wall made of a Docker container, kept warm: one a worker, none a candidate. The sole import of Docker's SDK.

Promises: no network; a read-only image with an interpreter and the worker in it, and the mounts asked for,
read-only; two places to write, tmpfs of fixed size; no capabilities, no new privileges, a uid of its own;
memory (swap none) and processes of all inside together bounded by a control group; Docker's filter of
system calls under our own. With the runtime `runsc` candidates meet gVisor's kernel instead of this machine's.

Does not promise protection from a kernel that can be broken by the system calls left (with the default
runtime), nor from who else may speak to the Docker daemon: that is as good as being root.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import struct
import tempfile
import time
from collections.abc import Iterator
from typing import Any

import docker
from docker.errors import APIError, DockerException, ImageNotFound
from docker.types import LogConfig, Mount

from sandbox.boundary import away, image, inside
from sandbox.errors import WallUnavailable
from sandbox.model import Isolation, SandboxSpec
from sandbox.worker.syscalls import DENIED

LABEL = "rollout-factory"
"""On every container: the id of the process that started it. On every image: the worker in it."""
API_S = 60
"""Seconds the daemon may take to answer."""
SEND_S = 60.0
"""How long a worker may take nothing of what it is sent."""
PIECE = 1 << 20
HEADER = struct.Struct(">BxxxL")
"""Docker's framing of a container's output: which stream, how many bytes."""
STDOUT = 1
MOST_WORDS = 300
"""Characters of what a daemon says of a failure."""
LOGIN = re.compile(r"//[^/\s]*@")
"""The name and password in an address, which are shown nowhere."""


class Docker:
    name = "docker"

    def describe(self) -> str:
        with daemon() as client, refusals("it does not say what it is"):
            version = client.version()["Version"]
            return f"Docker {version} at {client.api.base_url}, runtimes {', '.join(sorted(client.info()['Runtimes']))}"

    def start(self, spec: SandboxSpec) -> Attached:
        with contextlib.ExitStack() as stack:
            client = stack.enter_context(daemon())
            found = image_for(client, spec.image)
            with refusals("the container cannot be started"):
                container = client.containers.create(found, **settings(spec))
                line = Attached(client, container)
                stack.pop_all()
                try:
                    container.start()
                except BaseException:
                    line.close()
                    raise
            return line


def settings(spec: SandboxSpec) -> dict[str, Any]:
    """How a container is walled in, in the SDK's words."""
    uid = inside.unused_uid()
    scratch = f"rw,nosuid,nodev,exec,mode=777,size={spec.scratch_mb}m"
    nothing = "ro,nosuid,nodev,noexec,size=4k"
    return {
        "command": inside.worker_command(uid, spec.isolation),
        "user": f"{uid}:{uid}",
        "network_mode": "none",
        "dns": ["127.0.0.1"],
        "dns_search": ["."],
        "hostname": "sandbox",
        "ipc_mode": "none",
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges", *filter_options(spec.isolation)],
        "mem_limit": f"{spec.memory_mb}m",
        "memswap_limit": f"{spec.memory_mb}m",
        "pids_limit": spec.processes,
        "tmpfs": {
            **dict.fromkeys(("/tmp", "/dev/shm"), scratch),
            **dict.fromkeys(("/sys", "/sys/fs/cgroup", "/dev/mqueue", "/dev/pts"), nothing),
        },
        "mounts": [
            Mount("/dev/zero", "/dev/null", type="bind"),  # mapped shared, it is memory that no limit of ours counts
            *(Mount(mount.target, mount.source, type="bind", read_only=True) for mount in spec.mounts),
        ],
        "environment": {"PYTHONHASHSEED": str(spec.hash_seed), "LD_LIBRARY_PATH": f"{inside.PYTHON}/lib"},
        "working_dir": "/tmp",
        "runtime": spec.runtime,
        "stdin_open": True,  # and closed with the socket: the container ends with who attached to it
        "auto_remove": True,
        "log_config": LogConfig(type="none"),
        "labels": {LABEL: str(os.getpid())},
    }


def filter_options(isolation: Isolation) -> list[str]:
    """Docker's own filter of system calls, or where the worker is to make namespaces, one that lets it.

    Docker's refuses them to all without CAP_SYS_ADMIN. The other takes away what a candidate's own filter does, but
    for what the worker works with: a candidate's own filter refuses it that.
    """
    if isolation is Isolation.FORK:
        return []
    names = sorted(DENIED.keys() - {"unshare", "mount", "memfd_create"})
    profile = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": names, "action": "SCMP_ACT_ERRNO"}]}
    return [f"seccomp={json.dumps(profile)}"]


@contextlib.contextmanager
def daemon() -> Iterator[docker.DockerClient]:
    """A client of a daemon that answers. Raises WallUnavailable."""
    try:
        knock()
        client = docker.from_env(timeout=API_S)
        client.ping()
    except (DockerException, OSError, ValueError) as error:
        raise refusal("it is in trouble", error) from None
    with contextlib.closing(client):
        yield client


def knock() -> None:
    """See that the daemon's socket takes a connection: the SDK leaves its own open where none does. Raises OSError."""
    host = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    if host.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as door:
            door.settimeout(API_S)
            door.connect(host.removeprefix("unix://"))


@contextlib.contextmanager
def refusals(what: str) -> Iterator[None]:
    """Tell what the daemon refuses, or that it is away, as WallUnavailable."""
    try:
        yield
    except (DockerException, OSError) as error:
        raise refusal(what, error) from None


def refusal(what: str, error: Exception) -> WallUnavailable:
    """What to raise where the daemon fails in `what`: it names the daemon, and the remedy."""
    where = LOGIN.sub("//", os.environ.get("DOCKER_HOST") or "its socket")
    answer = next((it for it in away.chain(error) if isinstance(it, APIError)), None)
    if answer is not None:
        status = f"status {answer.status_code}: " if answer.status_code else ""
        words = LOGIN.sub("//", " ".join(str(answer.explanation or "no message").split()))[:MOST_WORDS]
        return WallUnavailable(
            f"the Docker daemon at {where}: {what}: {status}{words}; remedy: see that `docker info` and `docker run` "
            "work (systemctl restart docker), and run again"
        )
    return WallUnavailable(
        f"no Docker daemon answers at {where}: {LOGIN.sub('//', away.reason(error, API_S))}; remedy: install and start "
        "it (Debian: apt-get install docker.io; systemctl start docker), and be root or in the group docker; see "
        "DOCKER_HOST"
    )


# ---- images ----


def image_for(client: docker.DockerClient, name: str | None) -> str:
    """The id of the image `name`, or of this machine's own, which is built if missing. Raises WallUnavailable."""
    with refusals("the image cannot be read"):
        try:
            found = client.images.get(name or image.own_tag())
        except ImageNotFound:
            if name is not None:
                remedy = f"docker pull {name}, or python docker/build_sandbox.py --base BASE --tag {name}"
                raise WallUnavailable(f"there is no image {name} here; remedy: {remedy}") from None
            found = client.images.get(build_image())
    if found.labels.get(LABEL) != image.worker_digest():
        raise WallUnavailable(
            f"image {name} holds another version of the worker; remedy: python docker/build_sandbox.py "
            f"--base BASE --tag {name}"
        )
    return str(found.id)


def build_image(base: str | None = None, tag: str | None = None) -> str:
    """Build the image candidates run in and return its name; on `base`, or on this machine's interpreter.

    Raises WallUnavailable.
    """
    name = tag or image.own_tag()
    with daemon() as client, refusals(f"image {name} cannot be built"):
        base = base or import_interpreter(client)
        client.images.build(
            fileobj=image.context(),
            custom_context=True,
            dockerfile=image.DOCKERFILE,
            buildargs={"BASE": base},
            labels={LABEL: image.worker_digest()},
            tag=name,
            rm=True,
            network_mode="none",
        )
    return name


def import_interpreter(client: docker.DockerClient) -> str:
    """The name of an image that holds this machine's interpreter, made if missing."""
    repository, tag = image.base_tag()
    name = f"{repository}:{tag}"
    with contextlib.suppress(ImageNotFound):
        client.images.get(name)
        return name
    with tempfile.TemporaryFile() as file:
        image.write_interpreter(file)
        file.seek(0)
        changes = [f"ENV PATH={inside.PYTHON}/bin", f"ENV LD_LIBRARY_PATH={inside.PYTHON}/lib"]
        client.api.import_image_from_data(file, repository=repository, tag=tag, changes=changes)
    return name


# ---- the line ----


class Attached:
    """A worker on the other end of a container's attached streams; owns the client."""

    def __init__(self, client: docker.DockerClient, container: Any) -> None:
        self._client, self._container = client, container
        streams = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
        self._response = client.api.attach_socket(container.id, params=streams)
        self._socket: socket.socket = self._response._sock
        self._raw, self._out, self._errors = bytearray(), bytearray(), bytearray()

    def send(self, data: bytes) -> None:
        self._socket.settimeout(SEND_S)
        try:
            self._socket.sendall(data)
        except TimeoutError:
            raise TimeoutError(f"the worker took nothing for {SEND_S:.0f} s") from None
        except OSError:
            raise EOFError(self._last_words()) from None

    def receive(self, size: int, deadline: float) -> bytes:
        while len(self._out) < size:
            if not self._read(deadline):
                raise EOFError(self._last_words())
        data = bytes(self._out[:size])
        del self._out[:size]
        return data

    def _read(self, deadline: float) -> bool:
        """Take in what has come; False at the end. Raises TimeoutError."""
        try:
            self._socket.settimeout(max(0.001, deadline - time.monotonic()))
            piece = self._socket.recv(PIECE)
        except TimeoutError:
            raise TimeoutError("the worker did not answer in time") from None
        except OSError:
            return False
        self._raw += piece
        while len(self._raw) >= HEADER.size:
            stream, size = HEADER.unpack_from(self._raw)
            if len(self._raw) < HEADER.size + size:
                break
            target = self._out if stream == STDOUT else self._errors
            target += self._raw[HEADER.size : HEADER.size + size]
            del self._raw[: HEADER.size + size]
        return bool(piece)

    def _last_words(self) -> str:
        with contextlib.suppress(TimeoutError):
            deadline = time.monotonic() + 1
            while self._read(deadline):
                pass
        words = bytes(self._errors).decode("utf-8", "replace").strip()
        return words.splitlines()[-1] if words else "its container ended"

    def close(self) -> None:
        self._socket.close()
        self._response.close()
        # It ends with its socket and goes by itself, too; a daemon that is away is missed when it is asked for another.
        with contextlib.suppress(DockerException, OSError):
            try:
                self._container.remove(force=True)
            except APIError as error:
                if error.status_code == 409:  # it is being removed already, since it has ended
                    self._container.wait(condition="removed")
        self._client.close()

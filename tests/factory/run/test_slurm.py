"""The batch files of examples/cluster on a SLURM of one machine, which the tests start; skipped where it is absent.

`apt-get install slurm-wlm munge` brings what is needed.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "scontrol", "squeue")
SEARCHED = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
MISSING = [name for name in PROGRAMS if shutil.which(name, path=SEARCHED) is None]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"no SLURM here: {', '.join(MISSING)} not installed")
CLUSTER = Path(__file__).parents[3] / "examples" / "cluster"
PROGRAM = "def double(x):\n    return 2 * x\n"
LINES = """\
ClusterName=one
SlurmctldHost={host}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
SlurmUser={user}
SlurmdUser={user}
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
NodeName={host} CPUs={cpus} RealMemory=1000 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment in which SLURM's commands, `factory` and `ray` are found."""
    folder = tmp_path_factory.mktemp("slurm")
    for name in ("state", "spool"):
        (folder / name).mkdir()
    (folder / "munge.key").write_bytes(os.urandom(128))
    (folder / "munge.key").chmod(0o600)
    host = socket.gethostname().split(".")[0]
    user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    conf = LINES.format(host=host, folder=folder, user=user, ports=free_ports(2), cpus=os.cpu_count())
    (folder / "slurm.conf").write_text(conf)
    (folder / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{SEARCHED}",
        "SLURM_CONF": str(folder / "slurm.conf"),
    }
    munge = [f"--{name}-file={folder}/munge.{name}" for name in ("key", "pid", "log", "seed")]
    commands = (
        ["munged", "--foreground", "--force", f"--socket={folder}/munge.socket", *munge],
        ["slurmctld", "-D"],
        ["slurmd", "-D"],
    )
    running = []
    try:
        with (folder / "said.log").open("w") as said:
            for command in commands:
                running.append(subprocess.Popen(command, env=environment, stdout=said, stderr=said))
                time.sleep(1)
        for _ in range(60):
            found = subprocess.run(["sinfo", "-h", "-o", "%T"], env=environment, capture_output=True, text=True)
            if found.stdout.strip() == "idle":
                break
            if any(one.poll() is not None for one in running):
                pytest.skip(f"SLURM does not start here: {(folder / 'said.log').read_text()[-400:]}")
            time.sleep(1)
        else:
            pytest.fail(f"the node is {found.stdout.strip()!r}: {(folder / 'slurmd.log').read_text()[-400:]}")
        yield environment
    finally:
        subprocess.run(["scancel", "--quiet", f"--user={user}"], env=environment, timeout=30)
        for one in reversed(running):
            one.terminate()
            one.wait(30)


def submitted(slurm: dict[str, str], out: Path, *words: object) -> None:
    """Submit a job, and wait for its end; it has to exit with 0."""
    command = ["sbatch", "--wait", f"--output={out}/%x-%a.log", *map(str, words)]
    try:
        done = subprocess.run(command, env=slurm, capture_output=True, text=True, timeout=250)
    except subprocess.TimeoutExpired:
        subprocess.run(["scancel", "--quiet", "--name=rollouts"], env=slurm, timeout=30)
        time.sleep(5)
        pytest.fail(f"no end in 250 s: {[path.read_text()[-1500:] for path in out.glob('*.log')]}")
    logs = "\n".join(path.read_text()[-1500:] for path in out.glob("*.log"))
    assert done.returncode == 0, f"{done.stderr}\n{logs}"


def test_a_job_array_works_off_the_slices_and_one_more_run_writes_the_shards(
    slurm: dict[str, str], tmp_path: Path, replayed: Callable[..., Path]
) -> None:
    config, run_dir = replayed(tmp_path, 4, [PROGRAM], slice=1), tmp_path / "run"
    slurm = slurm | {"SLICES_PER_JOB": "2"}
    submitted(slurm, tmp_path, "--array=0-1", CLUSTER / "slices.sbatch", config, run_dir)
    assert len(list(run_dir.glob("slices/*/slice.json"))) == 4
    assert not (run_dir / "shards").exists()
    subprocess.run(["factory", "run", config, "--run-dir", run_dir], env=slurm, check=True, timeout=100)
    assert json.loads((run_dir / "summary.json").read_text())["languages"]["python"]["shipped"] == 4


def test_a_ray_cluster_in_one_allocation_works_off_a_run(
    slurm: dict[str, str], tmp_path: Path, replayed: Callable[..., Path]
) -> None:
    executor = {"kind": "ray", "workers": 1, "cpus_per_worker": 1}
    config, run_dir = replayed(tmp_path, 4, [PROGRAM], slice=2, executor=executor), tmp_path / "run"
    slurm = slurm | {"RAY_PORT": str(free_ports(1)[0])}
    submitted(slurm, tmp_path, "--nodes=1", CLUSTER / "ray.sbatch", config, run_dir)
    assert json.loads((run_dir / "summary.json").read_text())["languages"]["python"]["shipped"] == 4

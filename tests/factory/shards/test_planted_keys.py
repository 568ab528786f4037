"""Keys of an engine and of the hub, planted: what a run, its report, its export and its push write, print and send."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

ENGINE_KEY = "sk-Zq7planted0engine9Xw"
PASSWORD = "Zq7planted0password9Xw"
HEADER = "Zq7planted0header9Xw"
GOOD = "```python\ndef double(x):\n    return 2 * x\n```"


def planted(hub_token: str) -> dict[str, str]:
    return {"engine": ENGINE_KEY, "password": PASSWORD, "header": HEADER, "hub": hub_token}


def texts(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The bytes of every file below `folder`, and what its columns hold where it is parquet, which packs them."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield str(path), path.read_bytes()
            if path.suffix == ".parquet":
                yield f"{path} (rows)", _rows(path.read_bytes())


def _rows(data: bytes) -> bytes:
    file = pq.ParquetFile(io.BytesIO(data))
    about = json.dumps({str(key): str(value) for key, value in (file.schema_arrow.metadata or {}).items()})
    return f"{about}\n{file.read().to_pylist()}".encode()


def places_of(secrets: dict[str, str], found: list[tuple[str, bytes]]) -> list[tuple[str, str]]:
    """(name of the secret, where it is) for all that is found."""
    return [(name, place) for place, data in found for name, secret in secrets.items() if secret.encode() in data]


class Commands:
    """Runs commands with the planted keys in their environment, and collects what they print."""

    def __init__(self, folder: Path, hub: Any, token: str, start: Callable[..., Any]) -> None:
        self.folder, self.printed, self._start = folder, list[tuple[str, bytes]](), start
        usual = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        self.env = usual | {
            "OUR_KEY": f"{ENGINE_KEY}\n",
            "HF_TOKEN": f"{token}\n",
            "HF_ENDPOINT": hub.url,
            "HF_HOME": str(folder / "home"),
            "HF_HUB_DISABLE_XET": "1",
            "HTTPS_PROXY": f"http://me:{PASSWORD}@127.0.0.1:9",
            "DOCKER_HOST": "unix:///nonexistent/docker.sock",
        }

    def __call__(self, *arguments: object) -> int:
        process = self._start(*arguments, env=self.env)
        code: int = process.wait()
        printed = {stream.name: stream.read_bytes() for stream in (process.out, process.err)}
        self.printed += [(f"{arguments[0]}: std{name}", text) for name, text in printed.items()]
        assert b"Traceback" not in printed["err"]
        return code

    def config(self, **engine: Any) -> Path:
        cases = [{"args": [n], "expected": 2 * n} for n in (1, 0, -7)]
        row = {"id": "set/0", "prompt": "Double it.", "entry_point": "double", "cases": cases}
        (self.folder / "problems.jsonl").write_text(json.dumps(row) + "\n")
        config = {
            "name": "test",
            "problems": {"path": str(self.folder / "problems.jsonl"), "check_reference": False},
            "engine": {"kind": "openai", "model": "m", "api_key_env": "OUR_KEY", "patience_s": 1.5} | engine,
            "sampling": {"n": 4},
            "verify": {"canaries": False},
            "review": {"rerun": False, "inputs": 0, "mutants": 0},
            "translate": {"targets": []},
            "executor": {"workers": 1},
            "sandbox": {"backend": "bubblewrap"},
            "shards": {"views": ["sft", "rollouts"]},
        }
        path = self.folder / "config.yaml"
        path.write_text(yaml.safe_dump(config))
        return path


def test_planted_keys_are_found_nowhere(
    tmp_path: Path, endpoint: ModuleType, hub: Any, small_hub: ModuleType, warm: Any
) -> None:
    """The endpoint and the hub repeat what they are sent: in bodies, in headers, and in the words beside a status."""
    commands, run = Commands(tmp_path, hub, small_hub.TOKEN, warm.start), tmp_path / "run"

    def behave(number: int, _: Any) -> Any:
        sent = server.asked[number][1].get("Authorization", "")
        said = {"error": {"message": f"{sent} is bad, as is {ENGINE_KEY}", "param": sent, "code": sent}}
        headers = {"X-Sent": sent, "Set-Cookie": f"key={HEADER}"}
        odd = [(429, headers, said), (502, headers, said), (403, headers, ENGINE_KEY.encode()), (400, headers, said)]
        return odd[number] if number < len(odd) else (200, headers, endpoint.chat(GOOD)[2])

    with endpoint.Endpoint(behave).running() as server:
        config = commands.config(base_url=server.url, in_flight=1, max_refused=1.0)
        assert commands("run", config, "--run-dir", run) == 0
    # No endpoint is there any more: refusals, and a password and a key in an address.
    assert commands("run", commands.config(base_url=server.url), "--run-dir", tmp_path / "none") == 1
    assert commands("run", commands.config(base_url=f"http://me:{PASSWORD}@127.0.0.1:9/v1"), "--run-dir", run) == 2
    address = ["--set", f"engine.base_url=http://127.0.0.1:9/v1?key={PASSWORD}"]
    assert commands("run", commands.config(base_url=server.url), "--run-dir", run, *address) == 2
    commands.config(base_url=server.url)
    assert commands("status", run) == commands("report", run) == commands("export", run) == 0
    hub.trouble = _once(503, small_hub.TOKEN)
    assert commands("push", run, "someone/data") == 0
    hub.trouble = lambda method, path: (403, {"x-error-message": f"Bearer {small_hub.TOKEN} may not"})
    assert commands("push", run, "someone/other") == 2

    uploads = [
        (f"hub: {name}", data)
        for name, blob in hub.repos["someone/data"].tree("main").items()
        for data in (blob.data, _rows(blob.data) if name.endswith(".parquet") else b"")
    ]
    everything = [*commands.printed, *texts(tmp_path), *uploads]
    kinds = " ".join(place for place, _ in everything)
    for kind in ("ledger.jsonl", "report.html", "rollouts", "summary.json", "hub: README.md", "hub: data/", "(rows)"):
        assert kind in kinds
    secrets = planted(small_hub.TOKEN)
    assert places_of(secrets, everything) == []
    assert b"***" in b"".join(data for _, data in commands.printed), "they were there to be shown"

    # The same search finds each of them where one is: in a file, in a packed column, on the hub.
    for secret in secrets.values():
        (run / "leak.jsonl").write_text(f"x{secret}y")
        assert len(places_of(secrets, [*texts(tmp_path), ("hub: leak", f"x{secret}y".encode())])) >= 2
    (run / "leak.jsonl").unlink()
    leaked = pq.read_table(next((run / "rollouts").glob("*.parquet"))).to_pylist()
    leaked[0]["text"] += ENGINE_KEY
    pq.write_table(pa.Table.from_pylist(leaked), run / "a.parquet", compression="zstd")
    assert ("engine", f"{run / 'a.parquet'} (rows)") in places_of(secrets, list(texts(tmp_path)))


def _once(status: int, token: str) -> Any:
    """Trouble at the first request alone."""
    waiting = [(status, {"x-error-message": f"bad token {token}"})]
    return lambda method, path: waiting.pop() if waiting else None

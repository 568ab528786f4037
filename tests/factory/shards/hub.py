"""A small Hugging Face hub, in a thread: the endpoints that `huggingface_hub` and `datasets` call, kept in memory.

What it does not do: git, organisations, pull requests. A commit is a whole tree under the sha1 of its content;
parquet goes through XET (`hub_storage.py`) or LFS, whichever the client speaks, as on the real one.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from small_hub_storage import READ_TOKEN, WRITE_TOKEN, Storage

TOKEN, READER = "hf_secretsecretsecret", "hf_readonlyreadonly"
USER = "someone"
Trouble = Callable[[str, str], tuple[int, dict[str, str]] | None]
PAGE = 5
"""Entries of a tree a page, so that a client has to ask for the next."""


@dataclass
class Blob:
    data: bytes
    lfs: bool

    @property
    def oid(self) -> str:
        return hashlib.sha1(b"blob %d\0%s" % (len(self.data), self.data)).hexdigest()

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def known_as(self) -> str:
        return self.sha256 if self.lfs else self.oid


@dataclass
class Repo:
    private: bool
    commits: dict[str, dict[str, Blob]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    """Summaries of the commits made through the API."""

    def commit(self, branch: str, tree: dict[str, Blob], summary: str) -> str:
        names = "".join(f"{name} {blob.oid}\n" for name, blob in sorted(tree.items()))
        oid = hashlib.sha1(f"{len(self.commits)}\n{names}".encode()).hexdigest()
        self.commits[oid] = tree
        self.branches[branch] = oid
        self.log.append(summary)
        return oid

    def tree(self, revision: str) -> dict[str, Blob]:
        return self.commits[self.branches.get(revision, revision)]


class Hub:
    """`repos` and `objects` may be looked at and changed by a test; `requests` has what was asked, in order.

    `trouble(method, path)` is asked before each request: a (status, headers) pair is answered in its place.
    `lost` is asked after a request was served: a pair is answered in place of what came of it.
    """

    def __init__(self) -> None:
        self.repos: dict[str, Repo] = {}
        self.objects: dict[str, bytes] = {}
        self.storage = Storage()
        self.requests: list[str] = []
        self.trouble: Trouble = lambda method, path: None
        self.lost: Trouble = lambda method, path: None
        hub = self

        class Handler(_Handler):
            pass

        Handler.hub = hub
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def asked(self, pattern: str) -> list[str]:
        return [request for request in self.requests if re.search(pattern, request)]


class Answer(Exception):
    """Ends a request with a status, and what the real hub says with it."""

    def __init__(self, status: int, body: Any = None, **headers: str) -> None:
        super().__init__(status)
        self.status, self.body = status, body if body is not None else {}
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def _serve(self) -> None:
        url = urlsplit(self.path)
        self.query = {name: values[0] for name, values in parse_qs(url.query).items()}
        path = url.path
        self.hub.requests.append(f"{self.command} {path}")
        self.body = self._read()
        try:
            trouble = self.hub.trouble(self.command, path)
            if trouble is not None:
                self.answer(trouble[0], {"error": "trouble"}, trouble[1])
                return
            for pattern, handle in ROUTES:
                found = re.fullmatch(pattern, f"{self.command} {path}")
                if found:
                    handle(self, *(unquote(group) for group in found.groups()))
                    return
            raise Answer(404, {"error": f"no such endpoint: {path}"})
        except Answer as answer:
            self.answer(answer.status, answer.body, answer.headers)

    do_GET = do_POST = do_PUT = do_HEAD = _serve  # noqa: N815

    def _read(self) -> bytes:
        if self.headers.get("transfer-encoding") == "chunked":
            data = b""
            while size := int(self.rfile.readline(), 16):
                data += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return data
        return self.rfile.read(int(self.headers.get("content-length") or 0))

    def answer(self, status: int, body: Any = None, headers: dict[str, str] | None = None) -> None:
        lost = self.hub.lost(self.command, urlsplit(self.path).path)
        if lost is not None:
            status, body, headers = lost[0], {"error": "lost"}, lost[1]
        data = body if isinstance(body, bytes) else json.dumps(body if body is not None else {}).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        if "Content-Length" not in (headers or {}):
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    # ---- who asks ----

    def user(self) -> str | None:
        given = (self.headers.get("authorization") or "").removeprefix("Bearer ")
        if given and given not in (TOKEN, READER):
            raise Answer(
                401,
                {"error": "Invalid username or password."},
                X_Error_Message="Invalid credentials in Authorization header",
            )
        return given or None

    def may_write(self) -> None:
        user = self.user()
        if user is None:
            raise Answer(401, {"error": "Unauthorized"})
        if user == READER:
            raise Answer(403, {"error": "You don't have the rights to write"}, X_Error_Message="no rights to write")

    def repo(self, name: str) -> Repo:
        repo = self.hub.repos.get(name)
        if repo is None or (repo.private and self.user() is None):
            raise Answer(404, {"error": "Repository not found"}, X_Error_Code="RepoNotFound")
        return repo

    def tree(self, name: str, revision: str) -> dict[str, Blob]:
        repo = self.repo(name)
        if revision not in repo.branches and revision not in repo.commits:
            raise Answer(404, {"error": f"no revision {revision}"}, X_Error_Code="RevisionNotFound")
        return repo.tree(revision)

    # ---- endpoints ----

    def whoami(self) -> None:
        if self.user() is None:
            raise Answer(401, {"error": "Unauthorized"})
        self.answer(200, {"type": "user", "name": USER, "orgs": [], "auth": {"accessToken": {"role": "write"}}})

    def create(self) -> None:
        self.may_write()
        asked = json.loads(self.body)
        name = f"{asked.get('organization') or USER}/{asked['name']}"
        if not name.startswith(f"{USER}/"):
            raise Answer(403, {"error": f"no rights in {asked['organization']}"}, X_Error_Message="no rights there")
        url = f"{self.hub.url}/datasets/{name}"
        if name in self.hub.repos:
            raise Answer(409, {"error": "You already created this dataset repo", "url": url})
        private = asked.get("visibility") == "private" or asked.get("private") is True
        repo = self.hub.repos[name] = Repo(private)
        repo.commit(
            "main", {".gitattributes": Blob(b"*.parquet filter=lfs diff=lfs merge=lfs -text\n", False)}, "initial"
        )
        repo.log.clear()
        self.answer(200, {"url": url, "name": name})

    def info(self, name: str, revision: str = "main") -> None:
        tree, repo = self.tree(name, revision), self.repo(name)
        self.answer(
            200,
            {
                "_id": "1", "id": name, "sha": repo.branches.get(revision, revision), "private": repo.private,
                "disabled": False, "gated": False, "tags": [], "downloads": 0, "likes": 0,
                "lastModified": "2026-01-01T00:00:00.000Z", "createdAt": "2026-01-01T00:00:00.000Z",
                "siblings": [{"rfilename": path} for path in sorted(tree)],
            },
        )  # fmt: skip

    def refs(self, name: str) -> None:
        branches = [
            {"name": branch, "ref": f"refs/heads/{branch}", "targetCommit": oid}
            for branch, oid in self.repo(name).branches.items()
        ]
        self.answer(200, {"branches": branches, "tags": [], "converts": []})

    def branch(self, name: str, branch: str) -> None:
        self.may_write()
        repo = self.repo(name)
        if branch in repo.branches:
            raise Answer(409, {"error": "Reference already exists"})
        repo.branches[branch] = repo.branches["main"]
        self.answer(200)

    def list_tree(self, name: str, revision: str, folder: str = "") -> None:
        tree = self.tree(name, revision)
        inside = {path: blob for path, blob in tree.items() if not folder or path.startswith(f"{folder}/")}
        start = len(folder) + 1 if folder else 0
        entries: dict[str, dict[str, Any]] = {}
        for path, blob in sorted(inside.items()):
            *folders, _ = path[start:].split("/")
            for depth in range(len(folders)):
                above = path[:start] + "/".join(folders[: depth + 1])
                if depth == 0 or self.query.get("recursive", "").lower() == "true":
                    entries.setdefault(above, {"type": "directory", "path": above, "oid": "0" * 40, "size": 0})
            if not folders or self.query.get("recursive", "").lower() == "true":
                entries[path] = _entry(path, blob)
        if folder and not entries:
            raise Answer(404, {"error": f"no folder {folder}"}, X_Error_Code="EntryNotFound")
        at = int(self.query.get("cursor", 0))
        headers = {}
        if at + PAGE < len(entries):
            asked = "&".join(f"{key}={value}" for key, value in self.query.items() if key != "cursor")
            address = f"{self.hub.url}{urlsplit(self.path).path}?{asked}&cursor={at + PAGE}"
            headers["Link"] = f'<{address}>; rel="next"'
        self.answer(200, list(entries.values())[at : at + PAGE], headers)

    def paths_info(self, name: str, revision: str) -> None:
        tree = self.tree(name, revision)
        wanted = json.loads(self.body)["paths"] if self.body[:1] == b"{" else parse_qs(self.body.decode())["paths"]
        found = [_entry(path, tree[path]) for path in wanted if path in tree]
        above = [path for path in wanted if path not in tree and any(one.startswith(f"{path}/") for one in tree)]
        self.answer(200, found + [{"type": "directory", "path": path, "oid": "0" * 40, "size": 0} for path in above])

    def validate(self) -> None:
        self.answer(200, {"errors": [], "warnings": []})

    def preupload(self, name: str, revision: str) -> None:
        self.may_write()
        tree = self.tree(name, revision)
        files = [
            {
                "path": file["path"],
                "uploadMode": "lfs" if file["path"].endswith(".parquet") else "regular",
                "shouldIgnore": False,
                "oid": tree[file["path"]].known_as if file["path"] in tree else None,
            }
            for file in json.loads(self.body)["files"]
        ]
        self.answer(200, {"files": files})

    def lfs_batch(self, name: str) -> None:
        self.may_write()
        objects = []
        for item in json.loads(self.body)["objects"]:
            one = {"oid": item["oid"], "size": item["size"]}
            if item["oid"] not in self.hub.objects:
                verify = {"href": f"{self.hub.url}/lfs-verify/{item['oid']}", "header": {}}
                one["actions"] = {
                    "upload": {"href": f"{self.hub.url}/lfs/{item['oid']}?signature=s3cr3t"},
                    "verify": verify,
                }
            objects.append(one)
        self.answer(200, {"transfer": "basic", "objects": objects})

    def lfs_put(self, oid: str) -> None:
        if hashlib.sha256(self.body).hexdigest() != oid:
            raise Answer(400, {"error": "other content than was announced"})
        self.hub.objects[oid] = self.body
        self.answer(200)

    def lfs_verify(self, oid: str) -> None:
        self.answer(200 if oid in self.hub.objects else 404)

    def xet_token(self, name: str, kind: str, revision: str) -> None:
        if kind == "write":
            self.may_write()
        self.tree(name, revision)
        token = WRITE_TOKEN if kind == "write" else READ_TOKEN
        about = {"casUrl": f"{self.hub.url}/xet", "accessToken": token, "exp": int(time.time()) + 900}
        names = {"casUrl": "X-Xet-Cas-Url", "accessToken": "X-Xet-Access-Token", "exp": "X-Xet-Token-Expiration"}
        self.answer(200, about, {names[key]: str(value) for key, value in about.items()})

    def _may_store(self, *tokens: str) -> None:
        if (self.headers.get("authorization") or "").removeprefix("Bearer ") not in tokens:
            raise Answer(401, {"error": "no token of this storage"})

    def xorb_put(self, name: str) -> None:
        self._may_store(WRITE_TOKEN)
        new = name not in self.hub.storage.xorbs
        self.hub.storage.xorbs[name] = self.body
        self.answer(200, {"was_inserted": new})

    def shard_put(self) -> None:
        self._may_store(WRITE_TOKEN)
        self.hub.objects |= self.hub.storage.take_shard(self.body)
        self.answer(200, {"type": "result"})

    def reconstruction(self, name: str) -> None:
        self._may_store(READ_TOKEN, WRITE_TOKEN)
        self.answer(200, self.hub.storage.reconstruction(name, f"{self.hub.url}/xorb"))

    def xorb(self, name: str) -> None:
        data, (start, stop) = self.hub.storage.xorbs[name], self._asked_range() or (0, 0)
        self.answer(206, data[start : stop + 1])

    def _asked_range(self) -> tuple[int, int] | None:
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("range") or "")
        return (int(asked[1]), int(asked[2] or 2**62)) if asked else None

    def commit(self, name: str, revision: str) -> None:
        self.may_write()
        repo, tree = self.repo(name), dict(self.tree(name, revision))
        header: dict[str, Any] = {}
        for line in self.body.splitlines():
            item = json.loads(line)
            value = item["value"]
            if item["key"] == "header":
                header = value
            elif item["key"] == "file":
                tree[value["path"]] = Blob(base64.b64decode(value["content"]), False)
            elif item["key"] == "lfsFile":
                tree[value["path"]] = Blob(self.hub.objects[value["oid"]], True)
            elif item["key"] == "deletedFile":
                del tree[value["path"]]
        if header.get("parentCommit", repo.branches[revision]) != repo.branches[revision]:
            raise Answer(412, {"error": "A commit has happened since. Please refresh and try again."})
        oid = repo.commit(revision, tree, header["summary"])
        self.answer(
            200, {"success": True, "commitOid": oid, "commitUrl": f"{self.hub.url}/datasets/{name}/commit/{oid}"}
        )

    def resolve(self, name: str, revision: str, path: str) -> None:
        tree = self.tree(name, revision)
        if path not in tree:
            raise Answer(404, {"error": f"no file {path}"}, X_Error_Code="EntryNotFound")
        blob, repo = tree[path], self.repo(name)
        headers = {
            "ETag": f'"{blob.known_as}"', "X-Repo-Commit": repo.branches.get(revision, revision),
            "Accept-Ranges": "bytes", "Content-Type": "application/octet-stream",
        }  # fmt: skip
        if blob.sha256 in self.hub.storage.hashes:
            headers["X-Xet-Hash"] = self.hub.storage.hashes[blob.sha256]
            headers["X-Xet-Refresh-Route"] = f"{self.hub.url}/api/datasets/{name}/xet-read-token/{revision}"
        data, status = blob.data, 200
        asked = self._asked_range()
        if asked:
            start, stop = asked[0], min(asked[1], len(data) - 1)
            headers["Content-Range"] = f"bytes {start}-{stop}/{len(data)}"
            data, status = data[start : stop + 1], 206
        self.answer(status, data, headers | {"Content-Length": str(len(data))})


def _entry(path: str, blob: Blob) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": "file", "path": path, "oid": blob.oid, "size": len(blob.data)}
    if blob.lfs:
        entry["lfs"] = {"oid": blob.sha256, "size": len(blob.data), "pointerSize": 130}
    return entry


_NAME = r"([^/]+/[^/]+)"
ROUTES: list[tuple[str, Callable[..., None]]] = [
    (r"GET /api/whoami-v2", _Handler.whoami),
    (r"POST /api/repos/create", _Handler.create),
    (r"POST /api/validate-yaml", _Handler.validate),
    (rf"GET /api/datasets/{_NAME}", _Handler.info),
    (rf"GET /api/datasets/{_NAME}/revision/([^/]+)", _Handler.info),
    (rf"GET /api/datasets/{_NAME}/refs", _Handler.refs),
    (rf"POST /api/datasets/{_NAME}/branch/([^/]+)", _Handler.branch),
    (rf"GET /api/datasets/{_NAME}/tree/([^/]+)", _Handler.list_tree),
    (rf"GET /api/datasets/{_NAME}/tree/([^/]+)/(.+)", _Handler.list_tree),
    (rf"POST /api/datasets/{_NAME}/paths-info/([^/]+)", _Handler.paths_info),
    (rf"POST /api/datasets/{_NAME}/preupload/([^/]+)", _Handler.preupload),
    (rf"POST /api/datasets/{_NAME}/commit/([^/]+)", _Handler.commit),
    (rf"POST /datasets/{_NAME}\.git/info/lfs/objects/batch", _Handler.lfs_batch),
    (rf"GET /api/datasets/{_NAME}/xet-(read|write)-token/([^/]+)", _Handler.xet_token),
    (r"POST /xet/v1/xorbs/default/([0-9a-f]{64})", _Handler.xorb_put),
    (r"POST /xet/v2/shards", _Handler.shard_put),
    (r"GET /xet/v1/reconstructions/([0-9a-f]{64})", _Handler.reconstruction),
    (r"GET /xorb/([0-9a-f]{64})", _Handler.xorb),
    (r"PUT /lfs/([0-9a-f]+)", _Handler.lfs_put),
    (r"POST /lfs-verify/([0-9a-f]+)", _Handler.lfs_verify),
    (rf"(?:GET|HEAD) /datasets/{_NAME}/resolve/([^/]+)/(.+)", _Handler.resolve),
]

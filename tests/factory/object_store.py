"""An S3 server on loopback (moto's), which can be made to fail and to be slow."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import fsspec  # type: ignore[import-untyped]
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

Fault = Callable[[str, str], float]
"""Of a request's method and path: a status from 400 on is the answer, anything less the seconds before the true one."""
KEYS = {"AWS_ACCESS_KEY_ID": "AKNAMEOFTHEKEY", "AWS_SECRET_ACCESS_KEY": "the-secret-itself"}


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing."""


class ObjectStore:
    """A bucket of its own. `fault` says what becomes of each request; `asked` has those that came."""

    def __init__(self) -> None:
        self.fault: Fault = lambda method, path: 0
        self.asked: list[tuple[str, str]] = []
        self.bucket = f"test-{uuid4().hex}"
        self._server: Any = None
        self._app = DomainDispatcherApplication(create_backend_app)

    @property
    def environment(self) -> dict[str, str]:
        address = f"http://127.0.0.1:{self._server.server_port}"
        return {"AWS_ENDPOINT_URL": address, "AWS_DEFAULT_REGION": "us-east-1", "NO_PROXY": "127.0.0.1", **KEYS}

    def url(self, name: str) -> str:
        return f"s3://{self.bucket}/{name}"

    def files(self) -> Any:
        """The bucket as a file system, without faults in its way."""
        return fsspec.filesystem("s3", endpoint_url=self.environment["AWS_ENDPOINT_URL"], use_listings_cache=False)

    def names(self, name: str = "") -> list[str]:
        """What lies below a name, relative to it."""
        root = f"{self.bucket}/{name}".rstrip("/")
        return [path.removeprefix(f"{root}/") for path in self.files().find(root)]

    def objects(self, name: str = "") -> dict[str, bytes]:
        """The bytes of what lies below a name."""
        files, root = self.files(), f"{self.bucket}/{name}".rstrip("/")
        return {found: files.cat_file(f"{root}/{found}") for found in self.names(name)}

    def _answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        self.asked.append((method, path))
        due = self.fault(method, path)
        if due >= 400:
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start(f"{due:.0f} Fault", [("Content-Type", "application/xml")])
            code = b"AccessDenied" if due == 403 else b"InternalError"
            return [b"<Error><Code>%s</Code><Message>injected</Message></Error>" % code]
        time.sleep(due)
        found: Iterable[bytes] = self._app(environ, start)
        return found

    @contextmanager
    def served(self) -> Iterator[ObjectStore]:
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True, request_handler=_Quiet)
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()

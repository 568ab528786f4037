"""Objects below one URL of a store that fsspec knows: S3, Google Cloud Storage, the hub, and more.

Promises: a copy of an object is whole or not there. An object is written only where nothing is, or where what is there
is what the caller knows (If-None-Match and If-Match: S3 alone is written to). A store that is busy, slow or away is
asked again for `PATIENCE_S`; then a StoreError says so. Keys come from the environment of this machine, as the store's
own library reads them; no message holds one.
"""

from __future__ import annotations

import errno
import hashlib
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import tenacity

from factory import network
from factory.errors import ConfigError, ObjectGone, StoreConflict, StoreError
from factory.storage.files import atomic

T = TypeVar("T")
PATIENCE_S = 120.0
"""Seconds for which a request that fails is sent again, with growing pauses, before the work ends."""
MOST_PAUSE_S = 10.0
AT_ONCE = 8
"""Requests at the same time."""
SAID_S = 8.0
"""Seconds after which a line says that the store is waited for."""
_WHOLE_PUT = 5 * 2**29
"""Bytes; s3fs puts less than twice as many in one request, the only kind that If-Match goes with."""
_EXTRAS = {"s3": "s3", "s3a": "s3"}
"""The extra of this package that reads a kind of URL."""
_FINAL = (FileNotFoundError, PermissionError, FileExistsError, IsADirectoryError, NotADirectoryError)
_REFUSED = (errno.EINVAL, errno.EPERM, errno.ENOSYS, errno.ENAMETOOLONG, errno.EMSGSIZE)
"""Answers that another try would repeat, and their numbers where they have no class."""
_OF_THIS_MACHINE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EMFILE, errno.ENFILE)
_CLIENTS = ("botocore", "aiobotocore", "aiohttp", "gcsfs", "google", "huggingface_hub", "httpx", "fsspec")
"""Packages whose errors are the store's."""
_PASSING = ("HTTPClientError", "ResponseParserError", "HttpError", "TransportError")
"""Kinds of these that are no OSError, and that another try may pass: no connection, a broken answer, status 5xx."""


class Store:
    """The objects below `url`. Names are relative to it; "" is the object at `url` itself."""

    def __init__(self, url: str, note: Callable[[str], None] | None = None) -> None:
        """`note` gets one line when the store is waited for, whatever for and by however many threads."""
        self.url = url.rstrip("/")
        self.note = note
        self._lock = threading.Lock()
        self._said = False

    @cached_property
    def _opened(self) -> tuple[Any, str]:
        """The file system and the path on it. Raises ConfigError where what it needs is not installed."""
        from fsspec.core import url_to_fs  # type: ignore[import-untyped]  # here, since most runs read no URL

        scheme = self.url.partition("://")[0]
        try:
            files, path = url_to_fs(self.url, use_listings_cache=False)
        except ImportError as error:
            extra = _EXTRAS.get(scheme)
            remedy = f"pip install 'rollout-factory[{extra}]'" if extra else str(error)
            raise ConfigError(f"{self.url}: what reads {scheme}:// is not installed; remedy: {remedy}") from None
        except ValueError as error:
            raise ConfigError(f"{self.url}: is no URL that can be read ({network.words(str(error))})") from None
        return files, str(path).rstrip("/")

    def find(self) -> dict[str, str]:
        """The version of every object below the URL, by its name; {"": …} where the URL is that of an object.

        A version changes whenever the object is written anew. Raises ConfigError, StoreError.
        """
        files, root = self._opened

        def look() -> dict[str, str]:
            files.invalidate_cache()
            try:
                found = files.find(root, detail=True)
            except FileNotFoundError:
                return {}
            infos = {str(name): info for name, info in found.items() if info.get("type") != "directory"}
            if other := next((name for name in infos if name != root and not name.startswith(f"{root}/")), ""):
                raise StoreError(f"{self.url}: the store lists {other!r}, which is not below it; remedy: another URL")
            return {name[len(root) :].lstrip("/"): _version(info) for name, info in infos.items()}

        return self._tried(look, "")

    def get(self, name: str) -> bytes:
        """The bytes of an object. Raises StoreError."""
        files, _ = self._opened
        return self._tried(lambda: bytes(files.cat_file(self._at(name))), name)

    def fetch(self, name: str, path: Path) -> None:
        """Copy an object to the file at `path`. Raises StoreError, and OSError where the disk is full."""
        files, _ = self._opened
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic(path) as temporary:
            temporary.touch()  # an object without bytes brings none
            self._tried(lambda: files.get_file(self._at(name), str(temporary)), name)

    def put(self, name: str, data: bytes, known: str | None = None) -> str:
        """Write an object that is not there yet, or replace the version `known`; the new version.

        One that has these bytes already is as good. Raises StoreConflict where there is another, ConfigError
        where there is no such bucket, and StoreError.
        """
        files, _ = self._opened
        path = self._at(name)
        if len(data) >= 2 * _WHOLE_PUT:
            raise StoreError(f"{self._shown(name)}: is larger than a put may be (5 GiB); remedy: a smaller slice")

        def write() -> str:
            try:
                if known is None:
                    made = files.pipe_file(path, data, chunksize=_WHOLE_PUT, mode="create")
                else:
                    made = files.pipe_file(path, data, chunksize=_WHOLE_PUT, IfMatch=f'"{known}"')
            except OSError as error:
                if isinstance(error, FileNotFoundError) and known is None:
                    raise ConfigError(
                        f"{self.url}: there is no such bucket; remedy: create it, or another URL"
                    ) from None
                if not _is_conflict(error, known):
                    raise
                return self._same(name, data)
            return str(made["ETag"]).strip('"')

        return self._tried(write, name)

    def remove(self, name: str) -> None:
        """Remove an object, if it is there. Raises StoreError."""
        files, _ = self._opened

        def drop() -> None:
            try:
                files.rm_file(self._at(name))
            except FileNotFoundError:
                return

        self._tried(drop, name)

    def _same(self, name: str, data: bytes) -> str:
        """The version of the object that is there in place of `data`. Raises StoreConflict where it is another."""
        files, _ = self._opened
        files.invalidate_cache()
        try:
            version = _version(files.info(self._at(name)))
            there = files.cat_file(self._at(name))
        except FileNotFoundError:
            there = None
        if there is None or there != data:
            what = "is gone" if there is None else "holds other bytes than this process wrote"
            raise StoreConflict(f"{self._shown(name)}: {what}: another process has worked on it; remedy: run again")
        return version

    def _at(self, name: str) -> str:
        root = self._opened[1]
        return f"{root}/{name}" if name else root

    def _shown(self, name: str) -> str:
        return f"{self.url}/{name}" if name else self.url

    def _tried(self, ask: Callable[[], T], name: str) -> T:
        """What `ask` gives, asked again while the store is busy or away."""
        again = tenacity.Retrying(
            stop=tenacity.stop_after_delay(PATIENCE_S),
            wait=tenacity.wait_exponential(multiplier=0.2, max=MOST_PAUSE_S) + tenacity.wait_random(0, 0.2),
            retry=tenacity.retry_if_exception(_may_pass),
            reraise=True,
        )
        slow = threading.Timer(SAID_S, self._say)
        slow.daemon = True
        slow.start()
        try:
            found = again(ask)
        except Exception as error:
            if not _of_the_store(error):
                raise
            kind = ObjectGone if isinstance(error, FileNotFoundError) else StoreError
            raise kind(f"{self._shown(name)}: {_reason(error)}") from None
        finally:
            slow.cancel()
        self._said = False
        return found

    def _say(self) -> None:
        with self._lock:
            said, self._said = self._said, True
        if self.note is not None and not said:
            self.note(f"{self.url}: no answer for {SAID_S:g} s; the store is asked again for up to {PATIENCE_S:g} s")


def _of_the_store(error: BaseException) -> bool:
    """Whether an error is the store's, or its client's, and neither a fault of this program nor of this disk."""
    if isinstance(error, OSError):
        return error.errno not in _OF_THIS_MACHINE
    return type(error).__module__.partition(".")[0] in _CLIENTS


def _may_pass(error: BaseException) -> bool:
    """Whether the store may do what was asked when it is asked again."""
    if not _of_the_store(error) or isinstance(error, _FINAL):
        return False
    if isinstance(error, OSError):
        return error.errno not in _REFUSED
    return any(kind.__name__ in _PASSING for kind in type(error).__mro__)


def _reason(error: BaseException) -> str:
    if isinstance(error, FileNotFoundError):
        return "is gone: it was there a moment ago; remedy: run again"
    if isinstance(error, PermissionError) or "Credential" in type(error).__name__:
        return f"the store refuses it ({network.words(str(error))}); remedy: keys that may do it, in the environment"
    what = network.reason(error) if network.is_from_network(error) else network.words(str(error))
    waited = f", asked again for {PATIENCE_S:g} s" if _may_pass(error) else ""
    return f"the store did not do what was asked ({what or type(error).__name__}{waited}); remedy: run again"


def _is_conflict(error: OSError, known: str | None) -> bool:
    """Whether the store answers that another object is there (412), or none where one was known."""
    if isinstance(error, FileExistsError):
        return True
    answer = getattr(error.__cause__, "response", None) or {}
    code = str(answer.get("Error", {}).get("Code", ""))
    return code in ("PreconditionFailed", "412") or (isinstance(error, FileNotFoundError) and known is not None)


def _version(info: dict[str, Any]) -> str:
    tag = info.get("ETag") or info.get("etag")
    return str(tag).strip('"') if tag else hashlib.sha256(repr(sorted(info.items(), key=str)).encode()).hexdigest()


def at_once(work: Callable[[str], None], names: Iterable[str]) -> None:
    """Do `work` on every name, some at the same time. Raises what the first that fails raises, and begins no more."""
    names = list(names)
    if not names:
        return
    with ThreadPoolExecutor(min(AT_ONCE, len(names))) as pool:
        try:
            for _ in pool.map(work, names):
                pass
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise

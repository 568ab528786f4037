"""Objects below one URL of a store that fsspec knows: S3, Google Cloud Storage, the hub, and more.

Promises: a copy of an object is whole or not there. A store that is busy, slow or away is asked again for
`PATIENCE_S`; then a StoreError says so. Keys come from the environment of this machine, as the store's own library
reads them; no message holds one.
"""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import tenacity

from factory import network
from factory.errors import ConfigError, StoreError
from factory.storage.files import atomic

T = TypeVar("T")
PATIENCE_S = 120.0
"""Seconds for which a request that fails is sent again, with growing pauses, before the work ends."""
MOST_PAUSE_S = 10.0
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

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

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

    def fetch(self, name: str, path: Path) -> None:
        """Copy an object to the file at `path`. Raises StoreError, and OSError where the disk is full."""
        files, _ = self._opened
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic(path) as temporary:
            temporary.touch()  # an object without bytes brings none
            self._tried(lambda: files.get_file(self._at(name), str(temporary)), name)

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
        try:
            return again(ask)
        except Exception as error:
            if not _of_the_store(error):
                raise
            raise StoreError(f"{self._shown(name)}: {_reason(error)}") from None


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


def _version(info: dict[str, Any]) -> str:
    tag = info.get("ETag") or info.get("etag")
    return str(tag).strip('"') if tag else hashlib.sha256(repr(sorted(info.items(), key=str)).encode()).hexdigest()

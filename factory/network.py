"""Why nothing has come over the network, in words of our own.

Promises: no text of a transport error, which may hold whatever an address holds, a proxy's too; and no address. Knows
errors by the system's own that they come of, whichever client raised them.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator

_ADDRESS = re.compile(r"\w[\w+.-]*://[^\s'\"<>)\]]+")
_MOST = 300
TLS = "no TLS connection: an http port, or a certificate that is not trusted (see SSL_CERT_FILE)"
UNKNOWN_HOST = "no connection: the name of its host is not known"


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what it came of."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def is_from_network(error: BaseException) -> bool:
    """Whether an error came of the network: its text may then hold anything."""
    kinds = (ssl.SSLError, socket.gaierror, ConnectionError, TimeoutError)
    names = ("httpx", "httpx2", "httpcore", "requests", "urllib3", "aiohttp")
    return any(isinstance(it, kinds) or type(it).__module__.split(".")[0] in names for it in causes(error))


def reason(error: BaseException) -> str:
    """What kind of end a request had: "status N" where there was an answer."""
    found = list(causes(error))
    status = next((it for it in (_status(one) for one in found) if it), 0)
    if status:
        return f"status {status}"
    if any(type(it).__name__ == "OfflineModeIsEnabled" for it in found):
        return "HF_HUB_OFFLINE is set"
    if any(isinstance(it, ssl.SSLError) for it in found):
        return TLS
    if any(isinstance(it, socket.gaierror) for it in found):
        return UNKNOWN_HOST
    if any(isinstance(it, TimeoutError) for it in found):
        return "no answer in time"
    if any(isinstance(it, ConnectionRefusedError) for it in found):
        return "no connection: nothing listens there"
    if any("Proxy" in type(it).__name__ for it in found):
        return "the proxy lets nothing through (see HTTPS_PROXY, HTTP_PROXY, ALL_PROXY)"
    return "no connection, or one that broke"


def words(text: str) -> str:
    """What a library says, on one line of at most 300 characters, its addresses masked: they may be signed."""
    return " ".join(_ADDRESS.sub("(address)", text).split())[:_MOST]


def _status(error: BaseException) -> int:
    status = getattr(getattr(error, "response", None), "status_code", 0)
    return status if isinstance(status, int) else 0

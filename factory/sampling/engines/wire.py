"""One HTTP request to an endpoint that speaks the OpenAI API, and what its status means.

Promises: a body of at most `MOST_BYTES` for a success, within `timeout_s` however it drips; any other end is one of
four: `Busy` (429), `Away` (5xx, no connection, no whole answer), `Refused` (this request alone), or an EngineError
where the endpoint takes no request at all. No message holds the key, nor the text of a transport error, which may hold
whatever an address, a proxy's too, holds. A `max_tokens` that is refused goes as `max_completion_tokens` from then on.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from factory import environment, network
from factory.config import OpenAIEngine
from factory.errors import EngineError
from factory.sampling.engines.answers import MOST_BYTES, EndpointError, Unreadable, error_of

_PASSING = frozenset({408, 409, 425})
_REFUSALS = frozenset({400, 403, 413, 414, 422, 431, 451})
"""Statuses that tell of one request; what else is below 500 tells of all of them."""
_MOST_OF_ERROR = 65536
_ENDS = {
    httpx.ConnectTimeout: "no connection in time",
    httpx.ConnectError: "no connection",
    httpx.ProxyError: "the proxy lets nothing through (see HTTPS_PROXY, HTTP_PROXY, ALL_PROXY)",
    httpx.TimeoutException: "no answer in time",
    httpx.UnsupportedProtocol: "the address is not one of http or https",
    httpx.NetworkError: "the connection broke",
    httpx.ProtocolError: "the connection ended before the answer did",
}


class Refused(Exception):
    """The endpoint is well, and does not take this request."""


class Trouble(Exception):
    """The endpoint cannot answer now, and perhaps can in `after_s` seconds."""

    def __init__(self, reason: str, after_s: float | None = None) -> None:
        super().__init__(reason)
        self.after_s = after_s


class Busy(Trouble):
    """It has too much to do."""


class Away(Trouble):
    """It does not answer, or fails to."""


class Wire:
    def __init__(self, config: OpenAIEngine) -> None:
        self._config = config
        self.place = config.base_url
        self._key = ""
        self._limit = "max_tokens"
        """What the endpoint calls the most tokens of an answer."""
        self._well = False
        """Whether it has ever taken a request."""
        self._client: httpx.AsyncClient

    def open(self) -> None:
        """Raises ConfigError where the key is missing, or cannot be sent, or where a variable is wrong."""
        config = self._config
        if config.api_key_env is not None:
            remedy = f"`export {config.api_key_env}=…` with the endpoint's key alone"
            self._key = environment.secret(config.api_key_env, remedy, "engine.api_key_env")
        environment.check_network()
        self._client = httpx.AsyncClient(
            base_url=config.base_url,
            headers={"Authorization": f"Bearer {self._key}"} if self._key else {},
            timeout=httpx.Timeout(config.timeout_s, connect=min(30.0, config.timeout_s), pool=None),
            limits=httpx.Limits(max_connections=config.in_flight, max_keepalive_connections=config.in_flight),
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def post(self, body: Mapping[str, Any], count: int, chat: bool) -> bytes:
        """The body of the answer to a request for `count` choices. Raises Refused, Trouble, Unreadable, EngineError."""
        try:
            return await self._post(self._named(body, count), chat)
        except _LimitRefused:
            self._limit = "max_completion_tokens"
            return await self._post(self._named(body, count), chat)

    def _named(self, body: Mapping[str, Any], count: int) -> dict[str, Any]:
        renamed = {self._limit if name == "max_tokens" else name: value for name, value in body.items()}
        return {"n": count} | renamed

    async def _post(self, body: dict[str, Any], chat: bool) -> bytes:
        route = "chat/completions" if chat else "completions"
        try:
            async with (
                asyncio.timeout(self._config.timeout_s),
                self._client.stream("POST", route, json=body) as response,
            ):
                if response.is_success:
                    self._well = True
                    return await _read(response)
                raise self._failure(response, await _start(response), "max_tokens" in body)
        except TimeoutError:
            raise Away(f"no whole answer within engine.timeout_s ({self._config.timeout_s:g} s)") from None
        except httpx.DecodingError:
            raise Unreadable("the answer is not in its Content-Encoding") from None
        except httpx.HTTPError as error:
            reason, passes = _end(error)
            raise Away(reason) if passes or self._well else EngineError(f"{self.place}: {reason}") from None

    def _failure(self, response: httpx.Response, body: bytes, limited: bool) -> Exception:
        """What a status other than success is."""
        status, error = response.status_code, _error_in(body)
        reason = f"status {status} {response.reason_phrase}".rstrip()
        reason = f"{reason}: {self._without_key(error.reason) or 'no message'}"
        if status == 429:
            return Busy(reason, retry_after_s(response.headers))
        if status in _PASSING or status >= 500:
            return Away(reason, retry_after_s(response.headers))
        if status in _REFUSALS:
            named = "max_completion_tokens" in error.reason or error.parameter == "max_tokens"
            return _LimitRefused(reason) if limited and named else Refused(reason)
        if response.is_redirect:
            reason = f"status {status}: the endpoint has moved"
        if self._well:  # it took requests before: a gateway or a router is in trouble, or the key is being changed
            return Away(reason, retry_after_s(response.headers))
        return EngineError(f"{self.place}: {reason}; see engine.base_url, engine.model and engine.api_key_env")

    def error(self, error: EndpointError) -> Exception:
        """What an error in the body of a success is: the same as if it had come as a status."""
        reason, status = f"an error in place of an answer: {self._without_key(error.reason)}", error.status
        if status == 429:
            return Busy(reason)
        return Refused(reason) if status is not None and status < 500 and status not in _PASSING else Away(reason)

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, "***") if self._key else text


class _LimitRefused(Refused):
    """The endpoint has another name for `max_tokens`."""


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds for which an answer asks to be left alone; None where it does not say.

    `Retry-After` is seconds or a date (RFC 9110 §10.2.3), by the clock of the answer's own `Date`; OpenAI, Azure and
    others also send milliseconds.
    """
    for name in ("retry-after-ms", "x-ms-retry-after-ms"):
        if (milliseconds := _number(headers.get(name, ""))) is not None:
            return milliseconds / 1000
    text = headers.get("retry-after", "")
    if (seconds := _number(text)) is not None:
        return seconds
    until = _date(text)
    if until is None:
        return None
    return max((until - (_date(headers.get("date", "")) or datetime.now(UTC))).total_seconds(), 0.0)


def _number(text: str) -> float | None:
    """A number of seconds that can be waited for; a negative one is 0."""
    try:
        number = float(text)
    except ValueError:
        return None
    return max(number, 0.0) if abs(number) < 1e9 else None


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


async def _read(response: httpx.Response) -> bytes:
    """The whole body. Raises Unreadable where it is too long."""
    pieces, length = [], 0
    async for piece in response.aiter_bytes():
        length += len(piece)
        if length > MOST_BYTES:
            raise Unreadable(f"the answer has more than {MOST_BYTES:,} bytes")
        pieces.append(piece)
    return b"".join(pieces)


async def _start(response: httpx.Response) -> bytes:
    """The first bytes of an error's body, as far as they can be read: the status says enough without them."""
    body = b""
    try:
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) >= _MOST_OF_ERROR:
                break
    except httpx.HTTPError:
        pass
    return body[:_MOST_OF_ERROR]


def _error_in(body: bytes) -> EndpointError:
    """The error in a body: an object with `error`, or with `message` itself, or its text."""
    text = body.decode("utf-8", "replace")
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return EndpointError(" ".join(text.split())[:500])
    if isinstance(said, dict):
        return error_of(said.get("error") or said)
    return EndpointError(" ".join(text.split())[:500])


def _end(error: httpx.HTTPError) -> tuple[str, bool]:
    """Why there is no answer, in words of ours, and whether that may pass."""
    causes = list(network.causes(error))
    if any(isinstance(it, ssl.SSLError) for it in causes):
        return network.TLS, False
    if any(isinstance(it, socket.gaierror) for it in causes):
        return network.UNKNOWN_HOST, True
    return next((words for kind, words in _ENDS.items() if isinstance(error, kind)), "no answer"), True

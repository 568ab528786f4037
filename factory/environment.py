"""What is taken from the environment: secrets, and what decides how the network is reached.

Promises: a secret is read here alone, without the white space around it, and nothing that goes to stdout or stderr
shows it afterwards (`streams.hide`). What is wrong in a variable is a ConfigError of one line, which names the variable
and the remedy, and never a secret, nor the address of a proxy.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from factory import streams
from factory.errors import ConfigError

_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")
_ENDPOINTS = ("HF_ENDPOINT",)
_SERVICES = ("DOCKER_HOST", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL")
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_TOKENS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
"""What libraries read by themselves, too."""


def secret(variable: str, remedy: str, key: str = "") -> str:
    """The secret in an environment variable, which `key` of the config names.

    Raises ConfigError where there is none, or one that no header can hold.
    """
    place = f"{key}: {variable}" if key else variable
    value = os.environ.get(variable, "").strip()
    if not value:
        raise ConfigError(f"{place}: is not set; remedy: {remedy}")
    if not (value.isascii() and value.isprintable()) or " " in value:
        raise ConfigError(
            f"{place}: holds more than a key: white space, or characters that are not ASCII; remedy: {remedy}"
        )
    streams.hide(value)
    return value


def hide_secrets() -> None:
    """Keep the secrets that libraries find by themselves, in tokens and addresses, out of what is shown."""
    for name in _TOKENS:
        streams.hide(os.environ.get(name, "").strip())
    for name in _set((*_PROXIES, *_ENDPOINTS, *_SERVICES)):
        try:
            password = urlsplit(os.environ[name]).password or ""
        except ValueError:
            continue
        streams.hide(password)
        streams.hide(unquote(password))


def check_addresses() -> None:
    """Raises ConfigError where an address is malformed: some libraries read it when they are imported, and fail."""
    for name in (*_set(_PROXIES[:-1]), *_set(_ENDPOINTS)):
        address = os.environ[name]
        whole = address if "://" in address or name in _ENDPOINTS else f"http://{address}"
        try:
            parts = urlsplit(whole)
            good = parts.hostname is not None and (parts.port or 1) and "://" in whole
        except ValueError:
            good = False
        if not good:
            raise ConfigError(
                f"{name}: is no address; remedy: one such as http://host:port, with a port up to 65535, or "
                f"`unset {name}`"
            )


def check_network() -> None:
    """Raises ConfigError where a variable keeps clients from starting that speak HTTP."""
    import httpx

    check_addresses()
    for name in _CERTIFICATES:
        if (value := os.environ.get(name)) and not Path(value).exists():
            raise ConfigError(f"{name}: {value}: there is no such file; remedy: the right path, or `unset {name}`")
    named = ", ".join(_set(_PROXIES)) or ", ".join(_set(_CERTIFICATES))
    try:
        httpx.Client().close()
    except ImportError:
        raise ConfigError(
            f"{named}: a SOCKS proxy needs a package that is not here; remedy: pip install 'httpx[socks]', "
            "or a proxy that speaks HTTP"
        ) from None
    except (ValueError, OSError, httpx.InvalidURL):
        raise ConfigError(
            f"{named}: cannot be read; remedy: addresses such as http://host:port, in NO_PROXY names of hosts (blocks "
            "of IPv6 addresses are not known to the client), and certificates in PEM; or unset what is wrong"
        ) from None


def _set(names: tuple[str, ...]) -> list[str]:
    """Those of the names, in either case, that are set."""
    return [one for name in names for one in (name, name.lower()) if os.environ.get(one)]

"""Secrets that stand in a config, where they must not: a run keeps it, and parts of it in every record.

Promises: a value that is a secret by its key's name, by its form, or as part of an address is refused with its key,
and is in no message. Does not promise to know every form that a secret may have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from factory.config.places import as_place
from factory.errors import ConfigError

_NAMES = (
    *("apikey", "accesskey", "secretkey", "privatekey", "secret", "password", "passwd", "authorization", "credentials"),
    *("hftoken", "authtoken", "accesstoken", "bearertoken", "sessiontoken", "refreshtoken"),
)
"""How names of keys end whose values are secret, without `_` and `-`."""
_FORMS = re.compile(
    r"(?:Bearer|Basic) \S{8,}|hf_[A-Za-z0-9]{16,}|sk-[\w-]{16,}|gh[opsu]_\w{16,}|AKIA[0-9A-Z]{16}|xox[a-z]-[\w-]{16,}"
)
_LOGIN = re.compile(r"://[^/\s]*@")
_PARAMETER = re.compile(r"[?&]([^=&?\s]+)=[^&?\s]")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REMEDY = "a config holds no secrets, since it is copied into every run; name the variable in engine.api_key_env"


def refuse_secrets(data: Any, place: str) -> None:
    """Raises ConfigError, naming the keys in `data` that hold a secret."""
    found = [f"{place}: {key}: holds {what}; {_REMEDY}" for key, what in _secrets(data, ())]
    if found:
        raise ConfigError("\n".join(found))


def _secrets(data: Any, way: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """(key, what it holds) of every secret."""
    if isinstance(data, dict):
        for name, value in data.items():
            yield from _secrets(value, (*way, str(name)))
    elif isinstance(data, list):
        for value in data:
            yield from _secrets(value, way)
    elif isinstance(data, str | Path) and (what := _what(way[-1] if way else "", str(as_place(data)))):
        yield ".".join(way), what


def _what(name: str, value: str) -> str:
    """Which secret `value` is, or has in it; "" for none."""
    if value and _is_secret(name, "token"):
        return "a secret, by its name"
    if name.endswith("api_key_env") and not _VARIABLE.fullmatch(value):
        return "what cannot be the name of a variable"
    if _FORMS.fullmatch(value):
        return "what looks like a key"
    if _LOGIN.search(value):
        return "an address with a name or key in it"
    if "://" in value and any(
        _is_secret(parameter[1], "key", "token", "sig") for parameter in _PARAMETER.finditer(value)
    ):
        return "an address with a key in it"
    return ""


def _is_secret(name: str, *whole: str) -> bool:
    """Whether a name ends as those of secrets do, or is one of `whole`."""
    plain = name.lower().replace("_", "").replace("-", "")
    return plain.rpartition(".")[2] in whole or plain.endswith(_NAMES)

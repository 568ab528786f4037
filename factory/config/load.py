"""A config from YAML and `--set`; every fault is named with its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from factory.config.base import Section
from factory.config.engines import ENGINE_KINDS
from factory.config.run import Config
from factory.errors import ConfigError

S = TypeVar("S", bound="Section")


def load(path: Path, overrides: tuple[str, ...] = ()) -> Config:
    """The config in YAML file `path`, with `overrides` ("a.b=c", c as YAML) put over it.

    Raises ConfigError naming file, key, value and what is allowed.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such config file; those that come along are in configs/") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: is not YAML: {error}") from None
    if not isinstance(data, dict):
        raise ConfigError(f"{path}: a config is a mapping of sections, not {type(data).__name__}; see `factory schema`")
    for override in overrides:
        _put(data, override)
    return validate(Config, data, str(path))


def parse_section(model: type[S], overrides: tuple[str, ...], given: dict[str, Any] | None = None) -> S:
    """A section made of its defaults, what is `given`, and `overrides`. Raises ConfigError."""
    data = given or {}
    for override in overrides:
        _put(data, override)
    return validate(model, data, "--set")


def validate(model: type[S], data: dict[str, Any], place: str) -> S:
    """`data` as a `model`. Raises ConfigError with every fault, one a line."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise ConfigError("\n".join(dict.fromkeys(_fault(place, item) for item in error.errors()))) from None


UNION_STEPS = ("constrained-float", "literal['auto']")
"""Steps of pydantic's way to a value that may be of several kinds."""


def _fault(place: str, item: Any) -> str:
    loc = [str(part) for part in item["loc"] if part not in UNION_STEPS]
    # An engine's kind, by which its fields are chosen, is a step of pydantic's way but not of the file's.
    key = ".".join(part for at, part in enumerate(loc) if not (at and loc[at - 1] == "engine" and part in ENGINE_KINDS))
    if item["type"] == "extra_forbidden":
        return f"{place}: {key}: unknown key; `factory schema` lists those there are"
    if item["type"] == "missing":
        return f"{place}: {key}: is missing"
    shown = json.dumps(item["input"], default=str)
    return f"{place}: {key}: {shown[:120]} is not allowed: {item['msg']}"


def _put(data: dict[str, Any], override: str) -> None:
    path, equals, text = override.partition("=")
    if not equals or not path:
        raise ConfigError(f"--set {override}: is not of the form a.b=value")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        raise ConfigError(f"--set {override}: {text!r} is not a YAML value") from None
    *way, last = path.split(".")
    for part in way:
        data = data.setdefault(part, {})
        if not isinstance(data, dict):
            raise ConfigError(f"--set {override}: {part} is a value, not a section")
    data[last] = value

"""Reads a config from YAML and `--set`.

Promises: an error names its place (the file, or the `--set`), the key, the value and what is allowed; all errors of a
config come at once. Old names of keys are read under their new names, with a warning (`factory.config.renamed`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from factory.config.base import Section
from factory.config.faults import describe
from factory.config.renamed import new_key, new_names
from factory.config.run import Config
from factory.errors import ConfigError

S = TypeVar("S", bound="Section")


def load(path: Path, overrides: tuple[str, ...] = ()) -> Config:
    """The config in the YAML file `path`; each of `overrides` ("a.b=c", c in YAML) sets a key after that.

    Raises ConfigError naming place, key, value and what is allowed.
    """
    import yaml  # here, since `factory schema` reads no YAML

    from factory.config import unique_keys

    try:
        data = unique_keys.load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such config file; configs/ has examples") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: is not valid YAML: {error}") from None
    if not isinstance(data, dict):
        raise ConfigError(
            f"{path}: a config must be a mapping of sections, not {type(data).__name__}; see `factory schema`"
        )
    return validate(Config, data, str(path), overrides)


def parse_section(model: type[S], overrides: tuple[str, ...], given: dict[str, Any] | None = None) -> S:
    """A section made of its defaults, the values in `given`, and `overrides`. Raises ConfigError."""
    return validate(model, given or {}, "command line", overrides)


def validate(model: type[S], data: dict[str, Any], place: str, overrides: tuple[str, ...] = ()) -> S:
    """`data` as a `model`, with `overrides` on top. Raises ConfigError with every error, one a line."""
    data = new_names(data, place)
    sources: dict[str, str] = {}
    for override in overrides:
        source = f"--set {override}"
        sources[_put(data, override, source)] = source
        data = new_names(data, source)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise ConfigError(describe(model, error.errors(), place, sources)) from None


def _put(data: dict[str, Any], override: str, source: str) -> str:
    """Set one value in `data`; its key."""
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise ConfigError(f"{source}: must have the form a.b=value")
    import yaml

    from factory.config import unique_keys

    try:
        value = unique_keys.load(text)
    except yaml.YAMLError as error:
        reason = getattr(error, "problem", None) or error
        raise ConfigError(f"{source}: {text!r} is not valid YAML: {reason}") from None
    key = new_key(key, source)
    *way, last = key.split(".")
    for part in way:
        data = data.setdefault(part, {})
        if not isinstance(data, dict):
            raise ConfigError(f"{source}: {part} is a value, not a section")
    data[last] = value
    return key

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
from factory.config.secrets import refuse_secrets
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
    return _validated(Config, data, str(path), overrides)


def parse_section(model: type[S], overrides: tuple[str, ...], given: dict[str, Any] | None = None) -> S:
    """A section made of its defaults, the values in `given`, and `overrides`. Raises ConfigError."""
    return _validated(model, given or {}, "command line", overrides)


def validate(model: type[S], data: dict[str, Any], place: str) -> S:
    """`data`, which a run has kept, as a `model`. Raises ConfigError with every error, one a line."""
    return _model(model, new_names(data, place), place, {})


def _validated(model: type[S], data: dict[str, Any], place: str, overrides: tuple[str, ...]) -> S:
    """The same of what somebody wrote, with `overrides` on top; ConfigError also where it holds a secret."""
    refuse_secrets(data, place)
    data = new_names(data, place)
    sources: dict[str, str] = {}
    for override in overrides:
        source = f"--set {override}"
        refuse_secrets(_tree(override), f"--set {override.partition('=')[0]}")
        sources[_put(data, override, source)] = source
        data = new_names(data, source)
    return _model(model, data, place, sources)


def _model(model: type[S], data: dict[str, Any], place: str, sources: dict[str, str]) -> S:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise ConfigError(describe(model, error.errors(), place, sources)) from None


def _tree(override: str) -> dict[str, Any]:
    """What an override sets, as far as it can be read, by its key."""
    import yaml

    key, _, text = override.partition("=")
    try:
        return {key: yaml.safe_load(text)}
    except yaml.YAMLError:
        return {key: text}


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

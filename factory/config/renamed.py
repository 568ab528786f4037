"""Old names of config keys and values. This version reads them under their new names and warns; the next refuses them.

One line for each name. The tables hold for config files, for `--set`, and for the config.yaml of an old run directory.
"""

from __future__ import annotations

import copy
import warnings
from typing import Any

from factory.errors import ConfigError, RenamedKeyWarning

KEYS = {
    "scrutiny": "review",
    "clean": "decontamination",
    "sandbox.workers": "executor.workers",
}
"""Old key -> new key, of a value or of a whole section."""
VALUES = {"rank.by": {"repairs": "import_fixes", "findings": "lint"}}
"""Key of a list -> old value -> new value."""


def new_names(data: dict[str, Any], place: str) -> dict[str, Any]:
    """A copy of a config's `data` under the new names. `place` (a file or a --set) begins each warning.

    Raises ConfigError where an old and a new name of the same key are both there.
    """
    data = copy.deepcopy(data)
    for old, new in KEYS.items():
        holder, last = _holder(data, old)
        if holder is not None and last in holder:
            _move(data, holder.pop(last), new, f"{place}: {old}")
            _warn(place, old, new)
    for key, names in VALUES.items():
        holder, last = _holder(data, key)
        if holder is not None and isinstance(holder.get(last), list):
            holder[last] = [_new_value(place, key, value, names) for value in holder[last]]
    return data


def new_key(key: str, place: str) -> str:
    """The new name of a key, which may lie inside a section that has another name now."""
    for old, new in KEYS.items():
        if key == old or key.startswith(f"{old}."):
            _warn(place, old, new)
            return new + key[len(old) :]
    return key


def _holder(data: dict[str, Any], key: str) -> tuple[dict[str, Any] | None, str]:
    """The mapping that has the last part of `key`, or None, and that part."""
    *way, last = key.split(".")
    found: Any = data
    for part in way:
        found = found.get(part) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else None, last


def _move(data: dict[str, Any], value: Any, new: str, old: str) -> None:
    *way, last = new.split(".")
    for part in way:
        data = data.setdefault(part, {})
        if not isinstance(data, dict):
            raise ConfigError(f"{old} is now {new}, but {part} is a value, not a section")
    if last in data:
        raise ConfigError(f"{old} is the old name of {new}, which is set too; remove the old one")
    data[last] = value


def _new_value(place: str, key: str, value: Any, names: dict[str, str]) -> Any:
    if not isinstance(value, str) or value not in names:
        return value
    _warn(place, f"{key}: {value}", names[value])
    return names[value]


def _warn(place: str, old: str, new: str) -> None:
    text = f"{place}: {old} is now called {new}; the next version refuses the old name"
    warnings.warn(text, RenamedKeyWarning, stacklevel=4)

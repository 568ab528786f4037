"""What a change of the config does to a run that has started, by the marks on the fields."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

from pydantic_core import to_jsonable_python

from factory.config.base import Section, values_of
from factory.config.marks import Resume, is_unstated, resume_of, varies_of


def keys(model: type[Section], resume: Resume) -> list[str]:
    """Keys of the fields with that mark, in the order of the config."""
    return list(dict.fromkeys(key for key, field in values_of(model) if resume_of(field) is resume))


def differences(old: Section, new: Section) -> list[str]:
    """Changes that a resumed run may not make, as sorted lines "key: old -> new"; empty where it may go on."""
    return sorted(_differences(old, new, ""))


def _differences(old: Section, new: Section, prefix: str) -> Iterator[str]:
    if type(old) is not type(new):  # sections of another kind have no other key in common
        yield from _refused(f"{prefix}kind", getattr(old, "kind", None), getattr(new, "kind", None), _kind_mark(new))
        return
    for name, field in type(new).model_fields.items():
        was, now = getattr(old, name), getattr(new, name)
        if isinstance(was, Section) and isinstance(now, Section):
            yield from _differences(was, now, f"{prefix}{name}.")
        elif isinstance(was, tuple) and isinstance(now, tuple) and resume_of(field) is Resume.EXTENDS:
            yield from _longer(was, now, f"{prefix}{name}")
        else:
            yield from _refused(f"{prefix}{name}", was, now, resume_of(field))


def _longer(was: tuple[Any, ...], now: tuple[Any, ...], key: str) -> Iterator[str]:
    """The same of a list that may only get longer, at its end."""
    for at, (old, new) in enumerate(zip_longest(was, now)):
        if at >= len(was):
            return
        if isinstance(old, Section) and isinstance(new, Section):
            yield from _differences(old, new, f"{key}.{at}.")
        else:
            yield from _refused(f"{key}.{at}", old, new, Resume.REFUSE)


def _kind_mark(section: Section) -> Resume:
    return resume_of(type(section).model_fields["kind"])


def _refused(key: str, was: Any, now: Any, resume: Resume) -> Iterator[str]:
    if resume is Resume.FREE or _comparable(was) == _comparable(now):
        return
    if resume is Resume.EXTENDS and was is not None and (now is None or now > was):
        return
    if resume is Resume.SHRINKS and now < was:
        return
    before, after = _flat(to_jsonable_python(was), key), _flat(to_jsonable_python(now), key)
    for inner in before.keys() | after.keys():
        if before.get(inner) != after.get(inner):
            yield f"{inner}: {json.dumps(before.get(inner))} -> {json.dumps(after.get(inner))}"


def _comparable(value: Any) -> Any:
    """A value by which two configs are compared: paths resolved, and free fields of listed sections left out."""
    if isinstance(value, Path):
        return value.resolve()
    if isinstance(value, tuple):
        return [_comparable(one) for one in value]
    if isinstance(value, Section):
        fields = type(value).model_fields.items()
        return {
            name: _comparable(getattr(value, name)) for name, field in fields if resume_of(field) is not Resume.FREE
        }
    return value


def _flat(data: Any, key: str) -> dict[str, Any]:
    """The values in a mapping of any depth, by dotted key; a value that is no mapping is its own."""
    if not isinstance(data, dict) or not data:
        return {} if data == {} else {key: data}
    return {at: value for name, inner in data.items() for at, value in _flat(inner, f"{key}.{name}").items()}


def settled(section: Section) -> dict[str, Any]:
    """The values that results depend on, as JSON: what `config_sha256` in the manifest is made of."""
    found = {}
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if resume_of(field) is not Resume.FREE and not is_unstated(field, value):
            found[name] = _settled(value)
    return found


def _settled(value: Any) -> Any:
    if isinstance(value, Section):
        return settled(value)
    if isinstance(value, tuple):
        return [_settled(one) for one in value]
    return os.path.normpath(value) if isinstance(value, Path) else to_jsonable_python(value)


def varies(section: Section, prefix: str = "") -> list[str]:
    """Keys whose values make the shards' bytes vary from run to run, such as "limits.cpu_s: auto"."""
    found: list[str] = []
    for name, field in type(section).model_fields.items():
        value, mark = getattr(section, name), varies_of(field)
        if isinstance(value, Section):
            found += varies(value, f"{prefix}{name}.")
        elif mark is not None and mark.holds(value):
            found.append(mark.label(f"{prefix}{name}"))
    return found

"""YAML in which no key is given twice: the standard's rule, which PyYAML does not keep."""

from __future__ import annotations

from typing import Any

import yaml


def load(text: str) -> Any:
    """The value of a YAML text. Raises yaml.YAMLError, also where a mapping has a key twice."""
    return yaml.load(text, _Loader)


class _Loader(yaml.SafeLoader):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        for number, key in enumerate(keys):
            if key in keys[:number]:
                mark = node.value[number][0].start_mark
                raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} is given twice", mark)
        return super().construct_mapping(node, deep)

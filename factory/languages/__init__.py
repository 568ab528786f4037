"""The languages there are, by name."""

from factory.errors import ConfigError
from factory.languages.base import Language
from factory.languages.go import Go
from factory.languages.javascript import JavaScript
from factory.languages.python import Python

__all__ = ["LANGUAGES", "Language", "language"]

LANGUAGES: dict[str, Language] = {"python": Python(), "go": Go(), "javascript": JavaScript()}


def language(name: str) -> Language:
    """The language called `name`. Raises ConfigError naming those there are."""
    try:
        return LANGUAGES[name]
    except KeyError:
        raise ConfigError(f"language {name!r} is unknown; there are: {', '.join(LANGUAGES)}") from None

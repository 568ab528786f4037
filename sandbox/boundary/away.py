"""Why a service that a wall needs does not answer, in words of ours: what carries requests may say anything."""

from __future__ import annotations

from collections.abc import Iterator


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what it came of."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def reason(error: BaseException, patience_s: float) -> str:
    """Why nothing has come from a service that may take `patience_s` seconds."""
    causes = list(chain(error))
    if any(isinstance(it, TimeoutError) for it in causes):
        return f"no answer within {patience_s:g} s"
    found = next((it for it in causes if isinstance(it, OSError) and it.errno and it.strerror), None)
    if found is not None:
        return str(found.strerror)
    return "the connection broke" if isinstance(error, OSError) else str(error).strip()

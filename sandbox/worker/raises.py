"""`pytest.raises` for test code, which runs where pytest is not."""

import re
from collections.abc import Callable
from types import TracebackType
from typing import Any

from sandbox.worker.marks import fail

Kinds = type[BaseException] | tuple[type[BaseException], ...]


class ExceptionInfo:
    """What `with raises(…) as info` gives: filled when the block is left."""

    value: BaseException

    @property
    def type(self) -> type[BaseException]:
        return type(self.value)

    @property
    def typename(self) -> str:
        return type(self.value).__name__

    def match(self, pattern: str | re.Pattern[str]) -> bool:
        """True if `pattern` is found in the message. Raises AssertionError where it is not."""
        if not re.search(pattern, str(self.value)):
            raise AssertionError(f"{pattern!r} is not found in {str(self.value)!r}")
        return True


class Raises:
    """The block has to raise one of `kinds`, its message to have `match` in it, and `check` to hold for it."""

    def __init__(
        self,
        kinds: Kinds,
        match: str | re.Pattern[str] | None,
        check: Callable[[BaseException], bool] | None,
    ) -> None:
        self._kinds, self._match, self._check = kinds, match, check
        self.info = ExceptionInfo()

    def __enter__(self) -> ExceptionInfo:
        return self.info

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> bool:
        if error is None:
            fail(f"did not raise {self._kinds}")
        if not isinstance(error, self._kinds):
            return False
        self.info.value = error
        if self._match is not None:
            self.info.match(self._match)
        if self._check is not None and not self._check(error):
            raise AssertionError(f"{error!r} is not as the check wants it")
        return True


def raises(
    expected_exception: Any = None,
    func: Callable[..., object] | None = None,
    /,
    *args: Any,
    match: str | re.Pattern[str] | None = None,
    check: Callable[[BaseException], bool] | None = None,
    **kwargs: Any,
) -> Any:
    """A context manager; with `func`, what calling that raised. Raises ValueError where nothing is asked."""
    if "expected_exception" in kwargs:
        expected_exception = kwargs.pop("expected_exception")
    if func is not None:
        kwargs |= {name: one for name, one in (("match", match), ("check", check)) if one is not None}
        with Raises(expected_exception, None, None) as info:
            func(*args, **kwargs)
        return info
    if kwargs:
        raise TypeError(f"raises() has no {', '.join(kwargs)}")
    if expected_exception is None or expected_exception == ():
        if match is None and check is None:
            raise ValueError("raises() needs an exception, a match or a check")
        expected_exception = BaseException
    for kind in expected_exception if isinstance(expected_exception, tuple) else (expected_exception,):
        if not (isinstance(kind, type) and issubclass(kind, BaseException)):
            raise TypeError(f"{kind!r} is no exception")
    return Raises(expected_exception, match, check)

"""What a program prints during a call, for tests that look at it."""

import io
import sys


class Printed:
    """Standard output and error of a program, kept to be sent with each answer."""

    def __init__(self) -> None:
        sys.stdout, sys.stderr = (io.TextIOWrapper(io.BytesIO(), "utf-8", "backslashreplace") for _ in range(2))
        self._streams = sys.stdout, sys.stderr

    def take(self) -> list[str] | None:
        """What was printed since the last time; None if that is nothing."""
        texts = []
        for stream in self._streams:
            stream.flush()
            texts.append(stream.buffer.getvalue().decode("utf-8", "replace"))
            stream.seek(0)
            stream.truncate()
        return texts if any(texts) else None

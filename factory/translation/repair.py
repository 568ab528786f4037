"""What a model reads about a candidate that failed, so that it can mend it.

Promises: about a case that is not public it says only that it failed, and how.
"""

from __future__ import annotations

import re

from factory.records import Status, Verdict


def complaint(verdict: Verdict) -> str:
    """One paragraph on why the candidate of `verdict` failed."""
    if verdict.status is Status.COMPILE_ERROR:
        return f"It does not compile: {verdict.detail}"
    if verdict.first_failure is None:
        return _without_values(verdict.detail)
    failure = verdict.first_failure
    if not failure.public:
        return f"It fails on an input that is not shown here: {_without_values(verdict.detail)}"
    if verdict.status is Status.WRONG_ANSWER:
        return f"For the input {failure.input} it gives {failure.got} but should give {failure.expected}."
    return f"For the input {failure.input} it fails: {failure.got}"


def _without_values(detail: str) -> str:
    """A verdict's line without the answers in it."""
    return re.sub(r"answered .*, expected .*", "a wrong answer", detail, flags=re.DOTALL)

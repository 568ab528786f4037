"""What people and models call Python, and what a translator minds."""

from __future__ import annotations

from factory.records import Problem


class PythonWording:
    """Implements `factory.languages.base.Wording`."""

    name = "python"
    title = "Python"

    def entry_name(self, python_name: str) -> str:
        return python_name

    def signature(self, problem: Problem, code: str) -> str:
        return ""

    def beginning(self, signature: str) -> str:
        return ""

    def packages(self, code: str) -> tuple[str, ...]:
        return ()

    def odd_case(self, problem: Problem) -> int | None:
        return None

    def rules(self, entry_point: bool, signature: bool) -> tuple[str, ...]:
        return ()

"""What people and models call JavaScript, and what a translator minds."""

from __future__ import annotations

from factory.languages.javascript.names import javascript_name
from factory.languages.javascript.signature import signature
from factory.records import Problem


class JavaScriptWording:
    """Implements `factory.languages.base.Wording`."""

    name = "javascript"
    title = "JavaScript"

    def entry_name(self, python_name: str) -> str:
        return javascript_name(python_name)

    def signature(self, problem: Problem, code: str) -> str:
        return signature(problem, code)

    def beginning(self, signature: str) -> str:
        return f"{signature} {{\n" if signature else ""

    def packages(self, code: str) -> tuple[str, ...]:
        return ()

    def odd_case(self, problem: Problem) -> int | None:
        return None

    def rules(self, entry_point: bool, signature: bool) -> tuple[str, ...]:
        reading = "`require('fs').readFileSync(0, 'utf8')` reads all input."
        types = (
            "Types: int -> number (bigint beyond 2**53, in and out), float -> number, str -> string, bytes -> "
            "Uint8Array, list and tuple -> Array, set -> Set, dict with string keys -> plain object, any other "
            "dict -> Map, None -> null."
        )
        arithmetic = (
            "It runs on Node as CommonJS or as a module, without npm packages. Python's // and % round towards "
            "minus infinity, JavaScript's / is exact and % takes the sign of its left side; integers beyond 2**53 "
            "need BigInt; a Python str is indexed by characters, a JavaScript string by UTF-16 units; sort() "
            "compares texts unless told otherwise."
        )
        return ((types,) if entry_point else (reading,)) + (arithmetic,)

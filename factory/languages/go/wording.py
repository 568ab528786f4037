"""What people and models call Go, and what a translator minds."""

from __future__ import annotations

from factory.languages.go.names import go_name
from factory.languages.go.packages import packages
from factory.languages.go.signature import odd_case, signature
from factory.records import Problem


class GoWording:
    """Implements `factory.languages.base.Wording`."""

    name = "go"
    title = "Go"

    def entry_name(self, python_name: str) -> str:
        return go_name(python_name)

    def signature(self, problem: Problem, code: str) -> str:
        return signature(problem, code)

    def beginning(self, signature: str) -> str:
        return f"package main\n\n{signature} {{\n" if signature else "package main\n\n"

    def packages(self, code: str) -> tuple[str, ...]:
        return packages(code)

    def odd_case(self, problem: Problem) -> int | None:
        return odd_case(problem)

    def rules(self, entry_point: bool, signature: bool) -> tuple[str, ...]:
        shape: tuple[str, ...] = ()
        if not entry_point:
            shape = ("`data, _ := io.ReadAll(os.Stdin)` reads all input; go on with `string(data)`.",)
        elif not signature:
            shape = (
                "Types: int -> int (*big.Int only where values exceed 64 bits), float -> float64, str -> string, "
                "bool -> bool, bytes -> []byte, list[T] -> []T, dict[K, V] -> map[K]V, set[T] -> map[T]struct{}.",
                "A tuple result is several results, a tuple elsewhere an array or a small struct. An Optional result "
                "is followed by a bool, false for None; an Optional parameter is a pointer, nil for None.",
            )
        return (
            *shape,
            "Start with `package main`. Python's // and % round towards minus infinity, Go's towards zero; a Python "
            "str is indexed by characters, so use []rune.",
        )

"""Fuzzes what reads texts and answers, guided by the lines that run: `pip install atheris`, then

    python tests/bench/fuzz_readers.py [extract|read|fit|compare|tests] -max_total_time=600

Atheris is no dependency of the tests: it instruments the interpreter's bytecode, and every release of Python is new to
it. What it finds ends with a traceback and the input in a file `crash-…`; add that to `tests/factory/test_fuzz.py`.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["factory", "sandbox"]):
    from factory.grading.comparison import close, exact, rounded, same_lines, tokens, unordered
    from factory.grading.extract import extract
    from factory.languages import language
    from factory.languages.base import Unfit
    from factory.languages.go.answers import GoAnswer
    from factory.languages.javascript.answers import JavaScriptAnswer
    from factory.problems.parsing import statement, suite
    from factory.records import Problem, Rollout
    from factory.records.values import Unreadable, dumps, read

PROBLEM = Problem.model_validate(
    {"id": "t/0", "prompt": "", "entry_point": "f", "cases": [{"args": [1], "expected": 1}]}
)


def fuzz_extract(data: atheris.FuzzedDataProvider) -> None:
    mode = data.PickValueInList(["chat", "completion"])
    name = data.PickValueInList(["python", "go", "javascript"])
    text = data.ConsumeUnicode(data.remaining_bytes())
    extract(Rollout(problem_id="t/0", index=0, mode=mode, text=text), PROBLEM, language(name))


def fuzz_read(data: atheris.FuzzedDataProvider) -> None:
    try:
        dumps(read(data.ConsumeUnicode(data.remaining_bytes())))
    except Unreadable:
        pass


def fuzz_fit(data: atheris.FuzzedDataProvider) -> None:
    name, kind = data.PickValueInList([("go", GoAnswer), ("javascript", JavaScriptAnswer)])
    want = data.PickValueInList([None, 1, 1.5, "a", [1], (1, "a"), {1}, {"a": 1}, {1: [2]}, 1j, b"a"])
    try:
        language(name).fit(kind(data.ConsumeUnicode(data.remaining_bytes())), want)
    except Unfit:
        pass


def fuzz_compare(data: atheris.FuzzedDataProvider) -> None:
    given, due = (data.ConsumeUnicode(data.ConsumeIntInRange(0, 60)) for _ in range(2))
    same_lines(given, due)
    tokens(given, due, 0.1, 0.1, numbers=True, any_case=True)
    try:
        got, want = read(given), read(due)
    except Unreadable:
        return
    for decide in (exact, rounded, unordered, lambda a, b: close(a, b, 0.1, 0.1)):
        decide(got, want)


def fuzz_tests(data: atheris.FuzzedDataProvider) -> None:
    text = data.ConsumeUnicode(data.remaining_bytes())
    for reader in (
        lambda: suite.of_file(text, "f"),
        lambda: suite.of_check(text, "f"),
        lambda: statement.of_calls(text),
    ):
        try:
            reader()
        except (ValueError, RecursionError, MemoryError):
            pass


def main() -> None:
    target = globals()[f"fuzz_{sys.argv.pop(1)}"]
    atheris.Setup(sys.argv, lambda data: target(atheris.FuzzedDataProvider(data)))
    atheris.Fuzz()


if __name__ == "__main__":
    main()

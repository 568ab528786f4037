"""What runs in the forked child: load the program, feed it inputs, write down what it answers.

Everything in this process belongs to the candidate the moment its code runs, this module
included; so nothing here is a check. The frames it writes are claims. They are parsed and
compared outside, where the expected values are.

A frame is one byte of kind, four of length (big endian), then the payload:
  R  the program is loaded and the entry point is there
  V  a value, as tagged JSON           U  a value that is not plain: its type's name
  X  the call raised: JSON {type, kind, message, line}
  W  in a conversation, a call that also changed its arguments or shares containers: JSON {kind: V, U or X, payload,
     args: [args, kwargs] as they are now, or null, same: see `mirror`, printed: [stdout, stderr] of the call, or null}
  L  loading raised, as X              M  no such entry point: JSON list of the names there are
  Z  the end: every input was answered
"""

import atexit
import builtins
import contextlib
import io
import json
import os
import sys
import threading
import traceback
import types
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, cast

from sandbox.worker import codec, mirror
from sandbox.worker.kinds import Unencodable
from sandbox.worker.printed import Printed
from sandbox.worker.revived import revived

MODULE = "solution"
FILE = "solution.py"
OUT_OF_MEMORY = 99
"""Exit code of a program that ended in MemoryError."""


def frame(kind: bytes, payload: str = "") -> bytes:
    data = payload.encode("utf-8", "backslashreplace")
    return kind + len(data).to_bytes(4, "big") + data


def write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def describe(error: BaseException) -> str:
    """`error` as JSON: its type and what built-in kind it is of, its message in short, its last line in the program."""
    line = None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == FILE:
            line = trace.tb_lineno
        trace = trace.tb_next
    if isinstance(error, SyntaxError) and line is None:
        line = error.lineno
    try:
        message = str(error)[:300]
    except BaseException as second:  # the candidate's own __str__ runs here, and may do anything
        message = f"(message raised {type(second).__name__})"
    mro = type(error).__mro__
    kind = next((each.__name__ for each in mro if vars(builtins).get(each.__name__) is each), "BaseException")
    return json.dumps({"type": type(error).__name__, "kind": kind, "message": message, "line": line})


def load(source: bytes, name: str) -> dict[str, Any]:
    """Run `source` as module `name` and return its namespace."""
    module = types.ModuleType(name)
    module.__dict__["__file__"] = FILE
    sys.modules[name] = module
    exec(compile(source.removeprefix(b"\xef\xbb\xbf"), FILE, "exec", dont_inherit=True), module.__dict__)
    return module.__dict__


def find(source: bytes, entry_point: str, put: Callable[[bytes], object]) -> Callable[..., object] | None:
    """The entry point (a function, or `Class.method`), after frame R; or None, after the frame that says why."""
    try:
        namespace = load(source, MODULE)
    except BaseException as error:
        put(frame(b"L", describe(error)))
        return None
    owner, _, method = entry_point.rpartition(".")
    target: Any = namespace.get(owner or method)
    if owner:
        target = partial(on_fresh_object, target, method) if callable(getattr(target, method, None)) else None
    if not callable(target):
        names = sorted(n for n, v in namespace.items() if isinstance(v, types.FunctionType))
        put(frame(b"M", json.dumps(names[:20])))
        return None
    put(frame(b"R"))
    return cast("Callable[..., object]", target)


def on_fresh_object(owner: Callable[[], object], method: str, /, *args: Any, **kwargs: Any) -> object:
    """Call a method on an object made for this call alone."""
    return getattr(owner(), method)(*args, **kwargs)


def call(target: Callable[..., object], args: list[Any], kwargs: dict[str, Any]) -> tuple[str, str, object]:
    """Kind and payload of one call's frame, and what it returned."""
    try:
        value = target(*args, **kwargs)
        return "V", codec.dumps(value), value
    except Unencodable as error:
        return "U", str(error), None
    except BaseException as error:  # SystemExit and KeyboardInterrupt are the program's doing as well
        return "X", describe(error), None


def answer(target: Callable[..., object], args: list[Any], kwargs: dict[str, Any]) -> bytes:
    """One call's frame."""
    kind, payload, _ = call(target, args, kwargs)
    return frame(kind.encode(), payload)


def full_answer(
    target: Callable[..., object], text: str, known: mirror.Mirror, printed: Printed | None = None
) -> bytes:
    """The frame of the call that `text` asks, with what it did besides."""
    args, kwargs = codec.loads(text)
    before, given = codec.dumps([args, kwargs]), mirror.containers([args, kwargs])
    kind, payload, value = call(target, args, kwargs)
    same = known.claims(given, None if codec.SUBCLASS in payload else value) if kind == "V" else []
    try:
        after = codec.dumps([args, kwargs])
    except Unencodable as error:
        return frame(b"U", f"{error} in an argument")
    heard = printed.take() if printed is not None else None
    if after == before and not same and heard is None:
        return frame(kind.encode(), payload)
    changed = after if after != before else None
    said = {"kind": kind, "payload": payload, "args": changed, "same": same, "printed": heard}
    return frame(b"W", json.dumps(said))


def answer_calls(source: bytes, entry_point: str, inputs: list[tuple[list[Any], dict[str, Any]]], out: int) -> None:
    """Answer every input in turn on file descriptor `out`."""
    put = partial(write_all, out)
    target = find(source, entry_point, put)
    if target is None:
        return
    for args, kwargs in inputs:
        put(answer(target, args, kwargs))
    put(frame(b"Z"))


def converse(source: bytes, entry_point: str, asked: int, out: int, *, printed: bool) -> None:
    """Answer calls as they come on `asked` (four bytes of length, then JSON) until it closes.

    With `printed`, answers tell what the program printed.
    """
    codec.keep_dicts()
    put = partial(write_all, out)
    streams = Printed() if printed else None
    target = find(source, entry_point, put)
    if target is None:
        return
    known = mirror.Mirror()
    if streams is not None:
        streams.take()  # what loading it printed is no call's
    for text in _calls(asked):
        put(full_answer(target, text, known, streams))


class Gone(BaseException):
    """A call could not be asked, or was not answered; a test cannot catch it by accident."""


def examine(tests: bytes, entry_point: str, asked: int, out: int) -> None:
    """Run test code whose candidate sits behind another wall: every call is asked and answered by frames.

    Frames out: C a call, as tagged JSON [args, kwargs]; P the tests are satisfied; F they are not, as X.
    Frames in, as JSON: {"kind": V or X of the candidate's frame, "payload"}, and what else a frame W has.

    The tests are Python that defines `check(candidate)`, or `test_*` functions, or just asserts; or a file for pytest
    that ends with `pytest.main()` (see `testing`).
    """
    codec.keep_dicts()
    put = partial(write_all, out)
    replies = _calls(asked)
    known = mirror.Mirror()
    gone: list[Gone] = []
    calls = 0
    turn = threading.Lock()

    def proxy(*args: Any, **kwargs: Any) -> Any:
        with turn:  # tests may ask from several threads
            return ask(args, kwargs)

    def ask(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        try:
            asked = codec.dumps([list(args), kwargs])
        except Unencodable as error:
            gone.append(Gone(f"the tests call it with {error}, which is no plain value"))
            raise gone[-1] from None
        nonlocal calls
        calls += 1
        put(frame(b"C", asked))
        given = None if codec.SUBCLASS in asked else mirror.containers([list(args), kwargs])
        reply = json.loads(next(replies))
        if reply.get("args") is not None:
            mirror.assign([list(args), kwargs], codec.loads(reply["args"]))
        for stream, text in zip((sys.stdout, sys.stderr), reply.get("printed") or (), strict=False):
            stream.write(text)
        if reply["kind"] == "V":
            return known.joined(given, codec.loads(reply["payload"]), reply.get("same", []))
        raise revived(reply["payload"])

    owner, _, name = entry_point.rpartition(".")
    given = {owner: type(owner, (), {name: staticmethod(proxy)})} if owner else {name: proxy}
    namespace: dict[str, Any] = {"__name__": "tests", **given, "candidate": proxy}
    if b"pytest" in tests:
        from sandbox.worker import testing  # most tests do without it, and it takes a moment to load

        sys.modules["pytest"] = testing.module(namespace, lambda: calls)
    in_threads: list[BaseException] = []
    threading.excepthook = lambda raised: in_threads.append(raised.exc_value or raised.exc_type())
    try:
        exec(compile(tests, "tests.py", "exec", dont_inherit=True), namespace)
        run_tests(namespace, proxy)
        for error in (*gone, *in_threads):
            raise error
    except BaseException as error:
        put(frame(b"F", describe(error)))
    else:
        put(frame(b"P"))


def run_tests(namespace: dict[str, Any], proxy: Callable[..., Any]) -> None:
    """Call what loaded test code has defined as tests; one that needs arguments is a helper of theirs."""
    if callable(namespace.get("check")):
        namespace["check"](proxy)
    for name, test in list(namespace.items()):
        if name.startswith("test_") and isinstance(test, types.FunctionType) and not _needs_arguments(test):
            test()
    for thread in threading.enumerate():  # what fails in one that nothing waits for counts, too
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()


def _needs_arguments(function: types.FunctionType) -> bool:
    code = function.__code__
    named = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    return code.co_argcount > len(function.__defaults__ or ()) or not {*named} <= {*(function.__kwdefaults__ or ())}


def _calls(asked: int) -> Iterator[str]:
    with io.FileIO(asked, closefd=False) as raw, io.BufferedReader(raw) as stream:
        while size := stream.read(4):
            yield stream.read(int.from_bytes(size, "big")).decode()


def run_main(source: bytes) -> int:
    """Run `source` as a script on fresh standard streams, to its end as the interpreter would; the exit code."""
    # Under both names, as the interpreter has them: a stream that is replaced lives on under the other.
    stdin = open(0, encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
    sys.stdin = sys.__stdin__ = stdin  # type: ignore[misc]
    stdout = open(1, "w", encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
    sys.stdout = sys.__stdout__ = stdout  # type: ignore[misc]
    stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    sys.stderr = sys.__stderr__ = stderr  # type: ignore[misc]
    code = 0
    try:
        load(source, "__main__")
    except SystemExit as leaving:
        if leaving.code is not None and not isinstance(leaving.code, int):
            print(leaving.code, file=sys.stderr)
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except MemoryError:
        code = OUT_OF_MEMORY
    except BaseException:
        traceback.print_exc()
        code = 1
    try:
        finalize()
        with contextlib.suppress(ValueError):  # closed or detached, and so written out
            stdout.flush()
    except BaseException:
        return code or 1
    return code & 0xFF


def finalize() -> None:
    """What the interpreter does at its end, in its order: threads, exit handlers, open files."""
    threading._shutdown()  # type: ignore[attr-defined]  # joins threads, ends executors left open
    atexit._run_exitfuncs()
    if not getattr(sys.stdout, "closed", sys.stdout is None):
        sys.stdout.flush()
    # A file that nobody closed is written out when its last name goes.
    sys.modules.pop("__main__").__dict__.clear()

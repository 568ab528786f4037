"""Programs that change the machinery around them, in their own process."""

from __future__ import annotations


def test_patched_json_dumps_is_not_passed(attack):
    attack(
        'import json\njson.dumps = lambda *a, **k: \'{"$": "equal"}\'\ndef f(n):\n    return 0\n',
        "wrong_answer",
    )


def test_patched_codec_is_not_passed(attack):
    code = """
    from sandbox.worker import codec
    codec.dumps = lambda value: "true"
    codec.encode = codec._encode = lambda *a: True
    def f(n):
        return object()
    """
    attack(code, "wrong_answer")


def test_patched_harness_is_not_passed(attack):
    code = """
    import sys
    for name, module in list(sys.modules.items()):
        for key, value in list(vars(module).items()):
            if name.startswith("sandbox") and callable(value):
                setattr(module, key, lambda *a, **k: b"")
    def f(n):
        return 0
    """
    attack(code, "runtime_error")


def test_patched_builtins_are_not_passed(attack):
    code = """
    import builtins
    builtins.type = lambda *a: int
    builtins.all = builtins.any = builtins.isinstance = lambda *a: True
    builtins.len = lambda a: 3
    def f(n):
        return "anything"
    """
    attack(code, "runtime_error")


def test_swapped_modules_are_not_passed(attack):
    code = """
    import sys, types
    fake = types.ModuleType("fake")
    fake.__getattr__ = lambda name: lambda *a, **k: True
    for name in list(sys.modules):
        sys.modules[name] = fake
    def f(n):
        return None
    """
    attack(code, "wrong_answer")


def test_settrace_on_the_caller_is_not_passed(attack):
    code = """
    import sys
    def trace(frame, event, arg):
        for name in list(frame.f_locals):
            if name in ("expected", "want", "answers"):
                frame.f_locals[name] = 0
        return trace
    def f(n):
        sys.settrace(trace)
        sys._getframe(1).f_trace = trace
        return 0
    """
    attack(code, "wrong_answer")


def test_setprofile_that_leaves_on_return_is_not_passed(attack):
    code = """
    import os, sys
    def f(n):
        sys.setprofile(lambda frame, event, arg: os._exit(0) if event == "return" else None)
        return 0
    """
    attack(code, "runtime_error")


def test_rewritten_small_integers_fool_only_the_program(attack):
    code = """
    import ctypes, sys
    def f(n):
        value = 2 * 3
        ctypes.memmove(id(6) + 24, (ctypes.c_uint32 * 1)(7), 4)
        return value
    """
    attack(code, "wrong_answer")


def test_caller_frames_hold_nothing_to_rewrite(attack):
    code = """
    import ctypes, sys
    def f(n):
        frame = sys._getframe()
        while frame:
            for name, value in list(frame.f_locals.items()):
                if isinstance(value, list) and value and isinstance(value[0], list):
                    value.clear()
            frame = frame.f_back
        return 2 * n
    """
    attack(code, "runtime_error")


def test_replaced_exit_runs_on_in_a_process_that_nobody_hears(attack):
    code = """
    import os
    os._exit = lambda code: None
    def f(n):
        raise SystemExit
    """
    attack(code, "runtime_error")


def test_patched_write_is_not_passed(attack):
    attack("import os\nos.write = lambda fd, data: len(data)\ndef f(n):\n    return 2 * n\n", "runtime_error")


def test_patched_exceptions_are_not_passed(attack):
    code = """
    import builtins
    builtins.BaseException = builtins.Exception = SystemExit
    def f(n):
        raise KeyError(n)
    """
    attack(code, "runtime_error")


def test_entry_point_that_lies_about_being_callable_is_not_passed(attack):
    attack("f = 6\n", "missing_entry_point")
    attack("class f:\n    def __new__(cls, n):\n        return cls\n", "wrong_answer")


def test_raising_and_never_defining_is_not_passed(attack):
    attack("def g(n):\n    return 2 * n\n", "missing_entry_point")

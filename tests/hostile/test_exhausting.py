"""Programs that take all there is: each meets a limit, and the verdict says which."""

from __future__ import annotations

import pytest


def test_fork_bomb_is_contained(attack):
    code = """
    import os
    def f(n):
        while True:
            try:
                os.fork()
            except OSError:
                pass
    """
    attack(code, "timeout")


def test_thread_bomb_is_contained(attack):
    code = """
    import threading, time
    def f(n):
        while True:
            threading.Thread(target=time.sleep, args=(60,)).start()
    """
    got = attack(code, "runtime_error")
    assert "can't start new thread" in got.detail


def test_private_memory_is_limited(attack):
    attack("def f(n):\n    return len(bytearray(1 << 30))\n", "memory_limit")


def test_list_that_grows_for_ever_is_a_memory_limit(attack):
    attack("def f(n):\n    a = [0]\n    while True:\n        a += a\n", "memory_limit")


TOUCHED = {
    "stacks of threads": """
        import sys, threading
        sys.setrecursionlimit(10 ** 9)
        threading.stack_size(1 << 28)
        def deep(n):
            return 1 + max(map(deep, [n + 1]))
        def f(n):
            threads = [threading.Thread(target=deep, args=(0,)) for _ in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    """,
    "heap of many threads": """
        import ctypes, threading
        c = ctypes.CDLL(None)
        c.malloc.restype = ctypes.c_void_p
        size = ctypes.c_size_t(200 << 20)
        def fill():
            c.memset(ctypes.c_void_p(c.malloc(size)), 1, size)
        def f(n):
            threads = [threading.Thread(target=fill) for _ in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    """,
    "mapping without a reserve": """
        import mmap
        def f(n):
            flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000
            memory = mmap.mmap(-1, 1 << 30, flags=flags)
            for place in range(0, 1 << 30, 4096):
                memory[place] = 1
    """,
    "stack without a limit": """
        import resource, sys
        resource.setrlimit(resource.RLIMIT_STACK, (resource.getrlimit(resource.RLIMIT_STACK)[1],) * 2)
        sys.setrecursionlimit(10 ** 9)
        def f(n):
            return 1 + max(map(f, [n + 1]))
    """,
}


@pytest.mark.parametrize("way", TOUCHED)
def test_memory_that_is_reserved_and_touched_is_limited(attack, way):
    attack(TOUCHED[way], "memory_limit")


def test_memory_spread_over_processes_is_limited(attack):
    code = """
    import os, time
    def f(n):
        for _ in range(8):
            if os.fork() == 0:
                hoard = bytearray(os.urandom(1 << 20)) * 100
                time.sleep(60)
        time.sleep(60)
    """
    attack(code, "memory_limit")


def test_memory_behind_an_ended_first_thread_is_limited(attack):
    code = """
    import ctypes, os, threading, time
    def hold():
        time.sleep(0.6)
        hoard = bytearray(b"x") * (150 << 20)
        time.sleep(60)
    def f(n):
        for _ in range(3):
            if os.fork() == 0:
                threading.Thread(target=hold).start()
                time.sleep(0.3)
                ctypes.CDLL(None).syscall({"x86_64": 60, "aarch64": 93}[os.uname().machine], 0)
        time.sleep(60)
    """
    attack(code, "memory_limit")


def test_page_tables_are_memory(attack):
    # Of mappings that are only read: neither resident, nor data.
    code = """
    import mmap, time
    def f(n):
        hoard = mmap.mmap(-1, 1 << 42, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000, prot=mmap.PROT_READ)
        hoard[0 : 150_000 << 21 : 1 << 21]
        time.sleep(60)
    """
    attack(code, "memory_limit")


def test_page_tables_behind_an_ended_first_thread_are_memory(attack):
    code = """
    import ctypes, mmap, os, threading, time
    def hold():
        time.sleep(0.2)
        hoard = mmap.mmap(-1, 1 << 42, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000, prot=mmap.PROT_READ)
        hoard[0 : 150_000 << 21 : 1 << 21]
        time.sleep(60)
    def f(n):
        if os.fork() == 0:
            threading.Thread(target=hold).start()
            ctypes.CDLL(None).syscall({"x86_64": 60, "aarch64": 93}[os.uname().machine], 0)
        time.sleep(60)
    """
    attack(code, "memory_limit")


def test_mapping_that_grows_like_a_stack_cannot_be_had(attack):
    code = """
    import ctypes
    libc = ctypes.CDLL(None)
    libc.mmap.restype = ctypes.c_void_p
    def f(n):
        return libc.mmap(None, ctypes.c_size_t(400 << 20), 3, 0x122, -1, 0)
    """
    attack(code, "memory_limit")


QUEUES = """
import os, socket, time
def fill():
    kept = []
    try:
        while True:
            pair = {made}
            kept.append(pair)
            for one in pair:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
                one.setblocking(False)
                try:
                    while True:
                        one.send(bytes({size}))
                except BlockingIOError:
                    pass
    except OSError:
        time.sleep(60)
def f(n):
    for _ in range(24):
        if os.fork() == 0:
            fill()
    time.sleep(60)
"""


@pytest.mark.parametrize("kind", ["SOCK_STREAM", "SOCK_SEQPACKET", "SOCK_DGRAM"])
def test_queues_of_sockets_are_memory(attack, kind):
    made = f"socket.socketpair(socket.AF_UNIX, socket.{kind})"
    attack(QUEUES.replace("{made}", made).replace("{size}", "65536"), "memory_limit")


def test_queue_of_a_socket_cannot_be_made_longer(reveals):
    code = """
    import socket
    def probe():
        one, _ = socket.socketpair()
        before = one.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
        return str(one.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) == before)
    """
    assert reveals(code) == "True"


def test_timers_and_waiting_signals_are_limited(attack):
    code = """
    import ctypes
    def f(n):
        libc, timer, made = ctypes.CDLL(None), ctypes.c_void_p(), 0
        while libc.timer_create(1, None, ctypes.byref(timer)) == 0:
            made += 1
        return made if made > 2048 else 2 * n + 1
    """
    got = attack(code, "wrong_answer")
    assert "answered 7," in got.detail


def test_shared_anonymous_memory_cannot_be_had(attack):
    # Its pages stay when they are unmapped from every process that could be seen holding them.
    got = attack("import mmap\ndef f(n):\n    return len(mmap.mmap(-1, 1 << 20))\n", "runtime_error")
    assert "PermissionError" in got.detail


def test_memory_file_cannot_be_had(attack):
    got = attack("import os\ndef f(n):\n    return os.memfd_create('hoard')\n", "runtime_error")
    assert "Function not implemented" in got.detail


def test_zero_device_cannot_be_had(reveals):
    code = """
    def probe():
        try:
            return str(len(open("/dev/zero", "rb").read(4)))
        except OSError:
            return "refused"
    """
    assert reveals(code) in ("refused", "0")  # a wall that cannot leave it out puts the null device there


def test_huge_page_cannot_be_had(attack):
    code = """
    import mmap
    def f(n):
        return len(mmap.mmap(-1, 2 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40000))
    """
    attack(code, "runtime_error")


def test_disk_is_limited(attack):
    code = """
    def f(n):
        for i in range(1000):
            with open(f"/tmp/{i}", "wb") as file:
                file.write(bytes(1 << 20))
    """
    got = attack(code, "runtime_error")
    assert "No space left" in got.detail


def test_disk_by_way_of_shared_memory_is_limited(attack):
    code = """
    def f(n):
        for i in range(1000):
            with open(f"/dev/shm/{i}", "wb") as file:
                file.write(bytes(1 << 20))
    """
    got = attack(code, "runtime_error")
    assert "No space left" in got.detail


def test_inodes_are_limited(attack):
    code = """
    import os
    def f(n):
        i = 0
        while True:
            i += 1
            os.mknod(f"/tmp/{i}")
    """
    attack(code, "memory_limit")


def test_large_file_is_an_output_limit(attack):
    attack("def f(n):\n    open('/tmp/x', 'wb').write(bytes(16 << 20))\n", "output_limit")


def test_open_files_are_limited(attack):
    got = attack("def f(n):\n    return [open('/dev/null') for _ in range(1000)]\n", "runtime_error")
    assert "Too many open files" in got.detail


def test_flood_on_stdout_is_an_output_limit(attack_stdin):
    attack_stdin("while True:\n    print('x' * 1000)\n", "output_limit")


def test_flood_on_stderr_is_an_output_limit(attack_stdin):
    attack_stdin("import sys\nwhile True:\n    sys.stderr.write('x' * 1000)\n", "output_limit")


def test_flood_on_the_result_is_an_output_limit(attack):
    attack("def f(n):\n    return 'x' * (8 << 20)\n", "output_limit")


def test_flood_with_the_signal_ignored_is_not_passed(attack_stdin):
    code = """
    import signal, sys
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    while True:
        try:
            sys.stdout.write("x" * 1000)
            sys.stdout.flush()
        except OSError:
            break
    """
    attack_stdin(code, "output_limit")


def test_flood_in_calls_goes_nowhere(attack):
    attack("def f(n):\n    for _ in range(10_000):\n        print('x' * 1000)\n", "wrong_answer")


def test_endless_loop_is_a_timeout(attack):
    attack("def f(n):\n    while True:\n        pass\n", "timeout")


def test_endless_loop_while_loading_is_a_timeout(attack):
    attack("while True:\n    pass\ndef f(n):\n    return 2 * n\n", "timeout")


def test_endless_loop_with_every_signal_ignored_is_a_timeout(attack):
    code = """
    import signal
    for number in range(1, 65):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    def f(n):
        while True:
            try:
                while True:
                    pass
            except BaseException:
                pass
    """
    attack(code, "timeout")


def test_time_of_children_nobody_waits_for_is_counted(attack):
    code = """
    import os, signal, time
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    def f(n):
        while True:
            if os.fork() == 0:
                until = time.process_time() + 0.3
                while time.process_time() < until:
                    pass
                os._exit(0)
            try:
                os.wait()
            except ChildProcessError:  # only once they have all ended
                pass
    """
    got = attack(code, "timeout")
    assert "CPU time" in got.detail


def test_huge_integer_arithmetic_is_a_timeout(attack):
    attack("def f(n):\n    return 7 ** (7 ** 12) % 10\n", "timeout")


def test_catastrophic_regular_expression_is_a_timeout(attack):
    attack("import re\ndef f(n):\n    return bool(re.match('(a+)+$', 'a' * 60 + 'b'))\n", "timeout")


def test_deep_recursion_is_a_runtime_error(attack):
    attack("def f(n):\n    return f(n + 1)\n", "runtime_error")


def test_overflow_of_the_c_stack_is_a_runtime_error(attack):
    code = """
    import threading
    from itertools import chain
    def f(n):
        deep = iter([])
        for _ in range(100_000):
            deep = chain(deep)
        threading.stack_size(1 << 16)
        thread = threading.Thread(target=next, args=(deep, 0))
        thread.start()
        thread.join()
        return 2 * n
    """
    got = attack(code, "runtime_error")
    assert "signal 11" in got.detail


def test_null_pointer_is_a_runtime_error(attack):
    got = attack("import ctypes\ndef f(n):\n    ctypes.string_at(0)\n", "runtime_error")
    assert "signal 11" in got.detail


@pytest.mark.parametrize(
    "wait",
    ["import time\ndef f(n):\n    time.sleep(600)\n", "import os\ndef f(n):\n    os.kill(os.getpid(), 19)\n",
     "import threading\ndef f(n):\n    threading.Lock().acquire() and threading.Event().wait()\n"],
    ids=["sleeping", "stopped", "waiting"],
)  # fmt: skip
def test_program_that_never_ends_without_work_is_a_timeout(attack, wait):
    got = attack(wait, "timeout", idle=True)
    assert "clock" in got.detail


def test_children_that_outlive_the_answer_keep_nobody_waiting(attack):
    code = """
    import os, time
    def f(n):
        for _ in range(4):
            if os.fork() == 0:
                time.sleep(600)
        return 0
    """
    attack(code, "wrong_answer")  # not "timeout", as it would be after a wait


def test_memory_error_that_is_swallowed_is_not_passed(attack):
    code = """
    def f(n):
        try:
            return bytearray(1 << 32)
        except MemoryError:
            return None
    """
    attack(code, "wrong_answer")

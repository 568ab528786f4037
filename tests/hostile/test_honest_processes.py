"""Odd and honest programs that lean on processes, threads, signals and the system, with either isolation."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from factory.config import GradingConfig, LimitsConfig, SandboxConfig
from factory.grading.session import GradingSession
from sandbox import Isolation, Sandbox, WallUnavailable

HELP = """
import os, signal, subprocess, sys, threading, time
def within(seconds, done):
    until = time.monotonic() + seconds
    while not done() and time.monotonic() < until:
        time.sleep(0.001)
    return bool(done())
"""
HONEST = {
    "command_line_is_its_own": """
        def f():
            return sys.argv[1:] == [] and len(sys.argv) == 1
        """,
    "arguments_are_parsed": """
        import argparse
        parser = argparse.ArgumentParser()
        parser.add_argument("--size", type=int, default=3)
        size = parser.parse_args().size
        def f():
            return size == 3
        """,
    "interpreter_of_its_own": """
        def f():
            told = subprocess.run([sys.executable, "-c", "import sys; print(*sys.version_info[:3])"],
                                  capture_output=True, text=True, check=True).stdout
            return told.split() == [str(part) for part in sys.version_info[:3]]
        """,
    "interpreter_by_asyncio": """
        import asyncio
        async def talk():
            made = await asyncio.create_subprocess_exec(sys.executable, "-c", "print(input() * 2)", stdin=-1, stdout=-1)
            return (await made.communicate(b"ab"))[0]
        def f():
            return asyncio.run(talk()) == b"abab\\n"
        """,
    "interpreter_hashes_alike": """
        def f():
            told = subprocess.run([sys.executable, "-c", "print(hash('a'))"], capture_output=True, text=True)
            return int(told.stdout) == hash("a")
        """,
    "spawned_pool": """
        import multiprocessing
        def f():
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                return pool.map(abs, [-1, 2]) == [1, 2]
        """,
    "process_pool_executor": """
        from concurrent.futures import ProcessPoolExecutor
        def square(n):
            return n * n
        def f():
            with ProcessPoolExecutor(2) as pool:
                return list(pool.map(square, range(5))) == [0, 1, 4, 9, 16]
        """,
    "queue_between_processes": """
        import multiprocessing
        def put(queue, n):
            queue.put([n] * 1000)
        def f():
            queue = multiprocessing.Queue()
            process = multiprocessing.Process(target=put, args=(queue, 7))
            process.start()
            got = queue.get()
            process.join()
            return got == [7] * 1000 and process.exitcode == 0
        """,
    "manager": """
        import multiprocessing
        def f():
            with multiprocessing.Manager() as manager:
                shared = manager.dict(a=1)
                shared["b"] = 2
                return dict(shared) == {"a": 1, "b": 2}
        """,
    "shared_memory": """
        from multiprocessing import shared_memory
        def f():
            block = shared_memory.SharedMemory(create=True, size=100)
            other = shared_memory.SharedMemory(block.name)
            block.buf[0] = 7
            seen = other.buf[0]
            other.close()
            block.close()
            block.unlink()
            return seen == 7
        """,
    "descriptors_sent": """
        import socket
        def f():
            left, right = socket.socketpair()
            reader, writer = os.pipe()
            socket.send_fds(left, [b"x"], [writer])
            _, (sent,), _, _ = socket.recv_fds(right, 1, 1)
            os.write(sent, b"hello")
            return os.read(reader, 9) == b"hello"
        """,
    "named_socket": """
        import socket
        def f():
            server = socket.socket(socket.AF_UNIX)
            server.bind("/tmp/server")
            server.listen()
            client = socket.socket(socket.AF_UNIX)
            client.connect("/tmp/server")
            client.sendall(b"hello")
            return server.accept()[0].recv(9) == b"hello"
        """,
    "children_waited_for": """
        def f():
            started = []
            for code in (0, 3):
                pid = os.fork()
                if pid == 0:
                    os._exit(code)
                started.append(pid)
            return [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in started] == [0, 3]
        """,
    "killed_child": """
        def f():
            pid = os.fork()
            if pid == 0:
                time.sleep(60)
            os.kill(pid, signal.SIGKILL)
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
        """,
    "aborted_child": """
        def f():
            pid = os.fork()
            if pid == 0:
                os.abort()
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGABRT
        """,
    "child_heard_of": """
        heard = []
        signal.signal(signal.SIGCHLD, lambda *_: heard.append(os.wait()[0]))
        def f():
            pid = os.fork()
            if pid == 0:
                os._exit(0)
            return within(5, lambda: heard) and heard == [pid]
        """,
    "fork_handlers": """
        log = []
        os.register_at_fork(before=lambda: log.append(1), after_in_parent=lambda: log.append(2))
        def f():
            pid = os.fork()
            if pid == 0:
                os._exit(0)
            os.waitpid(pid, 0)
            return log == [1, 2]
        """,
    "randomness_of_a_child_is_its_own": """
        import random
        def f():
            reader, writer = os.pipe()
            if os.fork() == 0:
                os.write(writer, repr(random.random()).encode())
                os._exit(0)
            os.wait()
            return float(os.read(reader, 99)) != random.random()
        """,
    "lock_of_a_child": """
        import logging
        def f():
            logging.basicConfig(stream=open(os.devnull, "w"))
            with threading.Lock():
                pid = os.fork()
                if pid == 0:
                    logging.warning("here")
                    thread = threading.Thread(target=logging.warning, args=("there",))
                    thread.start()
                    thread.join()
                    os._exit(4)
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 4
        """,
    "signals_of_every_origin": """
        heard = []
        signal.signal(signal.SIGUSR1, lambda *_: heard.append(1))
        def f():
            signal.raise_signal(signal.SIGUSR1)
            os.kill(os.getpid(), signal.SIGUSR1)
            signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
            signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)
            return within(5, lambda: len(heard) == 4)
        """,
    "signal_waited_for": """
        def f():
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
            threading.Timer(0.01, os.kill, [os.getpid(), signal.SIGUSR2]).start()
            return signal.sigwait([signal.SIGUSR2]) == signal.SIGUSR2
        """,
    "interrupted_main_thread": """
        import _thread
        def f():
            try:
                threading.Timer(0.01, _thread.interrupt_main).start()
                time.sleep(5)
            except KeyboardInterrupt:
                return True
        """,
    "thread_knows_itself": """
        def f():
            ids = []
            thread = threading.Thread(target=lambda: ids.append(threading.get_native_id()))
            thread.start()
            thread.join()
            return (thread.native_id == ids[0] != threading.get_native_id() == os.getpid()
                    and threading.current_thread() is threading.main_thread() and threading.active_count() == 1)
        """,
    "locks_conditions_and_barriers": """
        def f():
            total, lock, barrier = [0], threading.RLock(), threading.Barrier(4)
            def add():
                barrier.wait()
                for _ in range(500):
                    with lock, lock:
                        total[0] += 1
            threads = [threading.Thread(target=add) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            return total == [2000]
        """,
    "tracebacks_to_a_file": """
        import faulthandler
        def f():
            with open("/tmp/trace", "w+") as file:
                faulthandler.enable(file)
                faulthandler.dump_traceback(file)
                faulthandler.dump_traceback_later(60, file=file)
                faulthandler.cancel_dump_traceback_later()
                faulthandler.disable()
                file.seek(0)
                return "solution.py" in file.read()
        """,
    "session_and_group_of_a_child": """
        def f():
            ask = "import os; print(os.getsid(0) == os.getpgid(0) == os.getpid())"
            made = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, start_new_session=True)
            return made.stdout == "True\\n"
        """,
    "event_loop_in_a_thread": """
        import asyncio
        def f():
            loop = asyncio.new_event_loop()
            thread = threading.Thread(target=loop.run_forever)
            thread.start()
            done = asyncio.run_coroutine_threadsafe(asyncio.sleep(0.001, "done"), loop).result(5)
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()
            return done == "done"
        """,
    "mapped_file": """
        import mmap
        def f():
            with open("/dev/shm/x", "w+b") as file:
                file.truncate(8192)
                with mmap.mmap(file.fileno(), 0) as view:
                    view[:5] = b"hello"
                    view.flush()
                return file.read(5) == b"hello"
        """,
    "database_in_a_file": """
        import sqlite3
        def f():
            with sqlite3.connect("/tmp/x.db") as base:
                base.execute("create table t (n integer)")
                base.executemany("insert into t values (?)", [(n,) for n in range(100)])
            return sqlite3.connect("/tmp/x.db").execute("select sum(n) from t").fetchone() == (4950,)
        """,
    "limits_of_its_own": """
        import resource
        def f():
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft // 2, hard))
            return resource.getrlimit(resource.RLIMIT_NOFILE) == (soft // 2, hard)
        """,
}


@pytest.fixture(scope="module", params=list(Isolation))
def isolated_session(backend: str, request: pytest.FixtureRequest) -> Iterator[GradingSession]:
    walled = SandboxConfig(backend=backend, isolation=request.param)
    try:
        Sandbox(backend, walled.wall()).__enter__().close()
    except WallUnavailable as error:
        pytest.skip(str(error))
    limits = LimitsConfig(cpu_s=5, wall_s=30, memory_mb=256)
    with GradingSession(GradingConfig(limits=limits, sandbox=walled)) as session:
        yield session


@pytest.fixture
def session(isolated_session: GradingSession) -> Iterator[GradingSession]:
    yield isolated_session
    assert isolated_session.sandbox("python").restarts == 0


@pytest.mark.parametrize("program", HONEST)
def test_passes(passes, program):
    lines = HONEST[program].replace("\n        ", "\n")
    passes(HELP + lines, ([], True))

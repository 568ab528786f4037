"""Programs that are odd and honest: the wall must not stand in their way."""

from __future__ import annotations

import math

import pytest


def test_debug_prints(passes):
    passes("import sys\ndef f(n):\n    print('n is', n)\n    print(n, file=sys.stderr)\n    return n\n", ([1], 1))


def test_threads(passes):
    code = """
    from concurrent.futures import ThreadPoolExecutor
    def f(n):
        with ThreadPoolExecutor(8) as pool:
            return sum(pool.map(lambda k: k * k, range(n)))
    """
    passes(code, ([10], 285))


def test_asyncio(passes):
    code = """
    import asyncio
    async def double(n):
        await asyncio.sleep(0.001)
        return 2 * n
    def f(n):
        return asyncio.run(double(n))
    """
    passes(code, ([4], 8), ([5], 10))


def test_big_integers(passes):
    want = {"$": "int", "v": str(math.factorial(3000))}
    passes("import math\ndef f(n):\n    return math.factorial(n)\n", ([3000], want))


def test_byte_order_mark(verdict, passes):
    passes("\ufeffdef f(n):\n    return n\n", ([1], 1))
    passes("\ufeffprint(input())\n", ("1\n", "1\n"))


def test_main_guard(passes):
    passes("def f(n):\n    return n\nif __name__ == '__main__':\n    print(f(int(input())))\n", ([1], 1))
    passes("def f(n):\n    return n\nif __name__ == '__main__':\n    print(f(int(input())))\n", ("1\n", "1\n"))


@pytest.mark.parametrize("leave", ["__import__('sys').exit(0)", "exit()", "quit(0)", "raise SystemExit"])
def test_exit_at_the_end_of_a_program(passes, leave):
    passes(f"print(input())\n{leave}\n", ("1\n", "1\n"))


def test_recursion_twenty_thousand_deep(passes):
    code = """
    import sys
    sys.setrecursionlimit(10 ** 6)
    def f(n):
        return 0 if n == 0 else 1 + f(n - 1)
    """
    passes(code, ([20_000], 20_000))


@pytest.mark.parametrize("size", ["2 ** 26", "2 ** 27", "2 ** 28", "2 ** 29", "512 * 1024 * 1024", "2 ** 30"])
def test_recursion_in_a_thread_with_a_large_stack(passes, size):
    code = f"""
    import sys, threading
    sys.setrecursionlimit(10 ** 6)
    threading.stack_size({size})
    def depth(n):
        return 0 if n == 0 else 1 + max(map(depth, [n - 1]))
    def main():
        print(depth(int(input())))
    thread = threading.Thread(target=main)
    thread.start()
    thread.join()
    """
    passes(code, ("20000\n", "20000\n"))


@pytest.mark.parametrize("size", ["most", "2 ** 29"])
def test_stack_that_a_program_sets_itself(passes, size):
    code = f"""
    import resource, sys
    most = resource.getrlimit(resource.RLIMIT_STACK)[1]
    resource.setrlimit(resource.RLIMIT_STACK, ({size}, most))
    sys.setrecursionlimit(10 ** 6)
    def depth(n):
        return 0 if n == 0 else 1 + max(map(depth, [n - 1]))
    print(depth(int(input())))
    """
    passes(code, ("20000\n", "20000\n"))


def test_150_mb_of_memory(passes):
    passes("def f(n):\n    return len(bytearray(b'x') * n)\n", ([150 << 20], 150 << 20))


def test_children_that_share_their_parents_memory(passes):
    # 60 MB held once: each of nine processes shows it as its own.
    code = """
    import os, time
    held = bytearray(b"x") * (60 << 20)
    def f(n):
        children = []
        for _ in range(n):
            child = os.fork()
            if child == 0:
                time.sleep(0.3)
                os._exit(held[5] != 120)
            children.append(child)
        return [os.waitpid(child, 0)[1] for child in children]
    """
    passes(code, ([8], [0] * 8))


def test_multiprocessing(passes):
    code = """
    import multiprocessing
    def f(n):
        context = multiprocessing.get_context("fork")
        with context.Pool(2) as pool:
            return pool.map(abs, [-n, n])
    """
    passes(code, ([3], [3, 3]))


def test_dataclasses_and_enums_inside(passes):
    code = """
    from dataclasses import dataclass, field
    from enum import Enum
    class Colour(Enum):
        RED = 1
        BLUE = 2
    @dataclass(order=True)
    class Item:
        size: int
        colour: Colour = field(compare=False)
    def f(n):
        return max(Item(n, Colour.RED), Item(1, Colour.BLUE)).colour.name
    """
    passes(code, ([3], "RED"), ([0], "BLUE"))


def test_dicts_of_the_collections_module(passes):
    code = """
    from collections import Counter, OrderedDict, defaultdict
    def f(text):
        groups = defaultdict(list)
        for letter in text:
            groups[len(groups)].append(letter)
        return [Counter(text), OrderedDict(a=1), groups]
    """
    passes(code, (["aab"], [{"a": 2, "b": 1}, {"a": 1}, {"$": "dict", "v": [[0, ["a"]], [1, ["a"]], [2, ["b"]]]}]))


def test_nested_tuples_and_sets(passes):
    want = {"$": "tuple", "v": [1, {"$": "tuple", "v": [{"$": "set", "v": [1, 2]}, {"$": "frozenset", "v": []}]}]}
    passes("def f(n):\n    return (n, ({1, 2}, frozenset()))\n", ([1], want))


def test_names_that_shadow_builtins(passes):
    code = """
    list = [3, 1, 2]
    def sorted(x):
        return x
    def len(x):
        return 7
    type = print = str = int = None
    def f(n):
        return [len(list), sorted(list)]
    """
    passes(code, ([1], [7, [3, 1, 2]]))


def test_state_is_kept_across_calls(passes):
    code = """
    calls = 0
    def f(n):
        global calls
        calls += 1
        return calls
    """
    passes(code, ([0], 1), ([0], 2), ([0], 3))


def test_same_randomness_for_everybody(passes, reveals):
    code = "import random\ndef probe():\n    return str([random.random(), hash('a'), list({'b', 'a', 'c'})])\n"
    assert reveals(code) == reveals(code)


def test_temporary_files(passes):
    code = """
    import os, tempfile
    def f(n):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "x")
            with open(path, "w") as file:
                file.write(str(n))
            return int(open(path).read())
    """
    passes(code, ([1], 1), ([2], 2))


def test_callable_entry_points_of_every_kind(passes):
    passes("f = lambda n: n\n", ([1], 1))
    passes("class f(int):\n    def __new__(cls, n):\n        return n\n", ([1], 1))
    passes(
        "import functools\n@functools.cache\ndef f(n):\n    return n if n < 2 else f(n - 1) + f(n - 2)\n",
        ([30], 832040),
    )


def test_pickling_and_inspecting_itself(passes):
    code = """
    import pickle
    class Node:
        def __init__(self, n):
            self.n = n
    def f(n):
        return pickle.loads(pickle.dumps(Node(n))).n
    """
    passes(code, ([5], 5))


def test_interrupt_that_a_program_catches(passes):
    code = """
    import signal
    def f(n):
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            return n
    """
    passes(code, ([5], 5))


def test_alarm_that_a_program_handles(passes):
    code = """
    import signal, time
    heard = []
    signal.signal(signal.SIGALRM, lambda *_: heard.append(1))
    def f(n):
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        time.sleep(0.1)
        return len(heard)
    """
    passes(code, ([0], 1))


def test_unix_socket_pair(passes):
    code = """
    import socket
    def f(n):
        left, right = socket.socketpair()
        left.sendall(b"%d" % n)
        return int(right.recv(10))
    """
    passes(code, ([7], 7))

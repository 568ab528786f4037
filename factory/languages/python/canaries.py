"""Python programs whose verdict is known. See `factory.run.canaries`."""

from factory.records import Canary

DIGIT_SUM = "def digit_sums(numbers):\n    return [sum(map(int, str(abs(n)))) for n in numbers]\n"

CANARIES: tuple[Canary, ...] = (
    Canary("plain", "calls", True, DIGIT_SUM),
    Canary(
        "noisy and threaded",
        "calls",
        True,
        "import sys, threading\n"
        + DIGIT_SUM
        + "print('V', file=sys.stdout)\n"
        + "t = threading.Thread(target=print, args=('debug',))\nt.start()\nt.join()\n",
    ),
    Canary("right but for the last case", "calls", False, DIGIT_SUM.replace("str(abs(n))", "str(abs(n))[:4]")),
    Canary("leaves early", "calls", False, "import os\ndef digit_sums(numbers):\n    os._exit(0)\n"),
    Canary("exits when loaded", "calls", False, "import sys\n" + DIGIT_SUM + "sys.exit(0)\n"),
    Canary(
        "lies about equality",
        "calls",
        False,
        "class Liar(list):\n    def __eq__(self, other):\n        return True\n"
        "def digit_sums(numbers):\n    return Liar([0])\n",
    ),
    Canary(
        "writes answers of its own",
        "calls",
        False,
        "import os\ndef digit_sums(numbers):\n    for fd in range(1, 10):\n        try:\n"
        "            os.write(fd, b'Z\\0\\0\\0\\0')\n        except OSError:\n            pass\n    os._exit(0)\n",
    ),
    Canary("never ends", "calls", False, "def digit_sums(numbers):\n    while True:\n        pass\n"),
    Canary("does not compile", "calls", False, DIGIT_SUM + "def (:\n"),
    Canary("plain", "streams", True, "print(*sorted(map(int, open(0).read().split())))\n"),
    Canary("says goodbye", "streams", True, "import sys\nprint(*sorted(map(int, sys.stdin)))\nsys.exit(0)\n"),
    Canary("says nothing", "streams", False, "import sys\nsys.stdin.read()\nsys.exit(0)\n"),
    Canary("says what it read", "streams", False, "print(*map(int, open(0).read().split()))\n"),
    Canary("plain", "tests", True, DIGIT_SUM),
    Canary(
        "rewrites assert",
        "tests",
        False,
        "import builtins, sys\nbuiltins.AssertionError = SystemExit\nbuiltins.all = lambda _: True\n"
        "def digit_sums(numbers):\n    return None\n",
    ),
)

"""Packages beside the standard library, where the wall shows some: found last, and numpy loaded once for all.

Promises: a package hides no module of the standard library; chance in numpy is the same for every run of every
program, as in `random`; numpy's numbers and texts are answers, as the values of Python's own that `==` holds them equal
to. numpy is loaded before the first fork since a program would need 50 ms of CPU time for that; programs are forks, so
what one does to it no other sees.
"""

import os
import random
import sys

from sandbox.worker import codec

PLACE = "/opt/packages"
"""Where the wall shows them, read-only. Not there: no packages."""
SCALARS = "?bBhHiIlLqQefdFDUS"
"""Codes of numpy's types with one value that is one of Python's, too; not so a long double, a date or a record."""


def load() -> None:
    """Let programs import what is there, and load numpy if it is."""
    if not os.path.isdir(PLACE):
        return
    sys.path.append(PLACE)
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # else a thread a core, against the limit of every program
    if os.path.isdir(f"{PLACE}/numpy"):
        numpy = __import__("numpy.random")
        for code in SCALARS:
            codec.tell_as_held(numpy.dtype(code).type, numpy.generic.item)


def same_chance() -> None:
    """Give the generators that programs share without asking the state that every run begins with.

    Forks inherit it, but for those that tell `random` of it, which takes a fresh seed then.
    """
    random.seed(0)
    if generators := sys.modules.get("numpy.random"):
        generators.seed(0)

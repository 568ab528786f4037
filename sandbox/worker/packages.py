"""Packages beside the standard library, where the wall shows some: found last, and numpy loaded once for all.

Promises: a package hides no module of the standard library; chance in numpy is the same for every run of every
program, as in `random`. numpy is loaded before the first fork since a program would need 50 ms of CPU time for that;
programs are forks, so what one does to it no other sees.
"""

import os
import random
import sys

PLACE = "/opt/packages"
"""Where the wall shows them, read-only. Not there: no packages."""


def load() -> None:
    """Let programs import what is there, and load numpy if it is."""
    if not os.path.isdir(PLACE):
        return
    sys.path.append(PLACE)
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # else a thread a core, against the limit of every program
    if os.path.isdir(f"{PLACE}/numpy"):
        __import__("numpy.random")


def same_chance() -> None:
    """Give the generators that programs share without asking the state that every run begins with."""
    random.seed(0)  # here, since `random` takes a fresh seed after every fork
    if generators := sys.modules.get("numpy.random"):
        generators.seed(0)

"""A conversation: calls and answers relayed between the host and one candidate.

Promises: an answer passes by file descriptor, never through this process's memory; a candidate that neither reads nor
answers is ended by its own limits; what it writes beyond one frame waits, or breaks its output limit.
"""

import contextlib
import os
import select
import time

from sandbox.worker.child import HOST, Child, kill_all
from sandbox.worker.wire import Header, new_file, read_header, receive, respond


def next_request(child: Child) -> Header | None:
    """The host's next message. The candidate is watched meanwhile, but this is not its time on the clock."""
    since = time.monotonic()
    child.resting = True
    if not child.alive_until(HOST, select.POLLIN):
        kill_all()  # nothing that its first process left behind runs on unwatched
    child.resting = False
    child.started += time.monotonic() - since
    return read_header()


def relay_call(child: Child, ask: int, size: int) -> None:
    """Give the candidate one call at the pace it reads; if it is gone, the missing answer says so."""
    call = receive(size, new_file(size.to_bytes(4, "big")))
    offset = 0
    with contextlib.suppress(BrokenPipeError):
        while offset < size + 4 and child.alive_until(ask, select.POLLOUT):
            with contextlib.suppress(BlockingIOError):
                offset += os.sendfile(ask, call, offset, size + 4 - offset)
    os.close(call)


def relay_answer(child: Child, answers: int) -> None:
    """Send the host one frame of the candidate's, or as much as came before it ended or broke a limit."""
    most = int(child.limits["output_kb"]) * 1024
    answer = new_file()
    size, due = 0, 5
    while size < due and child.alive_until(answers, select.POLLIN):
        try:
            moved = os.splice(answers, answer, due - size)
        except BlockingIOError:
            continue  # what it wrote it has read itself, by way of /proc
        if not moved:
            break
        size += moved
        if size == 5:
            due += int.from_bytes(os.pread(answer, 4, 1), "big")
            if due > most:
                child.end("output")
    respond([], answer, [size])
    os.close(answer)

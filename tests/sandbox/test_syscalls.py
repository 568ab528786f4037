"""The filter of system calls, interpreted here: so both machines' tables are checked on either."""

from __future__ import annotations

import errno
import struct

import pytest

from sandbox.worker import syscalls

ALLOWED, KILLED = "allowed", "killed"
ERRORS = {0: "done without effect", **errno.errorcode}
ARCHES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


def decide(machine: str, number: int, *arguments: int, arch: int | None = None, code: bytes = b"") -> str:
    """What the filter for `machine`, or `code`, answers to a call: allowed, killed, or the name of an error."""
    code = code or syscalls.program(machine)
    data = struct.pack("=IIQ6Q", number, arch or ARCHES[machine], 0, *arguments, *[0] * (6 - len(arguments)))
    at = accumulator = 0
    while True:
        operation, true, false, operand = struct.unpack_from("=HBBI", code, at * 8)
        at += 1
        match operation:
            case 0x20:
                accumulator = struct.unpack_from("=I", data, operand)[0]
            case 0x54:
                accumulator &= operand
            case 0x15:
                at += true if accumulator == operand else false
            case 0x35:
                at += true if accumulator >= operand else false
            case 0x45:
                at += true if accumulator & operand else false
            case 0x06:
                if operand == 0x7FFF0000:
                    return ALLOWED
                return KILLED if operand == 0x80000000 else ERRORS[operand & 0xFFFF]
            case _:
                raise AssertionError(f"operation {operation:#x}")


@pytest.mark.parametrize("machine", syscalls.MACHINES)
@pytest.mark.parametrize("name", syscalls.DENIED)
def test_denied_call_is_answered_as_by_an_older_kernel(machine, name):
    number = syscalls.DENIED[name][syscalls.MACHINES[machine][1]]
    if number is None:
        pytest.skip(f"{machine} has no {name}")
    assert decide(machine, number) == "ENOSYS"


@pytest.mark.parametrize("machine", syscalls.MACHINES)
def test_what_a_server_puts_on_itself_and_on_each_candidate_is_the_whole_filter(machine):
    inherited = syscalls.program(machine, syscalls.DENIED.keys() - syscalls.OURS)
    own = syscalls.program(machine, syscalls.OURS, arguments=False)
    for number in range(600):
        for first in (0, 0x7E020000):
            whole = decide(machine, number, first)
            parts = {decide(machine, number, first, code=code) for code in (inherited, own)}
            assert parts - {ALLOWED} == {whole} - {ALLOWED}
    for name in syscalls.OURS:
        ours = syscalls.DENIED[name][syscalls.MACHINES[machine][1]]
        assert ours is not None
        assert decide(machine, ours, code=inherited) == ALLOWED


@pytest.mark.parametrize("machine", syscalls.MACHINES)
def test_numbers_are_all_different(machine):
    numbers = [row[syscalls.MACHINES[machine][1]] for row in syscalls.DENIED.values()]
    found = [number for number in numbers if number is not None]
    assert len(set(found)) == len(found)


@pytest.mark.parametrize(
    ("call", "arguments", "answer"),
    [
        ("MMAP", (0, 4096, 3, 0x22), ALLOWED),
        ("MMAP", (0, 4096, 1, 0x01, 3), ALLOWED),
        ("MMAP", (0, 4096, 3, 0x21), "EPERM"),
        ("MMAP", (0, 4096, 3, 0x23), "EPERM"),
        ("MMAP", (0, 4096, 3, 0x40022), "EPERM"),
        ("MMAP", (0, 4096, 3, 0x4022), ALLOWED),
        ("MMAP", (0, 4096, 3, 0x20022), ALLOWED),
        ("MMAP", (0, 4096, 3, 0x122), KILLED),
        ("MMAP", (0, 4096, 1, 0x40123), KILLED),
        ("CLONE", (0x3D0F00,), ALLOWED),
        ("CLONE", (0x01200011,), ALLOWED),
        ("CLONE", (0x10000011,), "EPERM"),
        ("CLONE", (0x00020011,), "EPERM"),
        ("SOCKET", (1, 1), ALLOWED),
        ("SOCKET", (2, 1), "EPERM"),
        ("SOCKET", (40, 1), "EPERM"),
        ("SOCKET", (1 << 32 | 2, 1), "EPERM"),
        ("SOCKETPAIR", (1, 1), ALLOWED),
        ("SOCKETPAIR", (2, 1), "EPERM"),
        ("SOCKETPAIR", (40, 1), "EPERM"),
        ("SETSOCKOPT", (3, 1, 7), "done without effect"),
        ("SETSOCKOPT", (3, 1, 8), ALLOWED),
        ("SETSOCKOPT", (3, 6, 7), ALLOWED),
        ("PRCTL", (62, 1), "EPERM"),
        ("PRCTL", (4, 0), ALLOWED),
        ("PRLIMIT", (0, 7), ALLOWED),
        ("PRLIMIT", (1, 7), "EPERM"),
    ],
)
@pytest.mark.parametrize("machine", syscalls.MACHINES)
def test_arguments_decide(machine, call, arguments, answer):
    number = getattr(syscalls, call)[syscalls.MACHINES[machine][1]]
    assert decide(machine, number, *arguments) == answer


@pytest.mark.parametrize(
    ("machine", "calls"),
    [("x86_64", {"read": 0, "write": 1, "fork": 57, "execve": 59, "futex": 202, "kill": 62, "exit_group": 231}),
     ("aarch64", {"read": 63, "write": 64, "execve": 221, "futex": 98, "kill": 129, "exit_group": 94})],
)  # fmt: skip
def test_what_programs_need_is_allowed(machine, calls):
    assert {name: decide(machine, number) for name, number in calls.items()} == dict.fromkeys(calls, ALLOWED)


def test_other_architectures_and_tables_are_closed():
    assert decide("x86_64", 0, arch=0x40000003) == KILLED
    assert decide("x86_64", 0x40000000) == "ENOSYS"


def test_unknown_machine_is_told():
    with pytest.raises(OSError, match="riscv64"):
        syscalls.program("riscv64")

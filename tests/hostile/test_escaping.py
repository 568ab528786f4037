"""Programs that try the wall itself."""

from __future__ import annotations

import socket

import pytest

TRY = """
import ctypes, errno, os, signal, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
ARM = os.uname().machine == "aarch64"
def call(x86, arm, *args):
    result = libc.syscall(arm if ARM else x86, *args)
    return "done" if result >= 0 else errno.errorcode[ctypes.get_errno()]
def probe():
    try:
        return str(attempt())
    except OSError as error:
        return errno.errorcode[error.errno]
"""


@pytest.fixture
def attempt(reveals):
    """What comes of an expression inside: its value as text, or the name of the error."""
    return lambda expression: reveals(TRY + f"\ndef attempt():\n    return {expression}\n")


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET", "AF_VSOCK", "AF_ALG"])
def test_network_cannot_be_reached(attempt, family):
    assert attempt(f"socket.socket(socket.{family}, socket.SOCK_STREAM)") == "EPERM"


def test_pair_of_sockets_of_another_family_cannot_be_had(reveals):
    code = """
    import ctypes, errno
    libc = ctypes.CDLL(None, use_errno=True)
    def probe():
        made, refused = set(), set()
        for family in range(46):
            for kind in (1, 2, 3, 5):
                if libc.socketpair(family, kind, 0, (ctypes.c_int * 2)()) == 0:
                    made.add(family)
                elif family != 1:
                    refused.add(errno.errorcode[ctypes.get_errno()])
        return " ".join(map(str, [*made, *refused]))
    """
    assert reveals(code) == "1 EPERM"


def test_hosts_loopback_cannot_be_reached(attempt):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        assert attempt(f"socket.create_connection(('127.0.0.1', {server.getsockname()[1]}), 1)") == "EPERM"
        with pytest.raises(TimeoutError):
            server.accept()


def test_hosts_abstract_socket_cannot_be_reached(attempt):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0rollout-factory-test")
        server.listen()
        assert attempt("socket.socket(socket.AF_UNIX).connect('\\0rollout-factory-test')") == "ECONNREFUSED"


def test_names_cannot_be_resolved(attempt):
    assert (
        attempt(
            "'found' if libc.getaddrinfo(b'example.com', None, None, ctypes.byref(ctypes.c_void_p())) == 0 else 'no'"
        )
        == "no"
    )


@pytest.mark.parametrize("number", ["SIGKILL", "SIGSTOP", "SIGINT", "SIGTERM", "SIGHUP", "SIGPIPE", "SIGRTMAX"])
def test_server_cannot_be_signalled(attempt, shared_session, number):
    attempt("None")
    before = shared_session.sandbox("python").restarts
    assert attempt(f"os.kill(1, signal.{number})") == "None"
    assert attempt("os.getppid()") == "1"
    assert shared_session.sandbox("python").restarts == before


def test_killing_everything_ends_only_itself(attack, shared_session):
    before = shared_session.sandbox("python").restarts
    attack("import os\ndef f(n):\n    os.kill(-1, 9)\n    os.kill(0, 9)\n", "runtime_error")
    assert shared_session.sandbox("python").restarts == before


@pytest.mark.parametrize(
    "call",
    [
        "call(165, 40, b'none', b'/tmp', b'tmpfs', 0, None)",
        "call(166, 39, b'/proc', 2)",
        "call(155, 41, b'/tmp', b'/tmp')",
        "call(161, 51, b'/tmp')",
        "call(428, 428, -100, b'/', 0)",
        "call(430, 430, b'tmpfs', 0)",
        "call(272, 97, 0x10000000)",
        "call(272, 97, 0x20000)",
        "call(308, 268, 3, 0)",
        "call(435, 435, b'\\0' * 64, 64)",
        "call(101, 117, 16, 1, 0, 0)",
        "call(310, 270, 1, None, 0, None, 0, 0)",
        "call(438, 438, 3, 1, 0)",
        "call(321, 280, 0, None, 0)",
        "call(298, 241, None, 0, -1, -1, 0)",
        "call(323, 282, 0)",
        "call(425, 425, 1, None)",
        "call(304, 265, -100, None, 0)",
        "call(246, 104, 0, 0, None, 0)",
        "call(175, 105, None, 0, b'')",
        "call(135, 92, 0x0400000)",
        "call(169, 142, 0, 0, 0, None)",
        "call(206, 0, 1, None)",
        "call(294, 26, 0)",
        "call(237, 235, None, 0, 0, None, 0, 0)",
        "call(238, 237, 0, None, 0)",
        "call(324, 283, 0, 0)",
        "call(278, 75, 1, None, 0, 0)",
        "call(306, 267, 0)",
        "call(162, 81)",
        "call(221, 223, 0, 0, 0, 4)",
        "call(317, 277, 0, 0, None)",
        "call(444, 444, None, 0, 1)",
    ],
    ids=(
        "mount umount pivot_root chroot open_tree fsopen unshare_user unshare_mount setns clone3 ptrace "
        "process_vm_readv pidfd_getfd bpf perf_event_open userfaultfd io_uring open_by_handle kexec init_module "
        "personality reboot io_setup inotify mbind set_mempolicy membarrier vmsplice syncfs sync fadvise seccomp "
        "landlock"
    ).split(),
)
def test_system_call_is_refused(attempt, call):
    assert attempt(call) == "ENOSYS"


def test_core_cannot_be_kept_from_others(attempt):
    assert attempt("libc.prctl(62, 1, 0, 0, 0) or 'done'") == "-1"


def test_clone_into_a_new_user_namespace_is_refused(attempt):
    assert attempt("call(56, 220, 0x10000000 | 17, 0, 0, 0, 0)") == "EPERM"


def test_other_tables_of_system_calls_are_closed(attempt):
    # x32's getpid, through x86-64's gate.
    assert attempt("call(0x40000000 + 39, 0x40000000, 0)") == "ENOSYS"


def test_filter_cannot_be_taken_off(attempt):
    assert attempt("libc.prctl(22, 0, 0, 0, 0)") == "-1"


@pytest.mark.parametrize("call", ["setuid(0)", "setgid(0)", "setgroups([0])", "setresuid(0, 0, 0)"])
def test_root_cannot_be_had_back(attempt, call):
    assert attempt(f"os.{call}") in ("EPERM", "EINVAL")


def test_privileges_are_gone(attempt):
    status = "' '.join(l.split()[1] for l in open('/proc/self/status') if l.startswith(('Cap', 'NoNew', 'Seccomp:')))"
    inherited, permitted, effective, _, ambient, no_new, seccomp = attempt(status).split()
    assert {inherited, permitted, effective, ambient} == {"0" * 16}
    assert (no_new, seccomp) == ("1", "2")


def test_it_is_nobody(attempt):
    uid = int(attempt("os.getuid()"))
    assert uid not in (0, 1000)
    assert attempt("os.getgroups()") in ("[]", "[65534]", f"[{uid}]")


@pytest.mark.parametrize("folder", ["/", "/opt", "/opt/sandbox/worker", "/opt/python/lib", "/usr/lib", "/dev", "/proc"])
def test_nothing_but_the_work_directory_can_be_written(attempt, folder):
    assert attempt(f"open('{folder}/x', 'w')") in ("EROFS", "EACCES", "ENOENT", "EPERM")


def test_only_the_work_directory_is_writable(reveals):
    code = """
    import os
    def probe():
        found = set()
        for folder, folders, _ in os.walk("/"):
            if folder.startswith("/proc"):
                folders.clear()
            elif os.access(folder, os.W_OK):
                found.add(folder)
        return " ".join(sorted(found))
    """
    assert reveals(code) in ("/tmp", "/dev/shm /tmp")  # both are emptied


def test_kernel_settings_cannot_be_changed(attempt):
    assert attempt("open('/proc/sys/kernel/hostname', 'w')") in ("EROFS", "EACCES")
    assert attempt("open('/proc/sysrq-trigger', 'w')") in ("EROFS", "EACCES", "ENOENT")


@pytest.mark.parametrize("path", ["/proc/1/mem", "/proc/1/oom_score_adj", "/proc/1/comm", "/dev/mem", "/dev/kmsg"])
def test_server_and_machine_cannot_be_written(attempt, path):
    assert attempt(f"open('{path}', 'r+b')") in ("EACCES", "ENOENT", "EPERM")


def test_link_out_of_the_work_directory_leads_nowhere(attempt):
    assert attempt("os.symlink('/etc/passwd', '/tmp/link') or open('/tmp/link')") == "ENOENT"


def test_device_cannot_be_made(attempt):
    assert attempt("os.mknod('/tmp/device', 0o20666, os.makedev(1, 1))") == "EPERM"


def test_terminal_cannot_be_made(attempt):
    assert attempt("os.openpty()") == "ENOENT"


def test_set_user_id_bit_gains_nothing(attempt):
    assert attempt("os.mknod('/tmp/x') or os.chmod('/tmp/x', 0o6777) or os.geteuid() == os.getuid()") == "True"


def test_hosts_processes_cannot_be_seen(attempt):
    assert attempt("len([n for n in os.listdir('/proc') if n.isdigit()])") == "2"


def test_memory_of_a_sibling_cannot_be_asked_for(attempt):
    assert attempt("os.pidfd_open(1) and call(438, 438, 4, 1, 0)") == "ENOSYS"

"""Programs that leave something behind for whoever comes next, or for the worker to stumble over."""

from __future__ import annotations

import pytest

LEAVE = {
    "a_file": "open('/tmp/note', 'w').write('42')",
    "a_file_in_shared_memory": "open('/dev/shm/note', 'w').write('42')",
    "a_hidden_file": "open('/tmp/.note', 'w').write('42')",
    "a_file_with_newlines_in_its_name": "open('/tmp/a\\nb\\n', 'w').close()",
    "a_file_with_undecodable_name": "open(b'/tmp/\\xff\\xfe', 'w').close()",
    "a_closed_folder": "os.makedirs('/tmp/a/b/c'); os.chmod('/tmp/a/b', 0); os.chmod('/tmp/a', 0)",
    "a_closed_folder_with_files": "os.mkdir('/tmp/a'); open('/tmp/a/x', 'w').close(); os.chmod('/tmp/a', 0o500)",
    "a_link_to_the_interpreter": "os.symlink('/opt/python', '/tmp/link')",
    "a_link_to_itself": "os.symlink('/tmp/loop', '/tmp/loop')",
    "a_link_to_the_folder_above": "os.mkdir('/tmp/a'); os.symlink('/tmp', '/tmp/a/up')",
    "a_named_pipe": "os.mkfifo('/tmp/pipe')",
    "a_socket": "import socket; socket.socket(socket.AF_UNIX).bind('/tmp/socket')",
    "the_folder_of_a_job": "os.makedirs('/tmp/job/x'); os.chmod('/tmp/job', 0)",
    "a_closed_work_directory": "os.chmod('/tmp', 0)",
    "a_very_deep_folder": "[(os.mkdir('d'), os.chdir('d')) for _ in range(3000)]",
    "many_files": "[open(f'/tmp/{i}', 'w').close() for i in range(3000)]",
}


@pytest.mark.parametrize("what", LEAVE)
def test_what_is_left_in_the_work_directory_is_gone(attack, reveals, shared_session, what):
    code = f"""
    import os
    def f(n):
        if n == 3:
            try:
                {LEAVE[what]}
            except PermissionError:
                pass
        return 6
    """
    attack(code, "wrong_answer")
    look = """
    import os
    def probe():
        return f"{os.listdir('/tmp')} {os.listdir('/dev/shm')} {oct(os.stat('/tmp').st_mode)[-3:]}"
    """
    before = shared_session.sandbox("python").restarts
    assert reveals(look) == "[] [] 777"
    assert shared_session.sandbox("python").restarts == before


def test_daemon_is_not_left_running(attack, reveals):
    code = """
    import os, time
    def f(n):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                time.sleep(600)
            os._exit(0)
        return 0
    """
    attack(code, "wrong_answer")
    look = "import os\ndef probe():\n    return str(sum(name.isdigit() for name in os.listdir('/proc')))\n"
    assert reveals(look) == "2"


@pytest.mark.parametrize(
    "call",
    [
        "libc.shmget(4711, 4096, 0o1666)",
        "libc.semget(4711, 1, 0o1666)",
        "libc.msgget(4711, 0o1666)",
        "ctypes.CDLL('librt.so.1', use_errno=True).mq_open(b'/q', 0o102, 0o666, None)",
        "libc.syscall({'x86_64': 248, 'aarch64': 217}[os.uname().machine], b'user', b'note', b'42', 2, -5)",
        "libc.setxattr(b'/tmp', b'user.note', b'42', 2, 0)",
    ],
    ids=["shared_memory", "semaphore", "message_queue", "posix_queue", "key", "attribute"],
)
def test_kernel_object_that_outlives_its_process_cannot_be_made(reveals, call):
    code = f"""
    import ctypes, errno, os
    def probe():
        libc = ctypes.CDLL(None, use_errno=True)
        result = {call}
        return f"{{result}} {{errno.errorcode.get(ctypes.get_errno())}}"
    """
    assert reveals(code) == "-1 ENOSYS"


def test_limits_of_the_server_cannot_be_lowered_for_those_to_come(reveals):
    code = """
    import resource
    def probe():
        try:
            return str(resource.prlimit(1, resource.RLIMIT_DATA, (1 << 20, 1 << 20)))
        except PermissionError as error:
            return "refused"
    """
    assert reveals(code) == "refused"


@pytest.mark.parametrize(
    "call",
    ["os.sched_setaffinity(1, {0})", "os.setpriority(os.PRIO_PROCESS, 1, 19)", "os.setpriority(os.PRIO_USER, 0, 19)",
     "os.sched_setscheduler(1, os.SCHED_IDLE, os.sched_param(0))"],
    ids=["affinity", "priority", "priority_of_the_user", "scheduler"],
)  # fmt: skip
def test_server_cannot_be_slowed_for_those_to_come(reveals, call):
    code = f"""
    import os
    def probe():
        try:
            return str({call})
        except OSError as error:
            return "refused"
    """
    assert reveals(code) == "refused"


SEND_AWAY = """
import os, socket
def f(n):
    for k in range(3):
        left, right = socket.socketpair()
        named = socket.socket(socket.AF_UNIX)
        named.bind(f"\\0note{n}{k}")
        file = os.open("/tmp/x", os.O_RDWR | os.O_CREAT)
        os.write(file, bytes(1 << 20))
        os.unlink("/tmp/x")
        for one in (left, right):
            socket.send_fds(one, [b"x"], [file, named.fileno(), left.fileno(), right.fileno()])
    return 6
"""


def test_sockets_in_each_others_queues_are_gone(attack, reveals, shared_session):
    # Nobody has them any more, and still they hold their names, their files, and a place among those under way.
    before = shared_session.sandbox("python").restarts
    attack(SEND_AWAY, "wrong_answer")
    look = """
    import os
    def probe():
        shape = os.statvfs("/tmp")
        return f"{open('/proc/net/unix').read().count(chr(10))} {shape.f_blocks - shape.f_bfree}"
    """
    assert reveals(look) == "1 0"
    assert shared_session.sandbox("python").restarts == before

"""Programs that end before they have answered, in a way that looks like success."""

from __future__ import annotations


def test_sys_exit_zero_is_not_passed(attack):
    attack("import sys\ndef f(n):\n    sys.exit(0)\n", "runtime_error")


def test_sys_exit_zero_while_loading_is_not_passed(attack):
    attack("import sys\nsys.exit(0)\ndef f(n):\n    return 2 * n\n", "runtime_error")


def test_os_exit_zero_is_not_passed(attack):
    got = attack("import os\ndef f(n):\n    os._exit(0)\n", "runtime_error")
    assert "exit code 0" in got.detail


def test_os_exit_after_the_first_answer_is_not_passed(attack):
    code = """
    import os
    def f(n):
        if n != 3:
            os._exit(0)
        return 6
    """
    got = attack(code, "runtime_error")
    assert got.cases_passed == 1


def test_system_exit_in_a_thread_answers_nothing(attack):
    code = """
    import threading
    def f(n):
        thread = threading.Thread(target=exit)
        thread.start()
        thread.join()
    """
    attack(code, "wrong_answer")


def test_exit_handler_that_leaves_with_zero_is_not_passed(attack_stdin):
    code = """
    import atexit, os
    atexit.register(os._exit, 0)
    print(42)
    """
    attack_stdin(code, "wrong_answer")


def test_signal_to_itself_is_not_passed(attack):
    got = attack("import os, signal\ndef f(n):\n    os.kill(os.getpid(), signal.SIGTERM)\n", "runtime_error")
    assert "signal 15" in got.detail


def test_signal_handler_that_leaves_with_zero_is_not_passed(attack):
    code = """
    import os, signal
    signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
    def f(n):
        signal.raise_signal(signal.SIGALRM)
    """
    attack(code, "runtime_error")


def test_becoming_a_program_that_succeeds_is_not_passed(attack):
    code = """
    import os
    def f(n):
        python = "/opt/python"
        environment = {"LD_LIBRARY_PATH": python + "/lib", "PYTHONHOME": python}
        os.execve(python + "/bin/python3", ["python3", "-S", "-c", "pass"], environment)
    """
    got = attack(code, "runtime_error")
    assert "exit code 0" in got.detail


def test_leaving_the_answer_to_a_grandchild_is_not_passed(attack):
    code = """
    import os, time
    def f(n):
        if os.fork() == 0:
            if os.fork() == 0:
                time.sleep(0.2)
                return 2 * n
            os._exit(0)
        os._exit(0)
    """
    attack(code, "runtime_error")


def test_abort_is_not_passed(attack):
    attack("import os\ndef f(n):\n    os.abort()\n", "runtime_error")


def test_generator_exit_and_keyboard_interrupt_are_its_own_doing(attack):
    attack("def f(n):\n    raise GeneratorExit\n", "runtime_error")
    attack("def f(n):\n    raise KeyboardInterrupt\n", "runtime_error")


def test_exiting_a_stdin_program_early_is_not_passed(attack_stdin):
    attack_stdin("import sys\nprint(42, flush=True)\nsys.exit(0)\nprint(8)\n", "wrong_answer")


def test_silence_with_exit_zero_is_not_passed(attack_stdin):
    attack_stdin("pass\n", "wrong_answer")


def test_right_output_with_a_failing_exit_is_not_passed(attack_stdin):
    attack_stdin(
        "import sys\nfor line in sys.stdin:\n    print(2 * int(line))\nsys.exit(3)\n",
        "runtime_error",
    )

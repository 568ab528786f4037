"""Programs that write the harness's own frames, without knowing what is expected."""

from __future__ import annotations

import pytest

FRAMES = """
import os
def frame(kind, text=""):
    data = text.encode()
    return kind + len(data).to_bytes(4, "big") + data
def write_everywhere(data):
    for fd in range(256):
        try:
            os.write(fd, data)
        except OSError:
            pass
"""


def test_pass_marker_on_every_descriptor_is_not_passed(attack):
    code = FRAMES + "\nwrite_everywhere(b'PASSED\\nOK\\n1 passed\\n')\nos._exit(0)\n"
    attack(code, "runtime_error")


def test_forged_end_frame_is_not_passed(attack):
    attack(FRAMES + "\ndef f(n):\n    write_everywhere(frame(b'Z'))\n    os._exit(0)\n", "runtime_error")


def test_forged_answers_with_guessed_values_are_compared(attack):
    code = FRAMES + (
        "\nwrite_everywhere(frame(b'R') + frame(b'V', '6') + frame(b'V', '7') + frame(b'V', '8') + frame(b'Z'))"
        "\nos._exit(0)\n"
    )
    got = attack(code, "wrong_answer")
    assert got.cases_passed == 1


@pytest.mark.parametrize("value", ["null", "true", '"passed"', "[]", "{}", '{"$": "any", "v": 0}', "", "NaN", "["])
def test_forged_answers_of_every_shape_are_compared(attack, value):
    code = FRAMES + f"\nwrite_everywhere(frame(b'R') + 3 * frame(b'V', {value!r}) + frame(b'Z'))\nos._exit(0)\n"
    attack(code, "wrong_answer")


def test_fewer_forged_answers_than_inputs_are_not_passed(attack):
    attack(
        FRAMES + "\nwrite_everywhere(frame(b'R') + frame(b'V', '6') + frame(b'Z'))\nos._exit(0)\n",
        "runtime_error",
    )


def test_more_forged_answers_than_inputs_are_not_passed(attack):
    code = FRAMES + (
        "\ndef f(n):\n    if n == 3:\n        for guess in (6, 20, 9422):\n"
        "            write_everywhere(frame(b'V', str(guess)))\n    return 2 * n\n"
    )
    attack(code, "runtime_error")


def test_frame_of_a_conversation_in_a_plain_run_is_not_passed(attack):
    attack(
        FRAMES + "\nwrite_everywhere(frame(b'R') + 3 * frame(b'P') + frame(b'Z'))\nos._exit(0)\n",
        "runtime_error",
    )


def test_junk_after_forged_frames_is_not_passed(attack):
    code = FRAMES + (
        "\nwrite_everywhere(frame(b'R') + frame(b'V', '6') + frame(b'V', '20') + frame(b'V', '9422') + frame(b'Z')"
        " + b'junk')\nos._exit(0)\n"
    )
    attack(code, "runtime_error")


def test_frame_that_claims_four_gigabytes_is_not_passed(attack):
    attack(FRAMES + "\nwrite_everywhere(b'R' + bytes(4) + b'V' + b'\\xff' * 4)\nos._exit(0)\n", "runtime_error")


def test_forged_load_error_does_not_excuse(attack):
    code = FRAMES + "\nwrite_everywhere(frame(b'L', '[1, 2'))\nos._exit(0)\n"
    attack(code, "runtime_error")


def test_result_file_emptied_and_rewritten_is_only_a_guess(attack):
    code = FRAMES + (
        "\ndef f(n):\n    os.ftruncate(3, 0)\n    os.lseek(3, 0, 0)\n"
        "    os.write(3, frame(b'R') + 3 * frame(b'V', '6') + frame(b'Z'))\n    os._exit(0)\n"
    )
    attack(code, "wrong_answer")


def test_result_file_grown_without_writing_is_not_passed(attack):
    attack("import os\ndef f(n):\n    os.ftruncate(3, 4_000_000)\n    os._exit(0)\n", "runtime_error")


def test_answers_after_a_crash_are_not_believed(attack):
    code = FRAMES + (
        "\nwrite_everywhere(frame(b'R') + frame(b'V', '6') + frame(b'V', '20') + frame(b'V', '9422') + frame(b'Z'))"
        "\nos.kill(os.getpid(), 9)\n"
    )
    attack(code, "runtime_error")


def test_pass_marker_on_stdout_is_not_passed(attack_stdin):
    attack_stdin("print('OK')\nprint('PASSED')\nprint('1 passed in 0.01s')\n", "wrong_answer")


def test_right_output_with_junk_behind_is_not_passed(attack_stdin):
    attack_stdin("import sys\nfor line in sys.stdin:\n    print(2 * int(line))\nprint('junk')\n", "wrong_answer")

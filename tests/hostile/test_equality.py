"""Answers that claim to be equal to anything, and answers that bite whoever looks at them."""

from __future__ import annotations

import pytest


def test_lying_eq_is_not_passed(attack):
    code = """
    class Liar:
        def __eq__(self, other):
            return True
        __hash__ = None
    def f(n):
        return Liar()
    """
    got = attack(code, "wrong_answer")
    assert "Liar" in got.detail


@pytest.mark.parametrize("base", ["int", "str", "list", "dict", "float", "tuple", "set", "bytes", "complex"])
def test_lying_subclass_is_not_passed(attack, base):
    code = f"""
    class Liar({base}):
        def __eq__(self, other):
            return True
        def __hash__(self):
            return 0
    def f(n):
        return Liar()
    """
    attack(code, "wrong_answer")


def test_metaclass_that_calls_itself_int_is_not_passed(attack):
    code = """
    class Meta(type):
        def __eq__(cls, other):
            return True
        def __hash__(cls):
            return hash(int)
        def __instancecheck__(cls, other):
            return True
    class Liar(metaclass=Meta):
        __class__ = int
        def __eq__(self, other):
            return True
    Liar.__name__ = "int"
    def f(n):
        return Liar()
    """
    attack(code, "wrong_answer")


def test_metaclass_whose_name_explodes_is_not_passed(attack):
    code = """
    class Meta(type):
        @property
        def __name__(cls):
            raise SystemExit(0)
    class Liar(metaclass=Meta):
        pass
    def f(n):
        return Liar()
    """
    attack(code, "runtime_error")


def test_nan_equals_nothing(attack):
    attack("def f(n):\n    return float('nan')\n", "wrong_answer")


def test_the_right_answer_in_another_type_is_not_passed(attack):
    attack("def f(n):\n    return str(2 * n)\n", "wrong_answer")
    attack("def f(n):\n    return [2 * n]\n", "wrong_answer")


def test_object_that_hangs_when_compared_is_never_compared(attack):
    code = """
    class Slow:
        def __eq__(self, other):
            while True:
                pass
        __hash__ = None
    def f(n):
        return Slow()
    """
    attack(code, "wrong_answer")


def test_exception_that_hangs_when_described_is_a_timeout(attack):
    code = """
    class Slow(Exception):
        def __str__(self):
            while True:
                pass
    def f(n):
        raise Slow
    """
    attack(code, "timeout")


def test_exception_that_explodes_when_described_is_a_runtime_error(attack):
    code = """
    class Bomb(Exception):
        def __str__(self):
            raise SystemExit(0)
    def f(n):
        raise Bomb
    """
    attack(code, "runtime_error")


def test_list_that_holds_itself_is_not_passed(attack):
    attack("def f(n):\n    a = []\n    a.append(a)\n    return a\n", "wrong_answer")


def test_deeply_nested_value_is_not_passed(attack):
    code = """
    def f(n):
        value = 2 * n
        for _ in range(100_000):
            value = [value]
        return value
    """
    attack(code, "wrong_answer")


def test_huge_answer_is_refused_unread(attack):
    got = attack("def f(n):\n    return [0] * 500_000\n", "wrong_answer")
    assert "far more than expected" in got.detail


def test_huge_integer_is_not_passed(attack):
    attack("def f(n):\n    return 1 << 400_000\n", "wrong_answer")


def test_lying_keys_in_a_dict_are_refused(attack):
    code = """
    class Key(str):
        def __eq__(self, other):
            return True
        def __hash__(self):
            return 1
    def f(n):
        return {Key("a"): 1}
    """
    attack(code, "wrong_answer")


def test_lone_surrogates_do_no_harm(attack):
    attack("def f(n):\n    return chr(0xD800) + chr(0)\n", "wrong_answer")
    attack("def f(n):\n    raise ValueError(chr(0xD800))\n", "runtime_error")

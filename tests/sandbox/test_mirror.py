"""What a call changes and shares, told by one side as plain data and made true on the other."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict, deque
from typing import Any, NamedTuple

import pytest

from sandbox.worker import codec
from sandbox.worker.mirror import KEPT, Mirror, assign, containers


def cross(there: Mirror, here: Mirror, theirs: list[Any], ours: list[Any], result: Any) -> Any:
    """The tests' object for `result`, of a call that was given `ours` here and its copy `theirs` there."""
    claims = there.claims(containers(theirs), result)
    return here.joined(containers(ours), codec.loads(codec.dumps(result)), claims)


def test_parts_of_arguments_and_of_earlier_results_stay_themselves() -> None:
    there, here = Mirror(), Mirror()
    ours: list[Any] = [[[1], {"k": [2]}], {}]
    theirs = codec.loads(codec.dumps(ours))
    first = cross(there, here, theirs, ours, {"in": theirs[0][1], "new": [5], "pair": (theirs[0][0], 3)})
    assert first == {"in": {"k": [2]}, "new": [5], "pair": ([1], 3)}
    assert first["in"] is ours[0][1]
    assert first["pair"][0] is ours[0][0]
    kept = [7]
    one, two = (cross(there, here, [[], {}], [[], {}], [kept, n]) for n in (1, 2))
    assert one[0] is two[0]
    assert one is not two


def test_equal_is_not_the_same() -> None:
    there, here = Mirror(), Mirror()
    one, two = (cross(there, here, [[], {}], [[], {}], [1]) for _ in range(2))
    assert one == two
    assert one is not two


def test_an_earlier_result_that_changed_holds_what_it_holds_now() -> None:
    there, here = Mirror(), Mirror()
    inner: list[Any] = [1]
    kept: dict[str, Any] = {"a": inner, "b": {7}}
    first = cross(there, here, [[], {}], [[], {}], kept)
    inner[:] = [2, [3]]
    kept["c"] = ({4}, 5)
    second = cross(there, here, [[], {}], [[], {}], kept)
    assert second is first
    assert first == {"a": [2, [3]], "b": {7}, "c": ({4}, 5)}


def test_what_the_tests_did_to_an_earlier_result_stays_until_it_is_overwritten() -> None:
    there, here = Mirror(), Mirror()
    kept: list[Any] = [[1], 2]
    first = cross(there, here, [[], {}], [[], {}], kept)
    first[0].append(9)
    assert cross(there, here, [[], {}], [[], {}], kept) == [[1, 9], 2]
    kept[0][:] = [5]
    assert cross(there, here, [[], {}], [[], {}], kept) == [[5], 2]


def test_old_results_are_forgotten() -> None:
    there, here = Mirror(), Mirror()
    kept = [7]
    first = cross(there, here, [[], {}], [[], {}], kept)
    for _ in range(KEPT):
        cross(there, here, [[], {}], [[], {}], [0])
    assert cross(there, here, [[], {}], [[], {}], kept) is not first


class Named(NamedTuple):
    x: list[int]
    y: int


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (([1], 2), ([], 2)),
        (Named([1], 2), ([], 2)),
        (Counter("aab"), {"b": 1}),
        (OrderedDict(a=[1], b=2), {"b": 2, "a": []}),
        (defaultdict(list, a=[1]), {"a": [1, 2]}),
        (deque([1, 2]), deque([2])),
        (bytearray(b"ab"), bytearray(b"ba")),
        ({1, 2}, {2}),
    ],
)
def test_arguments_of_other_types_change_where_they_are(old: Any, new: Any) -> None:
    assert assign(old, new) is old
    assert old == new


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ([3, 1, 2], [1, 2, 3]),
        ([1, [2], {"a": [3]}], [1, [2, 4], {"a": [], "b": {5}}, 6]),
        ([1, 2], []),
        ([1.0, True, (1, [2])], [1, 1, (1, [3])]),
        ([{1, 2}], [{2, 3}]),
        ([[1]], ["a"]),
        ([([1], 2)], [([], 2)]),
        ([deque([1, [2]])], [deque([[2], 3])]),
        ([bytearray(b"ab")], [bytearray(b"b")]),
    ],
)
def test_an_argument_becomes_what_it_is_on_the_other_side(old: list[Any], new: list[Any]) -> None:
    inner = [one for one in old if isinstance(one, list | dict | set)]
    done = assign(old, new)
    assert done is old
    assert codec.dumps(done) == codec.dumps(new)
    same_kind = [
        a for a, b in zip(inner, [one for one in done if isinstance(one, list | dict | set)], strict=False) if a is b
    ]
    assert same_kind == [one for one in done if isinstance(one, list | dict | set)][: len(inner)]

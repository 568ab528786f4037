"""One process at a time has the lease on what lies behind a URL."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from factory.errors import ConfigError, LeaseLost, LockedError
from factory.storage import lease
from factory.storage.lease import Lease
from factory.storage.remote import Store

NewLease = Callable[[str], Lease]


@pytest.fixture
def new(object_store: Any) -> NewLease:
    """`new(copy)`: a lease on one URL, for another process, with a copy of that name."""
    return lambda copy: Lease(Store(object_store.url("run")), copy)


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """`ended()`: every lease that is not renewed from now on has ended, by all clocks."""
    seconds, (wall, monotonic) = [0.0], (time.time, time.monotonic)
    monkeypatch.setattr(time, "time", lambda: wall() + seconds[0])
    monkeypatch.setattr(time, "monotonic", lambda: monotonic() + seconds[0])

    def later() -> None:
        seconds[0] += lease.LEASE_S + lease.SKEW_S + 1

    return later


def test_who_comes_second_hears_who_has_it(new: NewLease) -> None:
    assert new("one").take(alone=True) is None
    with pytest.raises(LockedError, match=r"^s3://\S+/run: \S+ \(process \d+\) is working on it, .* until .* UTC"):
        new("two").take(alone=True)
    with pytest.raises(LockedError):
        new("one").take(alone=False)


def test_of_many_at_once_one_gets_it(new: NewLease) -> None:
    def takes(copy: str) -> bool:
        try:
            new(copy).take(alone=True)
        except LockedError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(takes, "abcdef")) == 1


def test_it_ends_when_it_is_not_renewed_and_who_lost_it_finds_out(new: NewLease, ended: Callable[[], None]) -> None:
    first, second = new("one"), new("two")
    first.take(alone=True)
    ended()
    first.check()  # nobody has taken it: it is renewed
    with pytest.raises(LockedError):
        second.take(alone=True)
    ended()
    last = second.take(alone=True)
    assert last is not None
    assert last.copy == "one"
    for _ in range(5):
        second.renew()
    for write in (first.check, first.renew, first.release):
        with pytest.raises(LeaseLost, match=r"has taken over, .* nothing more is written there; remedy"):
            write()
    second.check()


def test_it_is_free_when_it_is_released_or_its_process_is_known_to_have_ended(new: NewLease) -> None:
    first = new("one")
    first.take(alone=True)
    first.release()
    killed = new("two")
    killed.take(alone=True)
    new("two").take(alone=True)
    with pytest.raises(LeaseLost):
        killed.renew()


def test_few_objects_of_it_stay(new: NewLease, object_store: Any) -> None:
    it = new("one")
    it.take(alone=True)
    for _ in range(6):
        it.renew()
    assert len(object_store.objects("run/lease")) <= 3


def test_a_store_without_conditional_puts_is_refused(new: NewLease, object_store: Any) -> None:
    app = object_store._app

    def careless(environ: dict[str, Any], start: Any) -> Any:
        environ.pop("HTTP_IF_NONE_MATCH", None)
        return app(environ, start)

    object_store._app = careless
    with pytest.raises(ConfigError, match=r"knows no If-None-Match\).*remedy: a store with conditional puts"):
        new("one").take(alone=True)
    assert object_store.objects() == {}


def test_a_bucket_that_is_not_there_is_named(object_store: Any) -> None:
    with pytest.raises(ConfigError, match=r"s3://no-such-bucket/run/lease: there is no such bucket; remedy: create it"):
        Lease(Store("s3://no-such-bucket/run"), "one").take(alone=True)

"""What lies at the URL of a run while it works: always what a killed run would have left."""

from __future__ import annotations

import random
import threading
from pathlib import Path
from typing import Any

import pytest

from factory.errors import ConfigError, LeaseLost, StoreConflict, StoreError
from factory.run import mirror
from factory.run.directory import RunDir
from factory.run.mirror import Mirror
from factory.run.opened import fetched, run_dir_at, working
from factory.run.seal import GIVEN
from factory.run.sealed import FACTS
from factory.run.working_copy import WorkingCopy
from factory.storage import files, lease, remote
from factory.storage.lease import Lease
from factory.storage.remote import Store

PARTS = ("rollouts/a.parquet", "verdicts/a.parquet", "rollouts/b.parquet")


class Work:
    """The work of a run, without the run."""

    def __init__(self, object_store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.url = object_store.url("run")
        self.notes: list[str] = []
        self._monkeypatch, self._object_store = monkeypatch, object_store
        self.dir = run_dir_at(self.url)

    def on(self, machine: str) -> RunDir:
        """The run directory as another machine opens it."""
        self._monkeypatch.setenv("ROLLOUT_FACTORY_CACHE", str(self.dir.path.parent / machine))
        return run_dir_at(self.url)

    def working(self, place: RunDir) -> Any:
        return working(place, self.notes.append)

    def write(self, place: RunDir, name: str, data: bytes = b"data") -> None:
        digest = files.put(place.path / name, data)
        place.log("sampled", part=name, sha256=digest, problem="p")

    def there(self) -> dict[str, bytes]:
        found: dict[str, bytes] = self._object_store.objects("run")
        return {name: data for name, data in found.items() if "lease" not in name.split("/")}


@pytest.fixture
def work(object_store: Any, monkeypatch: pytest.MonkeyPatch) -> Work:
    return Work(object_store, monkeypatch)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passes and renewals follow each other fast."""
    monkeypatch.setattr(mirror, "PAUSE_S", 0.05)
    monkeypatch.setattr(mirror, "RENEW_S", 0.1)


def local(place: RunDir) -> dict[str, bytes]:
    """The files of the copy of a run, and of those of its slices."""
    copy = WorkingCopy(place.url, print)
    found = {name: (copy.path / name).read_bytes() for name in copy.files()}
    for number in copy.find_slices():
        part = WorkingCopy(place.slice(number).url, print)
        found |= {f"slices/{number:06d}/{name}": (part.path / name).read_bytes() for name in part.files()}
    return found


def seen_writes(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What is put and removed from now on, in order, without leases."""
    found: list[tuple[str, str]] = []
    for method in ("put", "remove"):
        real = getattr(Store, method)

        def noted(store: Store, name: str, *more: Any, _real: Any = real, _method: str = method) -> Any:
            result = _real(store, name, *more)
            if not store.url.endswith("/lease"):
                found.append((_method, name))
            return result

        monkeypatch.setattr(Store, method, noted)
    return found


def test_a_part_goes_before_the_ledger_that_names_it(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    writes = seen_writes(monkeypatch)
    with work.working(work.dir):
        for name in PARTS:
            work.write(work.dir, name)
    names = [name for _, name in writes]
    assert names[-1] == "ledger.jsonl"
    for name in PARTS:
        assert names.index(f"{name}.sha256") < names.index(name)
    assert work.there() == local(work.dir)


def test_a_sealed_slice_goes_before_its_parts_are_removed(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    part = work.dir.slice(0)
    with work.working(work.dir), work.working(part):
        work.write(part, "rollouts/a.parquet")
    writes = seen_writes(monkeypatch)
    with work.working(part):
        (part.path / "rollouts.parquet").write_bytes(b"sealed")
        part.log("sealed", part=FACTS, sha256=files.put(part.path / FACTS, b"{}"))
        for name in ("a.parquet", "a.parquet.sha256"):
            (part.path / "rollouts" / name).unlink()
    names = [name for _, name in writes]
    order = ("rollouts.parquet", f"{FACTS}.sha256", FACTS, "ledger.jsonl", "rollouts/a.parquet")
    assert sorted(order, key=names.index) == list(order)
    assert writes[-2:] == [("remove", f"rollouts/a.parquet{end}") for end in ("", ".sha256")]
    assert work.there() == local(work.dir)


def test_what_is_gone_for_a_moment_is_not_removed(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    with work.working(work.dir):
        work.write(work.dir, PARTS[0])
    copy = WorkingCopy(work.url, print)
    held = Lease(copy.store, copy.id)
    with copy.working() as alone:
        last = held.take(alone)
        both = Mirror(copy, held, lambda: None)
        monkeypatch.setattr(both, "_start", lambda *_: None)
        both.begin(copy.update(last))
        path = copy.path / PARTS[0]
        data = path.read_bytes()
        path.unlink()
        both.flush()
        path.write_bytes(data)
        both.flush()
        assert PARTS[0] in work.there()
        path.unlink()
        both.flush()
        both.flush()
        assert PARTS[0] not in work.there()


def test_what_is_not_whole_is_not_uploaded(work: Work) -> None:
    with work.working(work.dir):
        for name in PARTS:
            work.write(work.dir, name)
    before = work.there()
    with work.working(work.dir):
        (work.dir.path / PARTS[0]).write_bytes(b"damaged")
        (work.dir.path / "rollouts" / ".x.parquet.1.tmp").write_bytes(b"half written")
        with (work.dir.path / "ledger.jsonl").open("ab") as file:
            file.write(b'{"event": "sam')
    assert work.there() == before


def test_another_machine_goes_on_and_the_first_one_keeps_aside_what_it_had_not_uploaded(work: Work) -> None:
    here, there = work.on("here"), work.on("there")
    work.on("here")
    with work.working(here):
        work.write(here, PARTS[0], b"first")
    work.write(here, PARTS[1], b"here")  # killed before it is uploaded
    work.on("there")
    with work.working(there):
        assert (there.path / PARTS[0]).read_bytes() == b"first"
        assert list(there.written) == [PARTS[0]]
        work.write(there, PARTS[1], b"there")
    work.on("here")
    with work.working(here):
        assert (here.path / PARTS[1]).read_bytes() == b"there"
        assert list(here.written) == [PARTS[0], PARTS[1]]
    (said,) = (line for line in work.notes if "another machine has gone on" in line)
    aside = here.path.parent / "aside-1"
    assert str(aside) in said
    assert (aside / PARTS[1]).read_bytes() == b"here"
    assert work.there() == local(here)


def test_what_was_not_uploaded_before_a_kill_is_uploaded_by_the_next_process(work: Work) -> None:
    with work.working(work.dir):
        work.write(work.dir, PARTS[0])
        work.write(work.dir, "verdicts/a.parquet")
    work.write(work.dir, PARTS[2])
    work.dir.log("dropped", part="verdicts/a.parquet")
    (work.dir.path / "verdicts/a.parquet").unlink()
    with work.working(work.dir):
        assert not (work.dir.path / "verdicts/a.parquet").exists()
    assert work.there() == local(work.dir)
    assert PARTS[2] in work.there()
    assert "verdicts/a.parquet" not in work.there()


def test_what_a_cleaner_took_from_the_copy_is_fetched_and_not_removed(work: Work) -> None:
    part = work.dir.slice(3)
    with work.working(work.dir), work.working(part):
        for name in PARTS:
            work.write(work.dir, name)
        work.write(part, "rollouts/a.parquet")
        for name in (*GIVEN, "rollouts.parquet"):
            (part.path / name).write_bytes(b"sealed")
        part.log("sealed", part=FACTS, sha256=files.put(part.path / FACTS, b"{}"))
    before = work.there()
    for name in before:
        if not name.endswith("ledger.jsonl"):
            (work.dir.path / name).unlink()
    with work.working(work.dir), work.working(part):
        assert local(work.dir) == before
    for path in sorted(work.dir.path.rglob("*")):
        if path.is_file():
            path.unlink()
    with work.working(work.dir), work.working(part):
        assert local(work.dir) == before
    assert work.there() == before


def test_who_has_lost_the_lease_writes_no_more(work: Work, quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = threading.Event()
    here = work.on("here")
    monkeypatch.setattr(lease, "LEASE_S", -lease.SKEW_S)  # it has ended when it is taken, as after a long sleep
    monkeypatch.setattr(mirror, "RENEW_S", 3600.0)

    def works() -> None:
        with working(here, work.notes.append, failed.set):
            Lease(Store(work.url), "there").take(alone=True)
            work.write(here, PARTS[0])
            assert failed.wait(60)
            work.write(here, PARTS[1])

    with pytest.raises(LeaseLost, match="has taken over"):
        works()
    assert work.there() == {}
    assert {PARTS[0], PARTS[1]} <= local(here).keys()


def test_an_object_that_somebody_else_has_written_is_not_written_over(work: Work, object_store: Any) -> None:
    def works() -> None:
        with work.working(work.dir):
            object_store.files().pipe_file(f"{object_store.bucket}/run/{PARTS[0]}", b"another's")
            work.write(work.dir, PARTS[0])

    with pytest.raises(StoreConflict, match=r"rollouts/a.parquet: holds other bytes"):
        works()
    assert work.there()[PARTS[0]] == b"another's"
    assert "ledger.jsonl" not in work.there()


def test_a_store_that_fails_now_and_then_and_is_slow_gets_everything(
    work: Work, object_store: Any, quick: None
) -> None:
    chance = random.Random(5)

    def fault(method: str, path: str) -> float:
        return chance.choice((0, 0, 0, 0.05, 0.2, 500, 503))

    object_store.fault = fault
    with work.working(work.dir):
        for number in range(12):
            work.write(work.dir, f"rollouts/{number}.parquet", str(number).encode())
    object_store.fault = lambda method, path: 0
    assert work.there() == local(work.dir)
    object_store.fault = fault
    other = fetched(work.on("there"), work.notes.append)
    object_store.fault = lambda method, path: 0
    assert local(other) == work.there()


def test_a_store_that_is_away_is_waited_for_said_and_ends_the_work(
    work: Work, object_store: Any, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "PATIENCE_S", 1.5)
    monkeypatch.setattr(remote, "SAID_S", 0.3)
    failed = threading.Event()

    def works() -> None:
        with working(work.dir, work.notes.append, failed.set):
            work.write(work.dir, PARTS[0])
            object_store.fault = lambda method, path: 500
            assert failed.wait(60)
            work.write(work.dir, PARTS[1])

    with pytest.raises(StoreError, match=r"^s3://\S+/run\S*: .* did not do .*asked again for 1.5 s\); remedy: run"):
        works()
    said = [line for line in work.notes if "no answer for 0.3 s; the store is asked again for up to 1.5 s" in line]
    assert 1 <= len(said) <= 4  # the leases' and the parts', by each thread
    object_store.fault = lambda method, path: 0
    with work.working(work.dir):
        pass
    assert work.there() == local(work.dir)
    assert PARTS[1] in work.there()


def test_the_work_is_ended_and_what_it_raised_is_raised(work: Work) -> None:
    def works() -> None:
        with work.working(work.dir):
            work.write(work.dir, PARTS[0])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        works()
    assert PARTS[0] in work.there(), "it was uploaded"
    with work.working(work.on("there")):
        pass  # and the lease was released


@pytest.mark.parametrize("name", ["notes.txt", "deep/er/notes.txt", ""])
def test_no_run_begins_where_something_else_lies(work: Work, object_store: Any, name: str) -> None:
    object_store.files().pipe_file(f"{object_store.bucket}/run/{name}".rstrip("/"), b"mine")
    with pytest.raises(ConfigError, match=r"remedy: .*URL"), work.working(work.dir):
        pass
    assert list(object_store.objects()) == [f"run/{name}".rstrip("/")]


def test_an_object_outside_is_not_fetched(work: Work, object_store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with work.working(work.dir):
        work.write(work.dir, PARTS[0])
    found = Store.find

    def with_another(store: Store) -> dict[str, str]:
        return found(store) | {"../outside": "x"}

    monkeypatch.setattr(Store, "find", with_another)
    with pytest.raises(StoreError, match="leads out of the folder"):
        fetched(work.on("there"), print)


@pytest.mark.parametrize("url", ["hf://datasets/me/x", "gs://bucket/x", "https://host/x", "file:///tmp/x"])
def test_other_stores_are_refused(url: str) -> None:
    for place in (url, Path(url)):
        with pytest.raises(ConfigError, match=r"run_dir: .*only behind s3://; remedy: s3://BUCKET/FOLDER, or a local"):
            run_dir_at(place)


def test_a_url_with_a_key_is_refused_without_showing_it() -> None:
    with pytest.raises(ConfigError) as found:
        run_dir_at("s3://name:hidden@bucket/run")
    assert "hidden" not in str(found.value)

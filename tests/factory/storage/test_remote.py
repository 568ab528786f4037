"""Objects are written only in place of what the writer knows."""

from __future__ import annotations

from typing import Any

import pytest

from factory.errors import StoreConflict
from factory.storage.remote import Store


def test_an_object_is_made_once_and_the_same_bytes_are_as_good(object_store: Any) -> None:
    store = Store(object_store.url("run"))
    version = store.put("x", b"one")
    assert store.put("x", b"one") == version
    with pytest.raises(StoreConflict, match="holds other bytes"):
        store.put("x", b"two")
    assert object_store.objects("run") == {"x": b"one"}


def test_an_object_is_replaced_only_by_who_knows_it(object_store: Any) -> None:
    store = Store(object_store.url("run"))
    first = store.put("x", b"one")
    second = store.put("x", b"two", known=first)
    with pytest.raises(StoreConflict, match="holds other bytes"):
        store.put("x", b"three", known=first)
    assert store.find() == {"x": second}
    store.remove("x")
    with pytest.raises(StoreConflict, match="is gone"):
        store.put("x", b"three", known=second)


def test_a_put_whose_answer_was_lost_is_no_conflict(object_store: Any) -> None:
    store = Store(object_store.url("run"))
    lost: list[int] = []
    app = object_store._app

    def answer(environ: dict[str, Any], start: Any) -> Any:
        found = app(environ, start if lost or environ["REQUEST_METHOD"] != "PUT" else lambda *_: None)
        if environ["REQUEST_METHOD"] == "PUT" and not lost:
            lost.append(1)
            list(found)
            start("500 Fault", [("Content-Type", "application/xml")])
            return [b"<Error><Code>InternalError</Code><Message>injected</Message></Error>"]
        return found

    object_store._app = answer
    store.put("x", b"one")
    assert lost
    assert store.get("x") == b"one"

from __future__ import annotations

import pytest

from benchmarks.null_store import NullStore
from contract.errors import NotFound


def test_the_null_store_takes_everything_sane_and_gives_nothing():
    store = NullStore()
    store.put("a", b"1", media_type="text/plain")
    store.delete(["a"])
    store.check()
    assert list(store.list("")) == []
    for read in (store.get, store.open, store.head):
        with pytest.raises(NotFound):
            read("a")
    with pytest.raises(ValueError, match="object key"):
        store.put("../a", b"1", media_type="text/plain")

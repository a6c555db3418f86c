"""An item whose output the worker cannot make is not tried again."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from contract.errors import NotInstalled
from contract.items import Item
from contract.options import JobOptions
from worker.datasets.items import ItemRunner, ItemTask


def test_an_output_that_needs_a_missing_part_is_final_at_once() -> None:
    tries: list[str] = []

    def compute(*_: Any) -> Any:
        tries.append("")
        raise NotInstalled("no voice: install depthq[speech]")

    fetcher = SimpleNamespace(fetch=lambda item, owner: b"image")
    layout = SimpleNamespace(existing=lambda item_id: None)
    runner = ItemRunner(fetcher, compute, "tester", max_attempts=3)
    task = ItemTask(JobOptions(outputs=("speech",)), layout)
    result = runner.run(Item(id="0" * 32, index=0, uri="s3://b/a.jpg"), task)
    assert len(tries) == 1
    assert (result.state, result.error.code, result.error.retryable) == (
        "failed", "not_installed", False,
    )  # fmt: skip

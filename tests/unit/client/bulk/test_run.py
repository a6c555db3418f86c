"""The run that goes on where the one before stopped, against a service that only remembers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from client.bulk.note import read_note
from client.bulk.run import Run, Source
from client.dataset import Dataset
from contract.errors import Conflict, NotFound

OUTPUT = b"a depth map"


class Memory:
    """Stands for `client.datasets`: every dataset completes at once."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, list[str]]] = []
        self.state = "completed"
        self.conflicts = 0
        self.fails_at_post = False
        self.transport = None

    def submit(self, files, *, idempotency_key, spoiled, **spec) -> Dataset:
        if self.conflicts:
            self.conflicts -= 1
            raise Conflict("used before")
        if self.fails_at_post:
            raise KeyboardInterrupt
        self.posts.append((idempotency_key, list(files or ())))
        return self.get(f"id{len(self.posts)}")

    def get(self, dataset_id: str) -> Dataset:
        if int(dataset_id[2:]) > len(self.posts):
            raise NotFound("gone")
        counts = {"total": 1, "failed": 0, "done": 1}
        return Dataset.from_document(
            {"id": dataset_id, "state": self.state, "counts": counts, "shards": {"total": 1}}
        )

    def wait(self, dataset_id, seen) -> Dataset:
        return self.get(dataset_id)

    def results(self, dataset_id) -> Iterator[dict[str, Any]]:
        depth = {"url": "/v1/x", "key": "depth.png", "bytes": len(OUTPUT)}
        for name in self.posts[int(dataset_id[2:]) - 1][1]:
            yield {"id": name, "uri": f"archive://{name}", "outputs": {"depth": depth}}


@pytest.fixture
def memory(monkeypatch) -> Memory:
    def download(_transport, _url, target, _announced):
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(OUTPUT)

    monkeypatch.setattr("client.bulk.download.download_output", download)
    return Memory()


@pytest.fixture
def folder(tmp_path):
    made = {}
    for name in ("a.jpg", "b.jpg"):
        made[name] = tmp_path / name
        made[name].write_bytes(b"x")
    return made


@pytest.fixture
def run(memory, folder, tmp_path):
    def go(**options):
        from types import SimpleNamespace

        source = Source({"options": {"outputs": ["depth"]}}, folder)
        client = SimpleNamespace(datasets=memory)
        return Run(client, "http://service", source, tmp_path / "out").go(**options)

    return go


def test_the_same_run_again_submits_nothing(run, memory):
    run()
    again = run()
    assert (len(memory.posts), again.id) == (1, "id1")


def test_again_submits_everything_anew(run, memory):
    run()
    run(again=True)
    assert [names for _, names in memory.posts] == [["a.jpg", "b.jpg"]] * 2
    assert memory.posts[0][0] != memory.posts[1][0]


def test_a_changed_picture_is_run_alone(run, memory, folder, tmp_path):
    run()
    later = (tmp_path / "out" / "b.depth.png").stat().st_mtime + 60
    folder["b.jpg"].write_bytes(b"mended")
    os.utime(folder["b.jpg"], (later, later))
    run()
    assert [names for _, names in memory.posts] == [["a.jpg", "b.jpg"], ["b.jpg"]]


def test_with_all_results_there_nothing_is_done(run, memory, tmp_path):
    run()
    memory.posts.clear()  # the service has forgotten; what it made is here
    assert run() is None
    assert memory.posts == []


@pytest.mark.parametrize("state", ["canceled", "failed"])
def test_a_dataset_that_came_to_nothing_is_submitted_again(run, memory, tmp_path, state):
    run()
    for made in (tmp_path / "out").glob("*.png"):
        made.unlink()
    memory.state = state
    memory.results = lambda _id: iter(())
    run()
    assert len(memory.posts) == 2


def test_of_a_dataset_that_the_service_lost_what_is_missing_is_run(run, memory, tmp_path):
    run()
    memory.posts.clear()
    (tmp_path / "out" / "a.depth.png").unlink()
    run()
    assert [names for _, names in memory.posts] == [["a.jpg"]]


def test_an_upload_cut_short_goes_on_under_the_same_key(run, memory, tmp_path):
    memory.fails_at_post = True
    with pytest.raises(KeyboardInterrupt):
        run()
    key = read_note(tmp_path / "out").key
    memory.fails_at_post = False
    run()
    assert memory.posts == [(key, ["a.jpg", "b.jpg"])]


def test_a_key_that_stands_for_something_else_is_given_up(run, memory):
    memory.conflicts = 1
    assert run().id == "id1"

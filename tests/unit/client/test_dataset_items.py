"""Every picture has its own depth, whatever it is called and whatever stands beside it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from client.bulk.download import ResultDownload
from client.bulk.names import ResultNames
from client.bulk.run import Run, RunCallbacks
from client.commands.dataset_source import source_of
from client.dataset import Dataset
from client.errors import LocalProblem

AM, PM = (f"Screenshot 3.10.00\N{NARROW NO-BREAK SPACE}{half}.jpg" for half in ("AM", "PM"))
HARD = [
    PM,
    "no\N{NO-BREAK SPACE}break.jpg",
    "family \N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}.jpg",
    "\N{RIGHT-TO-LEFT MARK}\N{HEBREW LETTER ALEF}\N{RIGHT-TO-LEFT OVERRIDE}.jpg",
    "new\nline.jpg",
    "back\\slash.jpg",
    os.fsdecode(b"latin-1 \xe4.jpg"),
    "100%.jpg",
    "%E2%80%AFPM.jpg",
    "日" * 81 + ".jpg",  # 247 bytes
    "b" * 251 + ".jpg",  # as long as a name can be
    "deep \N{NARROW NO-BREAK SPACE}/er/cat.jpg",
]


class Service:
    """Stands for `client.datasets`: an item's depth map is `depth of <its bytes>`."""

    def __init__(self) -> None:
        self.sent: list[dict[str, bytes]] = []
        self.files: dict[str, bytes] = {}  # path of an output → bytes
        self.transport = None
        self.fails = ""
        self.changes: Path | None = None  # this file changes while it is sent

    def submit(self, files: Mapping[str, Path], *, spoiled: dict[str, str], **_: Any) -> Dataset:
        sent = {name: path.read_bytes() for name, path in files.items()}
        for name, path in files.items():
            if path == self.changes:
                path.write_bytes(b"grown")
                spoiled[name], sent[name], self.changes = "it changed", b"torn", None
        self.sent.append(sent)
        return self.get(f"id{len(self.sent)}")

    def get(self, dataset_id: str) -> Dataset:
        counts = {"total": 1, "failed": 0, "done": 1}
        words = {"state": "completed", "counts": counts, "shards": {"total": 1}}
        return Dataset.from_document({"id": dataset_id, **words})

    def wait(self, dataset_id: str, seen: Any) -> Dataset:
        return self.get(dataset_id)

    def results(self, dataset_id: str) -> Iterator[dict[str, Any]]:
        for name, data in self.sent[int(dataset_id[2:]) - 1].items():
            shown = "".join(letter if letter.isprintable() else "?" for letter in name)[:500]
            result = self.result(f"archive://{shown}", data)
            yield {**result, "outputs": {}} if name == self.fails else result

    def result(self, uri: str, data: bytes) -> dict[str, Any]:
        item = hashlib.sha256(uri.encode() + data).hexdigest()[:32]
        depth = b"depth of " + data
        url = f"/v1/datasets/x/items/{item}/outputs/depth"
        self.files[url] = depth
        output = {"url": url, "key": f"{item}/depth.png", "bytes": len(depth)}
        output["sha256"] = hashlib.sha256(depth).hexdigest()
        return {"id": item, "uri": uri, "state": "succeeded", "outputs": {"depth": output}}


@pytest.fixture
def service(monkeypatch) -> Service:
    made = Service()

    def download(_transport: object, url: str, target: Path, _announced: object) -> Path:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(made.files[url])
        return target

    monkeypatch.setattr("client.bulk.download.download_output", download)
    return made


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.fixture
def run(service, folder, tmp_path):
    def plan(**options: Any) -> Run:
        source = source_of(str(folder), [], [], options={"outputs": ["depth"], **options})
        client = SimpleNamespace(datasets=service)
        return Run(client, "http://service", source, tmp_path / "out")

    def go(**options: Any) -> tuple[Dataset | None, list[str]]:
        remarks: list[str] = []
        made = plan(**options)
        made.callbacks = RunCallbacks(remark=remarks.append)
        return made.go(), remarks

    def failing() -> tuple[Dataset | None, dict[str, str]]:
        made = plan()
        return made.go(), made.failed

    go.failing = failing
    return go


def put(folder: Path, name: str, data: str | None = None, older_s: float = 0) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((data or name).encode("utf-8", "surrogateescape"))
    if older_s:
        then = path.stat().st_mtime - older_s
        os.utime(path, (then, then))


def results(out: Path) -> dict[str, bytes]:
    return {p.relative_to(out).as_posix(): p.read_bytes() for p in out.rglob("*.depth.png")}


def test_an_older_picture_added_later_gets_its_own_depth(run, service, folder, tmp_path):
    put(folder, PM)
    run()
    put(folder, AM, older_s=86_400)
    run()
    assert [list(map(bytes.decode, sent.values())) for sent in service.sent] == [[PM], [AM]]
    assert results(tmp_path / "out") == {
        f"{Path(name).stem}.depth.png": b"depth of " + name.encode() for name in (AM, PM)
    }


def test_every_name_that_a_folder_can_hold_is_kept_and_a_rerun_does_nothing(
    run, service, folder, tmp_path
):
    for name in HARD:
        put(folder, name)
    run()
    found = results(tmp_path / "out")
    assert sorted(found.values()) == sorted(b"depth of " + os.fsencode(name) for name in HARD)
    for name in HARD:
        stem = name.removesuffix(".jpg")
        if len(os.fsencode(Path(stem).name)) <= 240:
            assert found[f"{stem}.depth.png"] == b"depth of " + os.fsencode(name)
    assert run()[0].id == "id1"
    put(folder, "new.jpg")
    run()
    assert [len(sent) for sent in service.sent] == [len(HARD), 1]


def test_a_name_says_the_same_on_the_wire_wherever_it_stands(folder):
    for name in HARD:
        put(folder, name)
    all_names = {path: name for name, path in source_of(str(folder), [], []).files.items()}
    assert len(set(all_names.values())) == len(HARD)
    assert all(name.isprintable() and len(name) <= 400 for name in all_names.values())
    for path, name in all_names.items():
        alone = source_of(str(folder), ["*" + path.name[:200].replace("\\", "?") + "*"], [])
        assert name in alone.files


@pytest.mark.parametrize(
    ("first", "second"), [("cat.png", "cat.jpg"), ("a/cat.jpg", "a/CAT.jpg"), ("b.jpg", "a.jpg")]
)
def test_a_picture_never_takes_the_place_of_another(run, folder, tmp_path, first, second):
    put(folder, first)
    run()
    put(folder, second, older_s=86_400)
    run()
    found = results(tmp_path / "out")
    for name in (first, second):
        own = [data for path, data in found.items() if data == f"depth of {name}".encode()]
        assert own, found
    alone = "a/cat.depth.png" if "/" in first else f"{Path(first).stem}.depth.png"
    assert found.get(alone, b"depth of " + first.encode()) == b"depth of " + first.encode()


def test_a_picture_replaced_by_an_older_one_is_run_again(run, service, folder, tmp_path):
    put(folder, "a.jpg", "first")
    run()
    put(folder, "a.jpg", "before", older_s=86_400)
    run()
    assert results(tmp_path / "out") == {"a.depth.png": b"depth of before"}


def test_other_options_are_other_results(run, service, folder):
    put(folder, "a.jpg")
    run(size="model")
    run(size="original")
    assert len(service.sent) == 2


def test_another_folder_s_results_are_not_this_one_s(run, service, folder, tmp_path):
    put(folder, "a.jpg", "one")
    run()
    for path in folder.iterdir():
        path.unlink()
    put(folder, "a.jpg", "two", older_s=86_400)
    run()
    assert results(tmp_path / "out") == {"a.depth.png": b"depth of two"}


def test_results_whose_files_were_removed_are_made_again(run, service, folder, tmp_path):
    put(folder, "a.jpg")
    put(folder, "b.jpg")
    run()
    (tmp_path / "out" / "a.depth.png").unlink()
    put(folder, "c.jpg")
    _, remarks = run()
    assert sorted(service.sent[1]) == ["a.jpg", "c.jpg"]
    assert remarks == ["1 of 3 have results already"]


def test_results_that_went_missing_are_made_again_also_those_of_an_earlier_dataset(
    run, service, folder, tmp_path
):
    put(folder, "a.jpg")
    put(folder, "b.jpg")
    run()
    put(folder, "c.jpg")
    run()
    (tmp_path / "out" / "a.depth.png").unlink()
    (tmp_path / "out" / "c.depth.png").unlink()
    run()
    assert [list(sent) for sent in service.sent] == [["a.jpg", "b.jpg"], ["c.jpg"], ["a.jpg"]]
    assert len(results(tmp_path / "out")) == 3


def test_what_failed_is_not_sent_again_by_the_same_command(run, service, folder):
    put(folder, "a.jpg")
    put(folder, "bad.jpg")
    service.fails = "bad.jpg"
    run()
    run()
    assert len(service.sent) == 1
    put(folder, "bad.jpg", "mended")
    run()
    assert [list(sent) for sent in service.sent] == [["a.jpg", "bad.jpg"], ["bad.jpg"]]
    run()
    assert len(service.sent) == 2


def test_a_file_that_cannot_be_read_is_named_and_the_others_run(run, service, folder, monkeypatch):
    put(folder, "a.jpg")
    put(folder, "b.jpg")
    real = os.open

    def refuse(path: str, *arguments: Any, **named: Any) -> int:
        if str(path).endswith("a.jpg"):
            raise PermissionError(13, "Permission denied", path)
        return real(path, *arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        dataset, failed = run.failing()
    assert list(service.sent[0]) == ["b.jpg"]
    assert list(failed) == [str(folder / "a.jpg")]
    assert dataset is not None
    # and once it can be read it runs, alone
    assert run.failing()[1] == {}
    assert [list(sent) for sent in service.sent] == [["b.jpg"], ["a.jpg"]]


def test_a_file_that_changes_while_it_is_sent_is_left_to_the_next_run(
    run, service, folder, tmp_path
):
    put(folder, "a.jpg")
    put(folder, "b.jpg")
    service.changes = folder / "a.jpg"
    _, failed = run.failing()
    assert list(failed) == [str(folder / "a.jpg")]
    assert results(tmp_path / "out") == {"b.depth.png": b"depth of b.jpg"}
    _, failed = run.failing()
    assert failed == {}
    assert list(service.sent[1]) == ["a.jpg"]
    assert results(tmp_path / "out")["a.depth.png"] == b"depth of grown"


def test_one_result_that_finds_no_place_stops_no_other(run, service, folder, tmp_path):
    for name in ("a.jpg", "b.jpg", "c/d.jpg"):
        put(folder, name)
    (tmp_path / "out" / "a.depth.png").mkdir(parents=True)
    put(tmp_path / "out", "c", "a file where a folder has to be")
    _, failed = run.failing()
    assert sorted(failed) == ["archive://a.jpg", "archive://c/d.jpg"]
    assert (tmp_path / "out" / "b.depth.png").read_bytes() == b"depth of b.jpg"


def test_a_full_disk_stops_the_download_at_once(run, service, folder, monkeypatch):
    for number in range(300):
        put(folder, f"{number}.jpg")
    asked = []

    def download(*_: object) -> Path:
        asked.append(1)
        raise LocalProblem("no space") from OSError(28, "No space left on device")

    monkeypatch.setattr("client.bulk.download.download_output", download)
    with pytest.raises(LocalProblem):
        run()
    assert len(asked) < 100


DUPLICATES = [
    ("a/x.jpg", b"1"), ("b/x.jpg", b"2"), ("a/x.jpg", b"3"), ("A/X.JPG", b"4"), ("a/x.png", b"5"),
]  # fmt: skip


@pytest.mark.parametrize("order", [1, -1])
def test_items_of_one_name_have_files_of_their_own_in_any_order(service, tmp_path, order):
    items = [service.result(f"archive://{name}", data) for name, data in DUPLICATES]
    datasets = SimpleNamespace(results=lambda _: iter(items[::order]), transport=None)
    made = ResultDownload(datasets, tmp_path, ResultNames("archive://")).run("x")
    assert (made.files, made.kept) == (5, 0)
    assert sorted(results(tmp_path).values()) == [f"depth of {n}".encode() for n in range(1, 6)]
    assert results(tmp_path)["b/x.depth.png"] == b"depth of 2"
    once = results(tmp_path)
    again = ResultDownload(
        SimpleNamespace(results=lambda _: iter(items[::-order]), transport=None),
        tmp_path, ResultNames("archive://"),
    ).run("x")  # fmt: skip
    assert (again.files, again.kept) == (0, 5)
    assert results(tmp_path) == once


def test_an_item_that_comes_twice_is_one_item(service, tmp_path):
    item = service.result("s3://b/x.jpg", b"1")
    datasets = SimpleNamespace(results=lambda _: iter([item, item]), transport=None)
    ResultDownload(datasets, tmp_path, ResultNames("s3://b/")).run("x")
    assert list(results(tmp_path)) == ["x.depth.png"]


def test_what_was_made_is_noted_as_json_of_any_name(run, folder, tmp_path):
    put(folder, os.fsdecode(b"\xe4.jpg"))
    run()
    note = json.loads((tmp_path / "out" / ".depthq-dataset.json").read_text())
    assert len(note["made"]) == 1

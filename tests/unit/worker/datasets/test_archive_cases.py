"""Archives as people make them (tests/cases/service/arch): names, bytes, counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from contract.errors import InvalidRequest
from contract.ids import new_id
from contract.items import item_id
from contract.options import JobOptions
from tests.services.memory_store import MemoryStore
from worker.datasets.sources.archive import archive_items
from worker.datasets.sources.left_out import LeftOut, Wanted
from worker.datasets.sources.sources import COMMON_SUFFIXES

CASES = Path(__file__).parents[3] / "cases" / "service" / "arch"
LONG = "d" * 90 + "/" + "e" * 90 + "/" + "f" * 80 + ".jpg"
UNIX = {
    LONG: 904,
    "./a b/./c.v1.2.jpg": 904,
    "日本/猫.jpg": 906,
    "../../up.jpg": 906,
    "/abs.jpg": 905,
}
UNIX_LEFT = {"links": 2, "system files": 1}
WDS = {"000.000.1.jpg": 904, "b/000.jpg": 904, "a/000.jpg": 906, "a/000.seg.png": 169}
WDS_LEFT = {".json": 1, ".cls": 1}

# file → names and sizes of the items, and what was left out
RIGHT = {
    "concat.tar": (
        WDS | {name.replace(".jpg", " (2).jpg").replace(".png", " (2).png"): size
               for name, size in WDS.items()},
        {".json": 2, ".cls": 2},
    ),
    "cp437.zip": ({"╨┤╒µab.jpg": 904, "café.jpg": 904}, {}),
    "dups.zip": (
        {"a/x.jpg": 904, "b/x.jpg": 904, "a/x (2).jpg": 906, "A/X.JPG": 906, "a/x.png": 169}, {},
    ),
    "gnu.tar": (UNIX, UNIX_LEFT),
    "hardlink.tar": ({"one.jpg": 904}, {"links": 1}),
    "mac.zip": (
        {"hol/cat.jpg": 904, "hol/dog.jpg": 904, "hol/.hidden.jpg": 906}, {"system files": 5},
    ),
    "names.zip": (
        {"win/dir/a.jpg": 904, "café.jpg": 904, "日本/猫.jpg": 906, "win/dir/a (2).jpg": 906}, {},
    ),
    "nested.zip": ({"a.jpg": 904}, {".zip": 1}),
    "noeof.tar": (WDS, WDS_LEFT),
    "noext.tar": (
        {"001.JPG": 904, "003.jfif": 906, "004.jpe": 905}, {".jpeg2": 1, "without suffix": 1},
    ),
    "pax.tar": (UNIX, UNIX_LEFT),
    "store_in_jpgname.zip": ({"a.jpg": 0, "b.jpg": 12, "ok.jpg": 904}, {}),
    "tar_with_zip.tar": ({"a.jpg": 904, "b.jpg": 904}, {".zip": 1}),
    "wds.tar": (WDS, WDS_LEFT),
    "wds.tar.bz2": ({"000.jpg": 904}, {}),
    "wds.tar.gz": ({"000.jpg": 904}, {}),
    "wds.tar.xz": ({"000.jpg": 904}, {}),
    "wds_npz.tar": ({"000000.jpg": 904, "000001.jpg": 904, "000002.jpg": 906}, {".npz": 3}),
    "wds_npz.tar.gz": ({"000000.jpg": 904, "000001.jpg": 904, "000002.jpg": 906}, {".npz": 3}),
    "zip64.zip": ({"a/z64.jpg": 904}, {}),
    "empty.zip": ({}, {}),
    "onlynested.zip": ({}, {".zip": 1}),
}  # fmt: skip
REFUSED = {
    "7z.7z": "the archive is a 7-Zip archive; send a zip or a tar",
    "rar.rar": "the archive is a RAR archive; send a zip or a tar",
    "pw.zip": "the archive is encrypted; send it without a password",
    "trunc.tar": "cannot be unpacked: unexpected end of data",
}


def read(name):
    store, left_out = MemoryStore(), LeftOut()
    store.put("archive", (CASES / name).read_bytes(), media_type="application/zip")
    wanted = Wanted(COMMON_SUFFIXES, left_out=left_out)
    items = list(archive_items(store, "archive", new_id(), 1_000_000, wanted))
    assert [item.size for item in items] == [len(store.get(item.key)) for item in items]
    return items, left_out.counts


def test_every_case_has_its_right_answer():
    assert {path.name for path in CASES.iterdir()} - {"README.md"} == {*RIGHT, *REFUSED}


@pytest.mark.parametrize("name", RIGHT)
def test_an_archive_gives_these_items_and_says_what_it_leaves_out(name):
    items, left_out = read(name)
    names = {item.uri.removeprefix("archive://"): item.size for item in items}
    assert (names, left_out) == RIGHT[name]
    assert list(names) == list(RIGHT[name][0])  # in the archive's order
    # and every item has a key and an id of its own
    ids = {item_id(item.uri, item.etag, JobOptions(), "w") for item in items}
    assert len({item.key for item in items}) == len(ids) == len(items)


@pytest.mark.parametrize(("name", "reason"), REFUSED.items())
def test_an_archive_that_cannot_be_read_is_refused_by_its_name(name, reason):
    with pytest.raises(InvalidRequest, match=reason):
        read(name)

"""Manifests: what they may be, and what refuses them."""

from __future__ import annotations

import gzip
import io
import json

import pytest

from contract.errors import InvalidRequest
from contract.settings import Settings
from storage.objects.buckets import Buckets
from storage.objects.memory import MemoryStore
from worker.datasets.sources.duplicates import Duplicates
from worker.datasets.sources.manifest import manifest_items
from worker.datasets.sources.manifest_formats import MAX_LINE_BYTES

ROWS = [
    {"uri": "s3://photos/a.jpg", "custom_id": "one", "label": "cat"},
    {"uri": "s3://photos/b c.jpg", "custom_id": "two", "label": "dog"},
]


@pytest.fixture
def read(tmp_path):
    buckets = Buckets(Settings(data_dir=tmp_path, dataset_buckets=("photos",)), MemoryStore())

    def read_bytes(body):
        buckets.open("photos").put("list", body, media_type="text/plain")
        return list(manifest_items(buckets, "s3://photos/list"))

    return read_bytes


def as_lines(rows=ROWS):
    return "\n".join(json.dumps(row) for row in rows).encode()


def as_csv():
    return b'uri,custom_id,label\r\ns3://photos/a.jpg,one,cat\r\n"s3://photos/b c.jpg",two,dog\r\n'


def as_parquet():
    arrow = pytest.importorskip("pyarrow")
    import pyarrow.parquet

    body = io.BytesIO()
    pyarrow.parquet.write_table(arrow.Table.from_pylist(ROWS), body)
    return body.getvalue()


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("body", [as_lines, as_csv, as_parquet])
def test_every_format_gives_the_same_items(read, body, packed):
    data = gzip.compress(body()) if packed else body()
    items = read(data)
    assert [item.uri for item in items] == [row["uri"] for row in ROWS]
    assert [item.custom_id for item in items] == ["one", "two"]
    assert [item.extra for item in items] == [{"label": "cat"}, {"label": "dog"}]


def test_custom_ids_are_optional_and_blank_lines_nothing(read):
    assert len(read(b'\xef\xbb\xbf{"uri":"s3://photos/a"}\n\n{"uri":"s3://photos/a"}\n')) == 2


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (as_lines([ROWS[0], ROWS[1], ROWS[0]]), "rows 1 and 3 have the same custom_id: 'one'"),
        (b'{"uri":"s3://photos/a"}\n{"url":"s3://photos/b"}', "row 2 has no `uri`"),
        (b'{"uri":5}', "row 1 has no `uri`"),
        (b"{not json}", "line 1 is not JSON"),
        (b'{"uri":"s3://photos/a"}\n[1]', "line 2 is not a JSON object"),
        (b'{"uri":"s3://secret/a"}', "row 1: .*may not use the bucket secret"),
        (b'{"uri":"/etc/passwd"}', "row 1: not an address"),
        (b'{"uri":"s3://photos/"}', "names no object"),
        (b"image,label\nx,y\n", "neither JSONL nor Parquet nor CSV"),
        (b"uri,label\ns3://photos/a,b,c\n", "line 2 has more fields"),
        (b'uri\n"s3://photos/a', "is not CSV"),
        (b'{"uri":"s3://photos/\xff"}', "line 1 is not UTF-8"),
        (b"PAR1 is all there is", "not readable Parquet"),
        (gzip.compress(as_lines())[:-9], "gzip stream is broken"),
        (b'{"uri":"s3://photos/a","x":"' + b"x" * MAX_LINE_BYTES + b'"}', "line 1 is longer"),
        (b'{"uri":"s3://photos/a"}\n' + b"y" * 10_000_000, "line 2 is longer than 1 MiB"),
        (b'{"uri":"s3://photos/a","custom_id":""}', "custom_id has 1 to 500"),
        (b"[" * 100_000, "neither JSONL"),
        (b'{"uri":' + b"[" * 100_000, "line 1 is not JSON"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_its_line(read, body, reason):
    with pytest.raises(InvalidRequest, match=reason):
        read(body)


def test_a_gzip_bomb_of_one_line_is_refused_early(read):
    with pytest.raises(InvalidRequest, match="longer than 1 MiB"):
        read(gzip.compress(b"{" + b" " * 200_000_000))


def test_ids_are_compared_in_eight_bytes_each():
    seen = Duplicates()
    for number in range(10_000):
        seen.add(f"id {number}")
    assert seen.suspects() == set()
    seen.add("id 77")
    assert seen.suspects() == {Duplicates.hash_of("id 77")}


def test_two_ids_that_share_a_hash_only_are_no_duplicate(read, monkeypatch):
    monkeypatch.setattr(Duplicates, "hash_of", staticmethod(lambda text: 7))
    assert len(read(as_lines())) == 2

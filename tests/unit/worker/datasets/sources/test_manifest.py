"""Manifests: what they may be, and what refuses them."""

from __future__ import annotations

import gzip
import io
import json

import pytest

from contract.errors import InvalidRequest
from contract.items import Item
from contract.settings import Settings
from contract.sources.manifest_rows import MAX_DEPTH, MAX_ROW_BYTES
from storage.objects.buckets import Buckets
from storage.runs.manifest import check_beginning
from tests.services.memory_store import MemoryStore
from worker.datasets.sources.duplicates import Duplicates
from worker.datasets.sources.manifest import manifest_items

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
        (as_lines([ROWS[0], ROWS[1], ROWS[0]]), "line 1 and line 3, .*`custom_id`: .*: 'one'"),
        (b'{"uri":"s3://photos/a"}\n{"url":"s3://photos/b"}', "line 2.*: there is none; .*`url`"),
        (b'{"uri":5}', "line 1, column `uri`: an address like s3://bucket/key is expected, not 5"),
        (b"{not json}", "line 1: it is not JSON: .*; seen: '{not json}'"),
        (b'{"uri":"s3://photos/a"}\n[1]', r"line 2: a JSON object is expected, not \[1\]"),
        (b'{"uri":"s3://secret/a"}', "line 1, column `uri`: .*may not use the bucket secret"),
        (b'{"uri":"/etc/passwd"}', "line 1, column `uri`: an address like"),
        (b'{"uri":"s3://photos/"}', "names no object"),
        (b"image,label\nx,y\n", "as CSV has no column `uri`; .* `image`, `label`"),
        (b"uri,label\ns3://photos/a,b,c\n", "line 2: it has 3 fields, its header 2; seen: 'c'"),
        (b'uri\n"s3://photos/a', "line 2: it is not CSV: a quote is not closed"),
        (b'{"uri":"s3://photos/\xff"}', "line 1: it is not UTF-8"),
        (b"PAR1 is all there is", "not readable Parquet"),
        (gzip.compress(as_lines())[:-9], "gzip stream is broken"),
        (b'{"uri":"s3://photos/a","x":"' + b"x" * MAX_ROW_BYTES + b'"}', "line 1: it is longer"),
        (b'{"uri":"s3://photos/a"}\n' + b"y" * 10_000_000, "line 2: it is longer than 1 MiB"),
        (b'{"uri":"s3://photos/a","custom_id":""}', "`custom_id`: 1 to 500 characters .* not 0"),
        (b"[" * 100_000, "line 1: a JSON array"),
        (b'{"uri":' + b"[" * 100_000, "line 1: it is nested more than 32 deep"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_its_line(read, body, reason):
    with pytest.raises(InvalidRequest, match=reason):
        read(body)


def test_a_gzip_bomb_of_one_line_is_refused_early(read):
    with pytest.raises(InvalidRequest, match="line 1: it is longer than 1 MiB"):
        read(gzip.compress(b"{" + b" " * 50_000_000))


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


def nested(depth):
    return b'{"uri":"s3://photos/a","tree":' + b"[" * depth + b"]" * depth + b"}\n"


def test_a_row_as_deep_as_allowed_reads_back_from_its_shard(read):
    [item] = read(nested(MAX_DEPTH))
    assert Item.model_validate_json(item.model_dump_json()) == item


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 250, 100_000])
def test_a_row_nested_deeper_than_parsers_read_is_refused_at_planning(read, depth):
    with pytest.raises(InvalidRequest, match=r"line 2.* nested more than 32 deep"):
        read(b'{"uri":"s3://photos/a"}\n' + nested(depth))


def test_a_line_as_long_as_allowed_is_read_whatever_its_format(read):
    note = "x" * (MAX_ROW_BYTES - 100)
    assert read(as_lines([{"uri": "s3://photos/a", "note": note}]))[0].extra["note"] == note
    assert read(f"uri,note\ns3://photos/a,{note}\n".encode())[0].extra["note"] == note


def test_lines_of_old_macs_end_in_a_carriage_return(read):
    rows = b"uri,label\rs3://photos/a,one\rs3://photos/b,two\r"
    assert [item.extra for item in read(rows)] == [{"label": "one"}, {"label": "two"}]
    assert [item.uri for item in read(as_lines().replace(b"\n", b"\r"))] == [
        row["uri"] for row in ROWS
    ]


def test_a_csv_row_of_many_lines_is_named_by_its_first(read):
    body = b'\n\nuri,a\n\ns3://photos/a,"1\n2"\n\ns3://photos/b,"3\n4"\n/c,5\n'
    with pytest.raises(InvalidRequest, match=r"line 10, column `uri`: .*'/c'"):
        read(body)
    with pytest.raises(InvalidRequest, match="line 8: it has 3 fields"):
        read(body.replace(b'4"', b'4",x'))


def test_a_quote_that_never_closes_does_not_take_the_memory(read):
    body = b'uri,a\ns3://photos/a,"' + b"x" * 1000 + b"\n" * 2_000_000
    with pytest.raises(InvalidRequest, match="line 2: the row is longer than 1 MiB"):
        read(body)


def test_a_header_of_a_thousand_columns_and_one_is_refused(read):
    with pytest.raises(InvalidRequest, match="more than 1000 columns"):
        read(b"uri" + b",c" * 1_000 + b"\ns3://photos/a\n")


def test_a_small_gzip_that_becomes_a_large_manifest_is_refused(read, monkeypatch):
    monkeypatch.setattr("worker.datasets.sources.manifest_budget.FREE_BYTES", 1_000_000)
    row = b'{"uri":"s3://photos/a","note":"' + b"x" * 100_000 + b'"}\n'
    assert len(read(gzip.compress(row * 5))) == 5
    with pytest.raises(InvalidRequest, match=r"unpacks to far more than its .* bytes allow"):
        read(gzip.compress(row * 500))


def test_addresses_in_a_row_pack_well_and_are_taken(read, monkeypatch):
    monkeypatch.setattr("worker.datasets.sources.manifest_budget.FREE_BYTES", 0)
    rows = [{"uri": f"s3://photos/2026/{n:07d}.jpg", "label": "cat"} for n in range(5_000)]
    assert len(read(gzip.compress(as_lines(rows)))) == 5_000


def looked_at(body, tmp_path):
    buckets = Buckets(Settings(data_dir=tmp_path, dataset_buckets=("photos",)), MemoryStore())
    stream = io.BytesIO(body)
    check_beginning(stream, buckets)
    return stream.tell()


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_only_the_beginning_of_a_large_manifest_is_looked_at_when_it_is_submitted(tmp_path, pack):
    # Given a manifest that goes wrong after a megabyte, within a quote
    good = b's3://photos/a,"a label\nof two lines"\n'
    body = b"uri,label\n" + good * 60_000
    assert looked_at(pack(body + b'/wrong,"'), tmp_path) < 400_000
    with pytest.raises(InvalidRequest, match="line 4, column `uri`"):
        looked_at(pack(body.replace(good, good + b"/wrong,x\n", 1)), tmp_path)


@pytest.mark.parametrize(
    "body",
    [
        gzip.compress(b"") * 200_000,  # members that hold nothing
        b"\x1f\x8b\x08\x08" + bytes(6) + b"name" * 2_000_000,  # a file name without an end
    ],
)
def test_a_gzip_that_gives_nothing_does_not_keep_the_request(tmp_path, body):
    assert looked_at(body, tmp_path) < 1_200_000

"""Parquet manifests are read in a confined process, so that a hostile one costs that process."""

from __future__ import annotations

import datetime
import io
import sys
from decimal import Decimal

import pytest

from contract.errors import InternalError, InvalidRequest
from worker.datasets.sources import parquet
from worker.datasets.sources.manifest_formats import rows_of

arrow = pytest.importorskip("pyarrow")
import pyarrow.parquet  # noqa: E402


def written(table, **options):
    body = io.BytesIO()
    pyarrow.parquet.write_table(table, body, **options)
    return body.getvalue()


def read(body):
    return [row.columns for row in rows_of(io.BytesIO(body))]


def test_rows_come_in_order_from_all_row_groups_and_absent_values_are_left_out():
    rows = [{"uri": f"s3://b/{n}", "odd": True if n % 2 else None} for n in range(5_000)]
    body = written(arrow.Table.from_pylist(rows), row_group_size=1_700)
    assert read(body) == [{k: v for k, v in row.items() if v is not None} for row in rows]


def test_what_json_lacks_comes_as_text():
    day = datetime.date(2026, 1, 2)
    table = arrow.Table.from_pylist([{"uri": "s3://b/a", "day": day, "tags": ["x", "y"]}])
    assert read(written(table)) == [{"uri": "s3://b/a", "day": "2026-01-02", "tags": ["x", "y"]}]


def test_nanoseconds_are_read_though_nothing_can_be_imported_any_more():
    when = arrow.array([-1, 1_000, None], arrow.timestamp("ns", tz="Europe/Berlin"))
    took = arrow.array([1, 86_400_000_000_000, 1_001], arrow.duration("ns"))
    table = arrow.table({"uri": ["s3://b/a"] * 3, "when": when, "took": took})
    assert [(row.get("when"), row["took"]) for row in read(written(table))] == [
        ("1970-01-01 00:59:59.999999999+01:00", "0:00:00.000000001"),
        ("1970-01-01 01:00:00.000001+01:00", "1 day, 0:00:00"),
        (None, "0:00:00.000001001"),
    ]


def test_a_dictionary_that_makes_much_of_few_bytes_is_refused_within_its_ratio():
    # 200 rows, each of which names the same half megabyte: a kilobyte that becomes 100 MB
    column = arrow.DictionaryArray.from_arrays([0] * 200, ["x" * 2**19])
    table = arrow.table({"uri": ["s3://b/a"] * 200, "note": column})
    body = written(table, compression="zstd", store_schema=False)
    assert len(body) < 2_000
    with pytest.raises(InvalidRequest, match=r"unpacks to far more than its \d+ bytes allow"):
        read(body)


def test_times_with_a_zone_are_read_though_no_file_can_be_opened():
    when = arrow.array([0], arrow.timestamp("us", tz="Europe/Berlin"))
    table = arrow.table({"uri": ["s3://b/a"], "when": when, "cost": [Decimal("1.5")]})
    [row] = read(written(table))
    assert (row["when"], row["cost"]) == ("1970-01-01 01:00:00+01:00", "1.5")


def test_a_few_bytes_that_become_gigabytes_are_refused_before_they_are_read():
    chunk = arrow.array(["x" * 2**20] * 10)  # once in memory, 110 times in the file
    column = arrow.chunked_array([chunk] * 110)
    body = written(
        arrow.table({"uri": column}), use_dictionary=False, compression="zstd", store_schema=False
    )
    assert pyarrow.parquet.ParquetFile(io.BytesIO(body)).metadata.num_row_groups == 1
    assert len(body) < 2**20
    with pytest.raises(InvalidRequest, match=r"has a row group of .* bytes; the most is 1 GiB"):
        read(body)


def test_a_small_file_whose_rows_exhaust_the_reader_costs_the_reader():
    # the file says 9 MiB; the rows of one batch are a hundred times that
    column = arrow.DictionaryArray.from_arrays([0] * 1_000, ["x" * 9 * 2**20])
    body = written(arrow.table({"uri": column}), compression="zstd", store_schema=False)
    assert (
        pyarrow.parquet.ParquetFile(io.BytesIO(body)).metadata.row_group(0).total_byte_size < 2**25
    )
    with pytest.raises(InvalidRequest, match=r"needs more than 1024 MiB|exhaust its reader"):
        read(body)


def test_a_row_longer_than_a_line_may_be_is_refused():
    table = arrow.Table.from_pylist([{"uri": "s3://b/a", "note": "x" * 2**20}])
    with pytest.raises(InvalidRequest, match="has a row 1 that is longer than 1 MiB"):
        read(written(table))


def test_too_many_columns_are_refused():
    table = arrow.table({"uri": ["s3://b/a"]} | {f"c{n}": [1] for n in range(1_000)})
    with pytest.raises(InvalidRequest, match="has 1001 columns; 1000 are read at most"):
        read(written(table))


def test_a_file_without_addresses_says_so():
    with pytest.raises(
        InvalidRequest, match="the Parquet manifest has no column `uri`; its columns are `url`"
    ):
        read(written(arrow.table({"url": ["s3://b/a"]})))


@pytest.mark.parametrize("cut", [8, 100, 4_000])
def test_a_damaged_file_is_refused(cut):
    table = arrow.table({"uri": [f"s3://b/{n}" for n in range(10_000)]})
    body = bytearray(written(table))
    body[cut : cut + 50] = b"\xff" * 50
    with pytest.raises(InvalidRequest, match="Parquet manifest is"):
        read(bytes(body))


def test_a_file_too_large_to_keep_a_copy_of_is_refused(monkeypatch):
    monkeypatch.setattr(parquet, "MAX_FILE_BYTES", 1_000)
    with pytest.raises(InvalidRequest, match="has 1 GiB at most; send JSONL"):
        read(b"PAR1" + bytes(2_000))


def test_a_reader_that_was_killed_from_outside_is_no_fault_of_the_file(monkeypatch):
    script = 'import os; os.write(1, b\'{"uri": "s3:\'); os.kill(os.getpid(), 9)'
    monkeypatch.setattr(parquet, "COMMAND", [sys.executable, "-c", script])
    with pytest.raises(InternalError, match="was killed"):
        read(written(arrow.table({"uri": ["s3://b/a"]})))


def test_the_reader_ends_when_no_more_rows_are_read():
    table = arrow.table({"uri": [f"s3://b/{n}" for n in range(100_000)]})
    rows = rows_of(io.BytesIO(written(table)))
    assert next(rows).columns == {"uri": "s3://b/0"}
    rows.close()  # an unclosed pipe or an uncollected child would be a warning, which is an error

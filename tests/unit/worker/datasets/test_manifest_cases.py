"""Manifests as people make them (tests/cases/service/man): the items they give, or the refusal."""

from __future__ import annotations

import io
import re
from contextlib import contextmanager
from pathlib import Path

import pytest

from contract.errors import InvalidRequest
from contract.items import Item
from contract.settings import Settings
from storage.objects.buckets import Buckets
from storage.runs.manifest import check_beginning
from tests.services.memory_store import MemoryStore
from worker.datasets.sources.manifest import manifest_items

CASES = Path(__file__).parents[3] / "cases" / "service" / "man"
ZERO, ONE = "p/0.jpg", "p/1.jpg"
TWO = [(ZERO, None, {}), (ONE, None, {})]


def extras(first, second):
    return [(ZERO, None, first), (ONE, None, second)]


# file → key, custom_id and the other fields of each item
RIGHT = {
    "URI.csv": [(ZERO, "a", {})],
    "binuri.parquet": TWO,
    "blank.csv": [(ZERO, "a", {}), (ONE, "b", {})],
    "blank.jsonl": [(ZERO, "1", {}), (ONE, "x", {"n": None})],
    "blankhead.csv": [(ZERO, None, {"a": "1"})],
    "blankhead.jsonl": [(ZERO, None, {})],
    "bom.csv": [(ZERO, "a", {"label": "cat"}), (ONE, "b", {"label": 'multi\r\nline "q"'})],
    "bom1.jsonl": TWO,
    "c_b.parquet": extras({"b": True}, {"b": False}),
    "c_d.parquet": extras({"d": "1970-01-02"}, {"d": "1970-01-03"}),
    "c_dec.parquet": extras({"dec": "1.10"}, {}),
    "c_dur.parquet": extras({"dur": "0:00:00.000001"}, {"dur": "0:00:00.000002"}),
    "c_f32.parquet": extras({"f32": 0.10000000149011612}, {"f32": None}),
    "c_i64.parquet": extras({"i64": 1 << 60}, {"i64": 1}),
    "c_inf.parquet": extras({"inf": None}, {"inf": 1.0}),
    "c_mp.parquet": extras({"mp": [["k", 1]]}, {"mp": [["j", 2]]}),
    "c_st.parquet": extras({"st": {"x": 1, "y": None}}, {"st": {"x": 2, "y": "q"}}),
    "c_tags.parquet": extras({"tags": ["a", "b"]}, {}),
    "c_tns.parquet": extras({"tns": "00:00:00.000000001"}, {"tns": "00:00:00.000000002"}),
    "c_ts.parquet": extras(
        {"ts": "1970-01-01 01:00:00.000000001+01:00"},
        {"ts": "1970-01-01 01:00:00.000000002+01:00"},
    ),
    "c_tsms.parquet": extras(
        {"tsms": "1970-01-01 00:00:00.001000"}, {"tsms": "1970-01-01 00:00:00.002000"}
    ),
    "dup_uri.jsonl": [(ZERO, "a", {}), (ZERO, "b", {}), (ZERO, None, {})],
    "excelsep.csv": [(ZERO, None, {"label": "a"})],
    "large.parquet": [(ZERO, "1", {}), (ONE, "2", {})],
    "list.txt": TWO,
    "lz4.parquet": TWO,
    "mixed_missing.jsonl": [
        ("p/nope.jpg", None, {}), (ONE, None, {}), ("p/0.jpg?versionId=abc", None, {}),
    ],
    "multi.csv.gz": [(ZERO, None, {})],
    "multi.jsonl": TWO,
    "nan.jsonl": [
        (ZERO, None, {"score": None, "big": 123456789012345678901234567890, "f": None})
    ],
    "nohead.csv": TWO,
    "nul.csv": [(ZERO, None, {"label": "a\0b"})],
    "nulchar.jsonl": [(ONE, "a\0", {"caption": "a\0b"})],
    "ownfield.jsonl": [
        (ZERO, None, {"id": "mine", "state": "x", "extra": {"a": 1}, "error": 1, "outputs": 2,
                      "worker": "w"})
    ],
    "pad.jsonl.gz": TWO,
    "semi.csv": [(ZERO, "a", {})],
    "short.csv": [(ZERO, "a", {})],
    "space.csv": [(ZERO, "a", {})],
    "tabs.tsv": [(ZERO, "a", {})],
    "trailcomma.csv": [(ZERO, "a", {})],
    "types.csv": [(ZERO, "001", {"n": "007", "f": "1.50", "b": "true"})],
    "view.parquet": TWO,
}  # fmt: skip

# file → what the refusal says; those in Parquet come from the planner, all others at submit
REFUSED = {
    "array.json": "line 1: a JSON array; write one object on each line instead",
    "badline.csv": "line 7: it is not CSV: ',' expected after '\"'",
    "bool_id.jsonl": "line 1, column `custom_id`: text or a whole number is expected, not True",
    "brace.csv": "line 1: it is not JSON: .*seen: '{uri},x'",
    "c_bigdate.parquet": r"row 1, column `bigdate`, a date32\[day\] that JSON cannot hold: date",
    "c_bin.parquet": r"row 1, column `bin`, bytes that are no UTF-8 text: b'\\xff\\x00'",
    "comment.csv": r"no column `uri`; its columns are `# made by x` \(line 1\)",
    "dict.parquet": r"row 1, column `bin`, bytes that are no UTF-8 text: b'\\xff\\x00'",
    "dup_id.jsonl": "line 1 and line 2, column `custom_id`: they have the same one: '1'",
    "dupcol.csv": "line 1: there are two columns `label`",
    "dupcol.parquet": "has two columns `x`",
    "dupkey.jsonl": "line 1: the key `uri` is there twice",
    "empty.parquet": "the manifest has no rows",
    "garb.jsonl.gz": r"gzip stream is broken: Not a gzipped file \(b'ga'\)",
    "headonly.csv": "the manifest has no rows",
    "hfimage.parquet": "has no column `uri`; its columns are `image`",
    "https.jsonl": "line 1, column `uri`: .* s3://bucket/key .*, not 'https://example.com/a.jpg'",
    "ids.jsonl": "line 1, column `custom_id`: text or a whole number is expected, not True",
    "latin1.csv": r"line 2: it is not UTF-8: .*caf\\xe9'; save it in UTF-8",
    "local.jsonl": "line 1, column `uri`: .*, not '/data/a.jpg'",
    "nested_uri.parquet": r"row 1, column `uri`: .*, not \['s3://photos/p/0.jpg'\]",
    "nouri.parquet": "has no column `uri`; its columns are `url`",
    "nul_uri.jsonl": r"line 1, column `uri`: no object can have this name: 's3://photos/p/\\x00",
    "null_uri.jsonl": "line 1, column `uri`: .*, not None",
    "nulluri.parquet": "row 2, column `uri`: there is none",
    "percent.jsonl": "line 3, column `uri`: .*, not 'https://photos.s3.amazonaws.com/p/0.jpg'",
    "pretty.jsonl": "line 1: .*the line ends within the object, write each on one line; seen: '{'",
    "quotes.csv": "line 2: it is not CSV: a quote is not closed",
    "surr.jsonl": r"line 1, column `caption`: not Unicode text .*'bad \\ud83d tail'",
    "surr.parquet": "row 1, column `c`, a string that JSON cannot hold: 'utf-8' .* 0xff",
    "surr_id.jsonl": r"line 1, column `custom_id`: not Unicode text .*'\\ud83d'",
    "surr_uri.jsonl": r"line 1, column `uri`: not Unicode text .*'s3://photos/p/\\ud83d.jpg'",
    "trail.jsonl": "line 1: it is not JSON: a comma follows the object; leave it out",
    "trunc.jsonl.gz": "gzip stream is broken: Compressed file ended",
    "url.csv": r"no column `uri`; its columns are `url`, `caption` \(line 1\)",
    "utf16.csv": "the manifest is in UTF-16; save it in UTF-8",
    "ws.csv": "the manifest is empty",
    "x.feather": r"is an Arrow \(Feather\) file",
    "x.jsonl.bz2": "is packed with bzip2; pack it with gzip",
    "x.jsonl.zst": "is packed with Zstandard; pack it with gzip",
    "x.xlsx": "is a zip or an Excel workbook; send CSV",
}


@pytest.fixture
def buckets(tmp_path):
    return Buckets(Settings(data_dir=tmp_path, dataset_buckets=("photos",)), MemoryStore())


@pytest.fixture(autouse=True)
def read_here(monkeypatch):
    """Read Parquet without a process of its own, which takes seconds; test_parquet has that."""
    monkeypatch.setattr("worker.datasets.sources.manifest_formats.json_lines_of", json_lines_of)


@contextmanager
def json_lines_of(stream):
    pytest.importorskip("pyarrow")
    from worker.datasets.sources.parquet_rows import write_rows

    lines = io.StringIO()
    reason = write_rows(io.BytesIO(stream.read()), lines)
    if reason:
        raise InvalidRequest(f"the Parquet manifest {reason}")
    yield io.BytesIO(lines.getvalue().encode())


def plan(buckets, name):
    body = (CASES / name).read_bytes()
    buckets.open("photos").put("list", body, media_type="text/plain")
    return list(manifest_items(buckets, "s3://photos/list"))


def submit(buckets, name):
    check_beginning(io.BytesIO((CASES / name).read_bytes()), buckets)


def test_every_case_has_its_right_answer():
    assert {path.name for path in CASES.iterdir()} - {"README.md"} == {*RIGHT, *REFUSED}


def test_the_table_beside_the_cases_names_each_of_them():
    named = re.findall(r"`([\w.]+)`", (CASES / "README.md").read_text())
    assert {*RIGHT, *REFUSED} <= set(named)


@pytest.mark.parametrize("name", RIGHT)
def test_a_manifest_is_taken_and_gives_these_items(buckets, name):
    submit(buckets, name)
    items = plan(buckets, name)
    assert [(i.uri.removeprefix("s3://photos/"), i.custom_id, i.extra) for i in items] == RIGHT[
        name
    ]
    # and a shard of them reads back as it was written
    for item in items:
        assert Item.model_validate_json(item.model_dump_json(exclude_defaults=True)) == item


@pytest.mark.parametrize(("name", "reason"), REFUSED.items())
def test_a_manifest_is_refused_naming_row_column_and_what_was_seen(buckets, name, reason):
    with pytest.raises(InvalidRequest, match=reason) as planned:
        plan(buckets, name)
    assert planned.value.message.isprintable()
    if name.endswith(".parquet"):
        submit(buckets, name)
        return
    with pytest.raises(InvalidRequest) as submitted:
        submit(buckets, name)
    assert submitted.value.message == planned.value.message

"""What `depthq dataset` is pointed at."""

from __future__ import annotations

import pytest
import typer

from client.commands.dataset_source import source_of
from contract.errors import InvalidRequest


@pytest.fixture
def folder(tmp_path):
    for name in (
        "a.jpg",
        "deep/b.PNG",
        "deep/notes.txt",
        ".hidden/c.jpg",
        "d.xyz",
        "._a.jpg",
        "@eaDir/a.jpg",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


@pytest.mark.parametrize(
    ("include", "exclude", "names"),
    [
        ([], [], ["a.jpg", "deep/b.PNG"]),
        ([], ["deep/*"], ["a.jpg"]),
        (["*.xyz", "a.*"], [], ["a.jpg", "d.xyz"]),
        (["*.jpg"], [], [".hidden/c.jpg", "a.jpg"]),  # but not what macOS and Synology keep
    ],
)
def test_a_folder_s_pictures_are_named_by_their_path(folder, include, exclude, names):
    source = source_of(str(folder), include, exclude)
    assert list(source.files) == names
    assert source.spec == {"include": ["*"]}


@pytest.mark.parametrize(
    ("where", "kind"),
    [
        ("s3://photos/2026/", "prefix"),
        ("s3://photos/list.jsonl", "manifest"),
        ("s3://photos/list.csv.gz", "manifest"),
        ("s3://photos/list.parquet", "manifest"),
        ("s3://photos/LIST.CSV", "manifest"),
        ("s3://photos/list.txt", "manifest"),
        ("s3://photos/list.tsv", "manifest"),
        ("s3://photos/list.json", "manifest"),
    ],
)
def test_an_address_is_a_prefix_or_a_manifest_by_its_ending(where, kind):
    source = source_of(where, [], ["*/raw/*"], name="x", layout=None)
    assert source.spec == {kind: where, "exclude": ["*/raw/*"], "name": "x"}
    assert source.files is None


def test_what_is_not_there_or_holds_no_picture_is_refused(tmp_path):
    with pytest.raises(InvalidRequest, match="neither a folder nor"):
        source_of(str(tmp_path / "none"), [], [])
    with pytest.raises(InvalidRequest, match="no picture"):
        source_of(str(tmp_path), [], [])


@pytest.mark.parametrize(
    ("where", "prefix"),
    [
        ("s3://photos/2026", "s3://photos/2026/"),  # not 2026-old too
        ("s3://photos/2026/", "s3://photos/2026/"),
        ("s3://photos/2026*", "s3://photos/2026"),  # asked for
        ("s3://photos", "s3://photos/"),
        ("s3://photos.txt", "s3://photos.txt/"),
        ("s3://photos/v1.0", "s3://photos/v1.0/"),
    ],
)
def test_a_prefix_ends_at_a_slash_unless_a_star_says_otherwise(where, prefix):
    assert source_of(where, [], []).spec == {"prefix": prefix}


def test_one_picture_in_a_bucket_is_no_prefix():
    with pytest.raises(InvalidRequest, match="is one picture"):
        source_of("s3://photos/2026/a.JPG", [], [])


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ({"options": {"size": "huge"}}, "size"),
        ({"layout": "zip"}, "layout"),
        ({"output_prefix": "/tmp/x"}, "output-prefix"),
    ],
)
def test_an_option_that_is_none_is_named(spec, says):
    with pytest.raises(typer.BadParameter, match=f"^{says}"):
        source_of("s3://photos/", [], [], **spec)

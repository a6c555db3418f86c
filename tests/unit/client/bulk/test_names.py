"""Where results go: named after the images, never outside their folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.bulk.names import ResultNames, member_names


@pytest.mark.parametrize(
    ("uri", "stem"),
    [
        ("s3://photos/2026/a/cat.jpg", "a/cat"),
        ("s3://others/2026/cat.jpg", "others/2026/cat"),
        ("s3://photos/2026/archive.tar.gz", "archive.tar"),
        ("s3://photos/2026/none", "none"),
        ("archive://../../etc/passwd.png", "etc/passwd"),
        ("archive:///etc//passwd.png", "etc/passwd"),
        ("archive://a\\..\\b.png", "a/b"),
        ("archive://a\nb.png", "a_b"),
        ("archive://..", "image"),
    ],
)
def test_a_stem_is_the_image_s_path_below_its_prefix(uri, stem):
    prefix = "s3://photos/2026/" if uri.startswith("s3") else "archive://"
    assert str(ResultNames(prefix).stem(uri)) == stem


def test_images_that_differ_in_their_suffix_have_results_of_their_own():
    names = ResultNames("archive://")
    uris = [f"archive://{name}" for name in ("a.jpg", "a.png", "A.jpg", "b/a.jpg", "a.png.jpg")]
    stems = [str(names.stem(uri)) for uri in uris]
    assert stems == ["a", "a.png", "A.jpg", "b/a", "a.png.jpg"]
    assert [str(names.stem(uri)) for uri in uris] == stems


@given(st.lists(st.text(max_size=30), unique=True, max_size=10))
def test_no_name_leaves_the_folder_and_no_two_are_the_same(uris):
    names = ResultNames("archive://")
    stems = [names.stem(f"archive://{uri}") for uri in uris]
    assert len({str(stem).casefold() for stem in stems}) == len(uris)
    assert not any(stem.is_absolute() or ".." in stem.parts for stem in stems)


def test_members_are_named_by_their_path_and_strange_names_by_number():
    folder = Path("/pictures")
    paths = [folder / "a/b.jpg", folder / "new\nline.jpg", folder / "\udce4.png"]
    assert list(member_names(folder, paths)) == [
        "a/b.jpg",
        "unnamed-000001.jpg",
        "unnamed-000002.png",
    ]

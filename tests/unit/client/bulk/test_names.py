"""Where results go: named after the images, never outside their folder."""

from __future__ import annotations

import unicodedata
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


def test_images_that_would_share_a_name_keep_their_suffix_or_a_part_of_their_id():
    names = ResultNames("archive://")
    uris = [f"archive://{n}" for n in ("a.jpg", "b.png", "b.jpg", "A.jpg", "c/a.jpg")]
    for uri in uris:
        names.claim(uri)
    stems = [str(names.stem(uri)) for uri in uris]
    assert stems[1:3] == ["b.png", "b.jpg"]
    assert stems[4] == "c/a"
    assert stems[0].startswith("a.jpg-")
    assert stems[3].startswith("A.jpg-")


@pytest.mark.parametrize("name", ["..jpg", "...", "x/..jpg", "a/.", ".jpg", "a/....jpg"])
def test_a_name_of_dots_stays_a_name(name):
    stem = ResultNames("archive://").stem(f"archive://{name}")
    assert stem.name not in ("", ".", "..")


def test_letters_that_some_file_systems_take_for_one_are_told_apart():
    names = ResultNames("archive://")
    uris = ["archive://\u00e9.jpg", "archive://e\u0301.jpg", "archive://E\u0301.jpg"]
    for uri in uris:
        names.claim(uri)
    assert len({unicodedata.normalize("NFC", str(names.stem(u))).casefold() for u in uris}) == 3


def test_a_long_name_is_cut_to_what_fits_and_stays_its_own():
    names = ResultNames("archive://")
    folder = "日" * 90 + "d" * 300
    uris = [f"archive://{folder}/{'日' * 77}{last}.jpg" for last in ("", "x", "日" * 9)]
    for uri in uris:
        names.claim(uri)
    stems = [names.stem(uri) for uri in uris]
    assert len(set(stems)) == 3
    assert stems[0].name == "日" * 77
    for stem in stems:
        assert len(stem.parts[0].encode()) <= 255
        assert len(f"{stem.name}.heatmap.webp".encode()) <= 255
        assert stem.name.startswith("日" * 75)
    assert stems == [names.stem(uri) for uri in uris]


@given(st.lists(st.text(max_size=30), unique=True, max_size=10))
def test_no_name_leaves_the_folder_and_no_two_are_the_same(uris):
    stems = []
    for order in (uris, uris[::-1]):
        names = ResultNames("archive://")
        for uri in order:
            names.claim(f"archive://{uri}")
        stems.append([names.stem(f"archive://{uri}") for uri in uris])
    assert stems[0] == stems[1]
    assert len({str(stem).casefold() for stem in stems[0]}) == len(uris)
    assert not any(stem.is_absolute() or ".." in stem.parts for stem in stems[0])


def test_members_are_named_by_their_path_and_strange_letters_are_escaped():
    folder = Path("/pictures")
    names = ("a/b.jpg", "new\nline.jpg", "\udce4.png", "50%.jpg", "%41.jpg", "a\\b.jpg", "A.jpg")
    members = member_names(folder, [folder / name for name in names])
    assert list(members) == [
        "a/b.jpg", "new%0Aline.jpg", "%E4.png", "50%.jpg", "%2541.jpg", "a%5Cb.jpg", "A.jpg",
    ]  # fmt: skip
    assert [path.relative_to(folder).as_posix() for path in members.values()] == list(names)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("3.10.00%E2%80%AFPM.jpg", "3.10.00\u202fPM"),
        ("%E4.png", "\udce4"),
        ("%2541.jpg", "%41"),
        ("back%5Cslash.jpg", "back\\slash"),
        ("50%.jpg", "50%"),
        ("a%20b.jpg", "a%20b"),  # no name of ours is written so
        ("..%2F..%2Fup.jpg", "..%2F..%2Fup"),
        ("%2E%2E/up.jpg", "%2E%2E/up"),
        ("new%0Aline%00.jpg", "new_line_"),  # not from strangers
        ("%e2%80%af.jpg", "%e2%80%af"),
    ],
)
def test_names_that_we_escaped_come_back_as_they_were_on_any_machine(name, path):
    assert str(ResultNames("archive://").stem(f"archive://{name}")) == path
    assert str(ResultNames("s3://b/").stem(f"s3://b/{name}")) == name.rpartition(".")[0]


@given(st.lists(st.text(st.sampled_from("%2E5\u202f\udcaf\\/x"), min_size=1), unique=True))
def test_no_two_members_have_one_name(names):
    paths = {Path("/p") / name.strip("/") for name in names if name.strip("/")}
    assert len(member_names(Path("/p"), paths)) == len(paths)

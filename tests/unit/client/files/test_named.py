"""A path where nothing is gets the likely reason, whichever command was given it."""

from __future__ import annotations

from pathlib import Path

import pytest

from client.files.named import hint, named_file
from client.files.pictures import find_pictures
from contract.errors import InvalidRequest


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "cat.jpg").touch()
    (tmp_path / "album").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(place: str) -> str:
    with pytest.raises(InvalidRequest) as refused:
        named_file(place, folder_means="name a picture in it")
    return refused.value.message


def test_a_file_is_its_path(here):
    assert named_file("cat.jpg", folder_means="") == Path("cat.jpg")


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("none.jpg", "there is no file none.jpg"),
        ("cta.jpg", "there is no file cta.jpg; did you mean cat.jpg?"),
        ("CAT.JPG", "there is no file CAT.JPG; did you mean cat.jpg?"),
        ("trip/cat.jpg", "there is no file trip/cat.jpg; there is no folder trip either"),
        ("cat.jpg/x", "there is no file cat.jpg/x; there is no folder cat.jpg either"),
        ("~/cat.jpg", "there is no file ~/cat.jpg; a shell replaces ~ only outside of quotes"),
        (
            "C:\\me\\cat.jpg",
            "there is no file C:\\me\\cat.jpg; in WSL it is /mnt/c/… with slashes",
        ),
        (
            "https://example.org/cat.jpg",
            "there is no file https://example.org/cat.jpg; "
            "this command reads files of this machine: download it first",
        ),
        (
            "s3://photos/cat.jpg",
            "there is no file s3://photos/cat.jpg; "
            "of a bucket: depthq dataset run s3://bucket/prefix/ --out DIR",
        ),
        ("album", "album is a folder; name a picture in it"),
        ("x" * 300, f"cannot read {'x' * 300}: File name too long"),
    ],
)
def test_what_is_no_file_is_said_with_what_to_do(here, place, said):
    assert told(place) == said


def test_a_name_in_the_folder_cannot_reach_the_terminal(here):
    (here / "dog\x1b[2J.jpg").touch()
    assert hint("dog[2J.jpg") == "; did you mean dog\\x1b[2J.jpg?"


def test_pictures_of_submit_get_the_same_hint(here):
    with pytest.raises(InvalidRequest, match=r"no picture at cta.jpg; did you mean cat.jpg\?"):
        find_pictures(["cta.jpg"])

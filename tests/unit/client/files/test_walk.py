"""What of a folder is input: pictures, and what is left out is counted; never our own results."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from client.commands.dataset_source import source_of
from client.files.pictures import find_pictures
from client.files.walk import LeftOut
from contract.errors import InvalidRequest

FORMATS = [
    "jpg", "jpeg", "jpe", "jfif", "png", "webp", "tif", "tiff", "bmp", "gif", "heic", "heif",
    "avif",
]  # fmt: skip


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def fill(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


def both(folder: Path, out: Path | None = None) -> tuple[list[str], str]:
    """Return what `submit` and `dataset run` take, which is the same, and what is left out."""
    left_out, again = LeftOut(), LeftOut()
    found = find_pictures([str(folder)], out, left_out)
    source = source_of(str(folder), [], [], out=out, left_out=again)
    assert found == list(source.files.values())
    assert left_out.sentence() == again.sentence()
    return [path.relative_to(folder).as_posix() for path in found], left_out.sentence()


def test_every_picture_suffix_is_taken(folder):
    fill(folder, *(f"{suffix}.{suffix}" for suffix in FORMATS), "UP.HEIC")
    names, left_out = both(folder)
    assert names == sorted([*(f"{suffix}.{suffix}" for suffix in FORMATS), "UP.HEIC"])
    assert left_out == ""


def test_what_is_left_out_is_counted_by_its_kind(folder):
    fill(folder, "a.jpg", "b.txt", "c.txt", "IMG_0001", "._a.jpg", ".DS_Store", "x.mp4")
    fill(folder, "@eaDir/a.jpg", "__MACOSX/._a.jpg", ".git/x.png")
    os.mkfifo(folder / "pipe.jpg")
    (folder / "gone.jpg").symlink_to(folder / "nowhere")
    names, left_out = both(folder)
    assert names == ["a.jpg"]
    assert left_out == (
        "8 files left out (2 .txt, 2 hidden, 1 .mp4, 1 broken link, 1 not a file, 1 without suffix)"
    )


@pytest.mark.parametrize("out", ["", "depth", "depth/deep", "../out", "linked"])
def test_the_output_folder_and_our_own_results_are_never_input(folder, out):
    fill(folder, "a.jpg", "b/a.png")
    if out == "linked":
        (folder.parent / "elsewhere").mkdir()
        (folder / "linked").symlink_to(folder.parent / "elsewhere")
    place = folder / out
    results = ("a.depth.png", "a.depth (1).png", "a.heatmap.jpg", "b/a.heatmap.webp", "a.depth.exr")
    for _ in range(2):
        names, _ = both(folder, place)
        assert names == ["a.jpg", "b/a.png"]
        fill(place, *results)
    assert both(folder)[0] == ["a.jpg", "b/a.png"]  # where the results lie is not said


def test_a_picture_in_the_output_folder_is_no_input_either_unless_it_is_the_input(folder):
    fill(folder, "a.jpg", "depth/b.jpg")
    assert both(folder, folder / "depth")[0] == ["a.jpg"]
    assert both(folder, folder)[0] == ["a.jpg", "depth/b.jpg"]
    assert both(folder / "depth", folder)[0] == ["b.jpg"]


def test_patterns_and_files_named_outright_are_no_way_round(folder):
    fill(folder, "a.png", "a.depth.png", "a.heatmap.jpg")
    left_out = LeftOut()
    arguments = [str(folder / name) for name in ("*.png", "a.png", "a.heatmap.jpg")]
    assert find_pictures(arguments, folder, left_out) == [folder / "a.png"]
    assert left_out.sentence() == "2 files left out (2 results of depthq)"
    with pytest.raises(InvalidRequest, match=r"no picture.*1 results of depthq"):
        find_pictures([str(folder / "a.depth.png")])


def test_what_a_shell_makes_of_a_star_is_no_error(folder):
    fill(folder, "a.jpg", "depth/x.depth.png", "empty/notes.txt")
    os.mkfifo(folder / "pipe")
    (folder / "gone.jpg").symlink_to(folder / "nowhere")
    arguments = [str(path) for path in sorted(folder.iterdir())]
    assert find_pictures(arguments, folder / "depth") == [folder / "a.jpg"]


def test_a_linked_folder_is_followed_once(folder, tmp_path):
    fill(tmp_path / "elsewhere", "e.jpg", "deep/f.jpg")
    fill(folder, "z/a.jpg")
    (folder / "album").symlink_to(tmp_path / "elsewhere")
    (folder / "album2").symlink_to(tmp_path / "elsewhere")
    (folder / "loop").symlink_to(folder)
    (folder / "b").symlink_to(folder / "z")  # the folder itself goes before a link to it
    (tmp_path / "elsewhere" / "back").symlink_to(folder)
    assert both(folder)[0] == ["album/deep/f.jpg", "album/e.jpg", "z/a.jpg"]


def test_a_folder_without_pictures_says_what_it_has(folder):
    fill(folder, "a.xyz", "b")
    with pytest.raises(InvalidRequest, match=r"2 files left out \(1 \.xyz, 1 without suffix\)"):
        find_pictures([str(folder)])
    with pytest.raises(InvalidRequest, match=r"2 files left out \(1 \.xyz, 1 without suffix\)"):
        source_of(str(folder), [], [])


def test_a_folder_that_cannot_be_read_is_named(folder, monkeypatch):
    fill(folder, "a.jpg", "locked/b.jpg")
    real = os.scandir

    def scandir(path: str) -> object:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    left_out = LeftOut()
    assert find_pictures([str(folder)], None, left_out) == [folder / "a.jpg"]
    assert left_out.unreadable == {str(folder / "locked"): "Permission denied"}


def test_a_file_of_which_nothing_may_be_known_is_named(folder, monkeypatch):
    fill(folder, "a.jpg", "b.jpg")
    real = os.stat

    def stat(path: object, **named: object) -> object:
        if str(path).endswith("b.jpg"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, **named)

    left_out = LeftOut()
    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", stat)
        assert find_pictures([str(folder)], None, left_out) == [folder / "a.jpg"]
    assert left_out.unreadable == {str(folder / "b.jpg"): "Permission denied"}


def test_an_argument_that_is_too_long_for_a_path_is_wrong_usage():
    with pytest.raises(InvalidRequest):
        find_pictures(["x" * 5000])
    with pytest.raises(InvalidRequest):
        source_of("x" * 5000, [], [])

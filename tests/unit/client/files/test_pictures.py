"""Files, folders and patterns become a list of pictures with names of their own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from client.bulk.names import flat_names
from client.files.pictures import find_pictures
from client.local.samples import sample_photographs
from contract.errors import InvalidRequest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.JPG", "a.png", "notes.txt", "deep/c.webp", "[odd]/d.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def names(folder: Path, *arguments: str) -> list[str]:
    found = find_pictures(str(folder / argument) for argument in arguments)
    return [str(path.relative_to(folder)) for path in found]


def test_a_folder_means_the_pictures_below_it(folder):
    assert names(folder, "") == ["[odd]/d.png", "a.png", "b.JPG", "deep/c.webp"]


def test_a_file_is_taken_whatever_it_is_called_and_once(folder):
    assert names(folder, "notes.txt", "a.png", "a.png") == ["notes.txt", "a.png"]


def test_patterns_are_expanded_also_to_folders(folder):
    assert names(folder, "*.png") == ["a.png"]
    assert names(folder, "**/*.png") == ["[odd]/d.png", "a.png"]
    assert names(folder, "*o*") == ["[odd]/d.png", "notes.txt"]


@pytest.mark.parametrize("argument", ["none.jpg", "*.gif", "deep/*.png"])
def test_nothing_found_is_said(folder, argument):
    with pytest.raises(InvalidRequest, match="no picture"):
        names(folder, argument)


def test_results_of_files_of_one_name_do_not_collide_and_are_named_the_same_in_any_order():
    paths = [Path("a/x.jpg"), Path("b/x.jpg"), Path("c/X.png"), Path("x-2.jpg"), Path("y.jpg")]
    names = flat_names(paths)
    assert names[paths[2]] == "X.png"
    assert [names[path] for path in paths[3:]] == ["x-2", "y"]
    assert all(re.fullmatch(r"x\.jpg-[0-9a-f]{12}", names[path]) for path in paths[:2])
    assert len(set(names.values())) == len(paths)
    assert flat_names(paths[::-1]) == names
    assert flat_names(paths[1:4])[paths[1]] == "x.jpg"


def test_the_samples_are_in_the_installed_wheel():
    assert list(sample_photographs()) == ["cat", "coffee", "astronaut", "rocket", "motorcycle"]

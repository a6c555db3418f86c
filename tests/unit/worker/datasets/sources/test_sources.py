"""Which names below a source are pictures."""

from __future__ import annotations

import pytest

from contract.runs import DatasetSpec, RunRequest
from contract.settings import Settings
from worker.datasets.sources.left_out import LeftOut
from worker.datasets.sources.sources import wanted


def chosen(names: list[str], **settings: object) -> list[str]:
    spec = DatasetSpec(prefix="s3://photos/")
    request = RunRequest.model_construct(spec=spec)
    return [name for name in names if wanted(request, Settings(**settings), LeftOut())(name)]


@pytest.mark.parametrize(
    "name",
    ["a.jpg", "a.JPEG", "a.jpe", "a.jfif", "a.png", "a.webp", "IMG_1.HEIC", "a.heif", "a.avif"],
)
def test_what_phones_and_browsers_write_is_a_picture_by_its_suffix(name):
    assert chosen([name, "notes.txt", name + ".json"]) == [name]


def test_other_formats_are_chosen_where_they_are_named():
    names = ["a.tif", "a.gif", "a.bmp", "a.avif"]
    assert chosen(names) == ["a.avif"]
    assert chosen(names, extra_formats=("tiff", "avif")) == ["a.tif", "a.avif"]

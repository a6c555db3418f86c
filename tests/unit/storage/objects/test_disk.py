"""When a disk has no space for new work."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from storage.objects.disk import DiskSpace

GIB = 1024**3


def room(size_gib, free_gib, reserved_gib=0.0, max_share=0.85):
    """Return a room on a made-up disk in blocks of 4 KiB; `reserved` is free for root only."""

    def look(folder):
        block = 4096
        return SimpleNamespace(
            f_frsize=block,
            f_blocks=int(size_gib * GIB / block),
            f_bfree=int((free_gib + reserved_gib) * GIB / block),
            f_bavail=int(free_gib * GIB / block),
        )

    return DiskSpace(Path("/somewhere"), max_share, look)


@pytest.mark.parametrize(
    ("size_gib", "free_gib", "full"),
    [
        (40, 10, False),
        (40, 7, False),  # 82.5 %
        (40, 5, True),
        (0.1, 0.01, True),  # a small tmpfs
        (4000, 400, False),  # 90 %, and room for weeks
        (256, 9, True),
    ],
)
def test_a_disk_is_full_by_share_unless_enough_is_free(size_gib, free_gib, full):
    assert bool(room(size_gib, free_gib).lack()) is full


def test_what_only_root_may_use_is_no_room():
    assert "87% full" in room(40, 5, reserved_gib=2).lack()


def test_the_limit_can_be_lifted():
    assert room(40, 0, max_share=1).lack() != "", "nothing is left at all"
    assert room(40, 0.1, max_share=1).lack() == ""


def test_a_folder_that_is_not_there_yet_is_on_the_disk_of_its_parents(tmp_path):
    looked = []

    def look(folder):
        looked.append(folder)
        return room(40, 10)._look(folder)

    assert DiskSpace(tmp_path / "a" / "b", 0.85, look).lack() == ""
    assert looked == [tmp_path]


def test_a_disk_that_does_not_answer_has_no_room():
    def look(folder):
        raise OSError(5, "Input/output error")

    assert "Input/output error" in DiskSpace(Path("/"), 0.85, look).lack()


def test_what_is_left_is_what_may_be_written_until_the_disk_counts_as_full():
    assert room(40, 30).left_bytes() == pytest.approx(24 * GIB, rel=1e-3)  # to 85 %
    assert room(40, 7).left_bytes() == pytest.approx(1 * GIB, rel=1e-3)
    assert room(40, 5).left_bytes() == 0
    assert room(4000, 400).left_bytes() == pytest.approx(390 * GIB, rel=1e-3)  # 10 GiB stay free
    assert room(40, 2, max_share=1).left_bytes() == pytest.approx(2 * GIB, rel=1e-3)
    assert room(40, 30, reserved_gib=2).size_bytes() == pytest.approx(38 * GIB, rel=1e-3)

"""Archives: unpacked under numbers of our own, within every limit."""

from __future__ import annotations

import errno
import gzip
import io
import lzma
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path

import pytest

from contract.errors import InvalidRequest, StorageUnavailable
from contract.ids import new_id
from tests.services.memory_store import MemoryStore
from worker.datasets.sources.archive import archive_items
from worker.datasets.sources.archive_budget import Budget
from worker.datasets.sources.left_out import Wanted

ID = new_id()
LIMIT = 1_000_000


def unpack(body, limit=LIMIT, store=None):
    store = store or MemoryStore()
    store.put("archive", body, media_type="application/zip")
    items = list(archive_items(store, "archive", ID, limit, Wanted((".jpg",))))
    return [(item.uri, store.get(item.key)) for item in items]


def zipped(*members, compression=zipfile.ZIP_DEFLATED):
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", compression) as file:
        for name, data in members:
            file.writestr(name, data)
    return body.getvalue()


def tarred(*members, mode="w"):
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode=mode) as file:
        for member, data in members:
            info = member if isinstance(member, tarfile.TarInfo) else tarfile.TarInfo(member)
            info.size = len(data)
            file.addfile(info, io.BytesIO(data))
    return body.getvalue()


GOOD = (("a.jpg", b"A"), ("sub/b.jpg", b"B"), ("notes.txt", b"N"), ("c.jpg", b"C"))
EXPECTED = [("archive://a.jpg", b"A"), ("archive://sub/b.jpg", b"B"), ("archive://c.jpg", b"C")]


@pytest.mark.parametrize(
    "body",
    [zipped(*GOOD), tarred(*GOOD), tarred(*GOOD, mode="w:gz"), tarred(*GOOD, mode="w:xz")],
)
def test_every_kind_of_archive_gives_the_same_items(body):
    assert unpack(body) == EXPECTED


def test_the_same_archive_gives_the_same_items_again():
    assert unpack(zipped(*GOOD)) == unpack(zipped(*GOOD))


@pytest.mark.parametrize("name", ["../../../etc/x.jpg", "/etc/x.jpg", "C:\\x.jpg", "a\nb.jpg"])
def test_names_are_labels_and_never_paths(name):
    store = MemoryStore()
    unpack(zipped((name, b"x")), store=store)
    keys = [info.key for info in store.list("")]
    assert keys == ["archive", f"datasets/{ID}/inputs/000000000"]


def test_links_folders_and_devices_are_passed_over():
    members = []
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
        info = tarfile.TarInfo("x.jpg")
        info.type, info.linkname = kind, "/etc/passwd"
        members.append((info, b""))
    assert unpack(tarred(*members, ("a.jpg", b"A"))) == [("archive://a.jpg", b"A")]
    link = zipfile.ZipInfo("link.jpg")
    link.external_attr = 0o120777 << 16
    assert unpack(zipped((link, b"/etc/passwd"), ("a.jpg", b"A"))) == [("archive://a.jpg", b"A")]


def test_a_member_above_the_limit_is_refused_by_its_real_size():
    with pytest.raises(InvalidRequest, match="larger than 100 bytes"):
        unpack(zipped(("a.jpg", b"x" * 101)), limit=100)


def test_a_bomb_is_refused_while_it_unpacks():
    bomb = zipped(*((f"{n}.jpg", bytes(LIMIT)) for n in range(60)))
    with pytest.raises(InvalidRequest, match="far more than its size"):
        unpack(bomb)


def test_a_tar_bomb_is_refused_even_in_unwanted_members():
    bomb = gzip.compress(tarred(("big.txt", bytes(50_000_000)), ("a.jpg", b"A")))
    with pytest.raises(InvalidRequest, match="far more than its size"):
        unpack(bomb)


def test_a_tar_with_a_huge_extended_header_is_refused():
    info = tarfile.TarInfo("x")
    info.type = tarfile.XHDTYPE
    with pytest.raises(InvalidRequest, match="extended header"):
        unpack(tarred((info, b"10 a=b\n" + bytes(2_000_000)), ("a.jpg", b"A")))


@pytest.mark.parametrize(
    "body", [b"not an archive", b"", zipped(*GOOD)[:-30], tarred(*GOOD, mode="w:gz")[:60]]
)
def test_a_broken_archive_is_refused(body):
    with pytest.raises(InvalidRequest):
        unpack(body)


def test_an_encrypted_member_is_refused():
    body = bytearray(zipped(("a.jpg", b"A")))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        body[body.index(signature) + offset] |= 1
    with pytest.raises(InvalidRequest, match="is encrypted; send it without a password"):
        unpack(bytes(body))


def test_a_zip_with_a_huge_directory_is_refused_before_it_is_read(monkeypatch):
    monkeypatch.setattr("worker.datasets.sources.archive_members.MAX_DIRECTORY_BYTES", 100)
    with pytest.raises(InvalidRequest, match="too many entries"):
        unpack(zipped(*GOOD))


def test_a_missing_archive_is_refused():
    with pytest.raises(InvalidRequest, match="not there"):
        list(archive_items(MemoryStore(), "archive", ID, LIMIT, Wanted((".jpg",))))


def test_a_full_disk_for_temporary_files_is_waited_for(monkeypatch):
    full = Path("/dev/full")  # takes nothing, as a disk without room
    if not full.exists():
        pytest.skip("no /dev/full here")
    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "TemporaryFile", lambda: full.open("w+b"))
        with pytest.raises(StorageUnavailable, match="No space left"):
            unpack(zipped(*GOOD))
    assert unpack(zipped(*GOOD)) == EXPECTED  # there is room again


def test_where_no_temporary_file_can_be_made_the_archive_waits(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(StorageUnavailable, match="No such file"):
        unpack(zipped(*GOOD))


@pytest.mark.parametrize("number", [errno.ENOMEM, errno.EIO])
def test_a_copy_that_this_machine_cannot_read_is_no_damage_of_the_archive(monkeypatch, number):
    def refuse(*_):
        raise OSError(number, "as asked")

    monkeypatch.setattr("worker.datasets.sources.archive.members", refuse)
    with pytest.raises(StorageUnavailable, match="too little for now: as asked"):
        unpack(zipped(*GOOD))


def with_size(size, kind=tarfile.DIRTYPE, name="x"):
    """Return a tar whose second member has a pax header that says so of its size."""
    info = tarfile.TarInfo(name)
    info.type, info.pax_headers = kind, {"size": str(size)}
    return (tarfile.TarInfo("a.jpg"), b"A"), (info, b"")


@pytest.mark.parametrize("size", [-1, -(10**12), 1 << 60])
@pytest.mark.parametrize("kind", [tarfile.DIRTYPE, tarfile.REGTYPE, tarfile.SYMTYPE])
def test_a_size_that_cannot_be_is_refused_in_whatever_member(size, kind):
    with pytest.raises(InvalidRequest, match=f"a member says that it has {size} bytes"):
        unpack(tarred(*with_size(size, kind)))


def test_a_header_that_says_less_than_nothing_is_refused():
    info = tarfile.TarInfo("x.jpg")
    head = bytearray(info.tobuf())
    head[124:136] = b"\xff" * 12  # base 256, two's complement: -1
    head[148:156] = b"%06o\0 " % (256 + sum(head[:148]) + sum(head[156:]))
    with pytest.raises(InvalidRequest, match="a member says that it has -1 bytes"):
        unpack(tarred(("a.jpg", b"A"))[:1024] + bytes(head) + bytes(1024))


def test_no_size_that_a_tar_claims_gives_back_what_was_spent():
    # Given a directory that claims to have less than nothing, before a bomb
    minus, bomb = with_size(-(10**12))[1], ("big.txt", bytes(50_000_000))
    for members in ((minus, bomb), (bomb, minus)):
        with pytest.raises(InvalidRequest, match=r"far more than its size|a member says"):
            unpack(gzip.compress(tarred(*members)))
    budget = Budget(1_000, LIMIT)
    with pytest.raises(InvalidRequest, match="less than no bytes"):
        budget.spend(-1)


def test_a_bomb_of_headers_alone_is_refused():
    bomb = lzma.compress(tarred(*[("a.txt", b"")] * 5_000), preset=1)
    with pytest.raises(InvalidRequest, match="far more than its size"):
        unpack(bomb)


def test_a_damaged_member_in_the_middle_hides_no_picture_behind_it():
    body = bytearray(tarred(*GOOD))
    body[1024 + 10] ^= 0xFF  # in the second member's header
    with pytest.raises(InvalidRequest, match="a member's header is damaged"):
        unpack(bytes(body))


def test_what_follows_the_end_of_a_tar_and_is_none_means_nothing():
    assert unpack(tarred(*GOOD) + b"made by some program" * 100) == EXPECTED


def test_an_old_tar_without_magic_that_holds_a_zip_is_still_a_tar():
    body = bytearray(tarred(("a.jpg", b"A"), ("in.zip", zipped(("in/b.jpg", b"B")))))
    for start in (0, 1024):  # the two headers
        body[start + 257 : start + 265] = bytes(8)
        head = body[start : start + 512]
        body[start + 148 : start + 156] = b"%06o\0 " % (256 + sum(head[:148]) + sum(head[156:]))
    assert unpack(bytes(body)) == [("archive://a.jpg", b"A")]


def test_a_zip_that_unpacks_itself_is_a_zip():
    assert unpack(b"MZ a program" + zipped(*GOOD)) == EXPECTED


@pytest.mark.parametrize(
    "name", ["3.10.00\u202fPM.jpg", "a\u00a0b.jpg", "\u200fx\u200d.jpg", "a\nb.jpg", "a\\b.jpg"]
)
def test_a_label_is_the_name_whatever_letters_it_has(name):
    assert unpack(tarred((name, b"x"))) == [(f"archive://{name}", b"x")]


def test_names_that_are_no_text_stay_apart():
    body = tarred((b"a\xff.jpg".decode("utf-8", "surrogateescape"), b"1"), ("a\\xff.jpg", b"2"))
    assert unpack(body) == [("archive://a\\xff.jpg", b"1"), ("archive://a\\xff (2).jpg", b"2")]


def test_the_same_name_and_bytes_twice_are_two_items():
    names = ("a.jpg", "a.jpg", "a (2).jpg", "a.jpg")
    assert [uri for uri, _ in unpack(tarred(*((name, b"A") for name in names)))] == [
        "archive://a.jpg", "archive://a (2).jpg", "archive://a (2) (2).jpg", "archive://a (3).jpg",
    ]  # fmt: skip


def test_a_name_in_utf8_is_read_as_such_though_no_flag_says_so():
    body = zipped(("ab.jpg", b"A")).replace(b"ab.jpg", "é.jpg".encode())
    assert unpack(body) == [("archive://é.jpg", b"A")]


def test_an_xz_that_asks_for_more_memory_than_the_highest_level_needs_is_refused():
    tar = tarred(*GOOD)
    assert unpack(lzma.compress(tar, preset=9)) == EXPECTED
    body = bytearray(lzma.compress(tar))
    end = 12 + (body[12] + 1) * 4 - 4  # the first block's header, up to its checksum
    body[16] = 36  # the size of its dictionary: 1 GiB
    body[end : end + 4] = zlib.crc32(body[12:end]).to_bytes(4, "little")
    with pytest.raises(InvalidRequest, match="cannot be unpacked: Memory usage limit"):
        unpack(bytes(body))


def test_an_xz_of_several_streams_with_padding_is_read_to_its_end():
    tar = tarred(*GOOD)
    parts = [lzma.compress(tar[start : start + 3_000]) for start in range(0, len(tar), 3_000)]
    assert unpack((bytes(8).join(parts)) + bytes(4)) == EXPECTED
    with pytest.raises(InvalidRequest, match="the xz stream is cut"):
        unpack(b"".join(parts)[:-20])


def test_a_header_that_keeps_a_pattern_busy_for_hours_is_refused():
    info = tarfile.TarInfo("x")
    info.type = tarfile.XHDTYPE
    with pytest.raises(InvalidRequest, match="an extended header is damaged"):
        unpack(tarred((info, b"1" * 1_000_000), ("a.jpg", b"A")))


def test_long_names_and_others_headers_are_read_from_their_extended_header():
    info = tarfile.TarInfo("é" * 200 + "1" * 100 + ".jpg")
    info.pax_headers = {"comment": "x" * 50_000, "mtime": "1700000000.123456789"}
    assert unpack(tarred((info, b"A"), *GOOD)) == [(f"archive://{info.name}", b"A"), *EXPECTED]


def test_extended_headers_of_extended_headers_are_refused():
    info = tarfile.TarInfo("x")
    info.type = tarfile.XHDTYPE
    with pytest.raises(InvalidRequest, match="cannot be unpacked"):
        unpack(tarred(*[(info, b"13 comment=x\n")] * 2_000, ("a.jpg", b"A")))

"""Archives: unpacked under numbers of our own, within every limit."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile

import pytest

from contract.errors import InvalidRequest
from contract.ids import new_id
from storage.objects.memory import MemoryStore
from worker.datasets.sources.archive import archive_items

ID = new_id()
LIMIT = 1_000_000


def unpack(body, limit=LIMIT, store=None):
    store = store or MemoryStore()
    store.put("archive", body, media_type="application/zip")
    items = list(archive_items(store, "archive", ID, limit, lambda name: name.endswith(".jpg")))
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


def test_a_tar_bomb_is_refused_even_in_members_nobody_wants():
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
    with pytest.raises(InvalidRequest, match="cannot be unpacked"):
        unpack(bytes(body))


def test_a_zip_with_a_huge_directory_is_refused_before_it_is_read(monkeypatch):
    monkeypatch.setattr("worker.datasets.sources.archive.MAX_DIRECTORY_BYTES", 100)
    with pytest.raises(InvalidRequest, match="too many entries"):
        unpack(zipped(*GOOD))


def test_a_missing_archive_is_refused():
    with pytest.raises(InvalidRequest, match="not there"):
        list(archive_items(MemoryStore(), "archive", ID, LIMIT, lambda name: True))

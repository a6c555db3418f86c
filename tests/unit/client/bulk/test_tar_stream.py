"""The archive that goes out as it is read."""

from __future__ import annotations

import io
import tarfile

import pytest
from werkzeug.formparser import parse_form_data

from client.bulk.tar_stream import ArchiveForm
from client.errors import LocalProblem


@pytest.fixture
def files(tmp_path):
    made = {}
    for name, size in (("a.jpg", 0), ("deep/b.png", 511), ("ä" * 120 + ".jpg", 512), ("c", 70_000)):
        path = tmp_path / str(len(made))
        path.write_bytes(bytes(range(256)) * (size // 256) + bytes(size % 256))
        made[name] = path
    return made


def received(form: ArchiveForm) -> tuple[str, bytes]:
    """Return spec and archive as a server reads them."""
    body = b"".join(form)
    environ = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": form.content_type,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    _, fields, uploads = parse_form_data(environ, stream_factory=lambda *_, **__: io.BytesIO())
    return fields["spec"], uploads["archive"].read()


def test_the_length_is_known_before_and_the_files_arrive_whole(files):
    form = ArchiveForm('{"name": "x"}', files)
    assert form.length == len(b"".join(form))
    spec, archive = received(form)
    assert spec == '{"name": "x"}'
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        found = {m.name: tar.extractfile(m).read() for m in tar}
    assert found == {name: path.read_bytes() for name, path in files.items()}


def test_the_same_files_give_the_same_archive_so_that_a_retry_is_the_same_dataset(files):
    first, second = (received(ArchiveForm("{}", files)) for _ in range(2))
    assert first == second


def test_a_file_that_shrinks_while_it_is_sent_is_an_error(files):
    form = ArchiveForm("{}", files)
    files["c"].write_bytes(b"short")
    with pytest.raises(LocalProblem, match="changed while"):
        list(form)


@pytest.mark.parametrize("content", [b"short", b"x" * 90_000, None])
def test_a_file_that_changes_is_named_and_the_others_arrive_whole(files, content):
    spoiled = {}
    form = ArchiveForm("{}", files, spoiled)
    if content is None:
        files["deep/b.png"].unlink()
    else:
        files["deep/b.png"].write_bytes(content)
    _, archive = received(form)
    assert form.length == len(b"".join(form))
    assert list(spoiled) == ["deep/b.png"]
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        found = {m.name: tar.extractfile(m).read() for m in tar}
    assert found.keys() == files.keys()
    for name in files.keys() - {"deep/b.png"}:
        assert found[name] == files[name].read_bytes()


def test_a_file_that_grows_while_it_is_sent_is_an_error(files):
    form = ArchiveForm("{}", files)
    with files["c"].open("ab") as file:
        file.write(b"more")
    with pytest.raises(LocalProblem, match="changed while"):
        list(form)


def test_a_file_that_is_gone_is_an_error(files):
    files["c"].unlink()
    with pytest.raises(LocalProblem, match="cannot read"):
        ArchiveForm("{}", files)

"""Multipart forms, decent and otherwise."""

from __future__ import annotations

import hashlib

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from api.answers.errors import LengthRequired
from api.receiving.multipart import MAX_FIELD_BYTES, MAX_PARTS, receive_form
from api.receiving.uploads import Upload, receive_raw
from contract.errors import ImageTooLarge, InvalidRequest

BOUNDARY = "xyz"


def part(disposition: str, content: bytes) -> bytes:
    return f"--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode() + (
        content + b"\r\n"
    )


def request_of(body: bytes, content_type: str | None = None, **environ) -> Request:
    kind = content_type or f"multipart/form-data; boundary={BOUNDARY}"
    builder = EnvironBuilder(method="POST", data=body, content_type=kind)
    return Request({**builder.get_environ(), **environ})


def receive(*parts: bytes, end: bytes = f"--{BOUNDARY}--\r\n".encode(), max_bytes: int = 10**7):
    with Upload(max_bytes) as upload:
        fields = receive_form(request_of(b"".join(parts) + end), upload)
        return fields, upload.size, upload.sha256


IMAGE = part('name="image"; filename="a.jpg"', b"pixels")


def test_the_image_is_counted_and_hashed_and_the_fields_come_in_order():
    fields, size, sha256 = receive(
        part('name="outputs"', b"depth"), IMAGE, part('name="outputs"', b"heatmap")
    )
    assert fields == [("outputs", "depth"), ("outputs", "heatmap")]
    assert (size, sha256) == (6, hashlib.sha256(b"pixels").hexdigest())


@pytest.mark.parametrize("length", [65_535, 65_536, 1_048_576, 3_000_001])
def test_large_images_arrive_whole(length):
    content = bytes(range(256)) * (length // 256 + 1)
    content = content[:length]
    _, size, sha256 = receive(part('name="image"; filename="a"', content))
    assert (size, sha256) == (length, hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ([part('name="size"', b"model")], "no file"),
        ([part('name="image"', b"pixels")], "no file"),
        ([IMAGE, IMAGE], "one image"),
        ([IMAGE, part('name="other"; filename="b.jpg"', b"x")], "no file field"),
        ([IMAGE, part('filename="b.jpg"', b"x")], "no file field"),
        ([IMAGE, part('name="size"', b"x" * (MAX_FIELD_BYTES + 1))], "more than"),
        ([IMAGE, part('name="size"', b"\xff\xfe")], "UTF-8"),
        ([IMAGE] + [part(f'name="f{n}"', b"x") for n in range(MAX_PARTS)], "too many parts"),
        ([b"--xyz\r\nNo-Disposition: here\r\n\r\nx\r\n"], "malformed"),
        ([b"--xyz\r\n\xff\xfe: here\r\n\r\nx\r\n"], "malformed"),
    ],
)
def test_abuse_is_refused(parts, why):
    with pytest.raises(InvalidRequest, match=why):
        receive(*parts)


def test_a_body_cut_short_is_refused():
    with pytest.raises(InvalidRequest):
        receive(IMAGE[:-3], end=b"")


def test_an_endless_part_header_is_refused():
    with pytest.raises(InvalidRequest):
        receive(b"--xyz\r\nA: " + b"x" * 2_000_000, end=b"")


def test_an_image_above_the_limit_is_refused_even_if_the_form_is_within():
    with pytest.raises(ImageTooLarge):
        receive(part('name="image"; filename="a"', b"x" * 1001), max_bytes=1000)


def test_a_form_without_boundary_is_refused():
    with Upload(100) as upload, pytest.raises(InvalidRequest, match="boundary"):
        receive_form(request_of(b"x", "multipart/form-data"), upload)


def test_a_raw_body_without_length_is_refused():
    request = request_of(b"x", "image/jpeg", HTTP_TRANSFER_ENCODING="chunked", CONTENT_LENGTH="")
    with Upload(100) as upload, pytest.raises(LengthRequired):
        receive_raw(request, upload)


def test_a_raw_body_that_ends_early_is_refused():
    request = request_of(b"x" * 5, "image/jpeg", CONTENT_LENGTH="9")
    with Upload(100) as upload, pytest.raises(Exception, match=r"ended|disconnected|Bad Request"):
        receive_raw(request, upload)


def test_a_raw_body_above_the_limit_is_refused_before_it_is_read():
    request = request_of(b"x" * 101, "image/jpeg")
    with Upload(100) as upload, pytest.raises(ImageTooLarge):
        receive_raw(request, upload)
    assert upload.size == 0

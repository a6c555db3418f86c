"""Whatever bytes come in: front, form reader and header reader fail in known ways only."""

from __future__ import annotations

import contextlib

from hypothesis import given, seed, settings
from hypothesis import strategies as st
from waitress.adjustments import Adjustments
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from api.front.budget import UploadBudget
from api.front.parser import HEADER_BYTES, Parser
from api.jobs.options import options_from
from api.receiving.multipart import receive_form
from api.receiving.uploads import Upload
from contract.errors import InputError, InvalidRequest
from contract.image_header import NeedMoreBytes, check_limits, read_header
from tests.pictures import EXTRA, FORMATS, encoded, photo

SEED = 20_261_123
BODY_LIMIT = 5000
PICTURES = [encoded(photo(40, 30), name) for name in FORMATS]

# Pieces that parsers look for, so that chance finds their corners.
FORM_PIECES = [
    *(b"--x\r\n", b"--x--\r\n", b"--x", b"--", b"\r\n", b"\n", b"\r", b"\r\n\r\n", b":", b";"),
    *(b'"', b"Content-Disposition: form-data", b'; name="image"', b'; filename="a"', b"\0"),
    *(b'; name="size"', b"; name=", b"; filename*=utf-8''%ff", b"; filename*0*=x''a", b"model"),
    *(b"Content-Type: image/jpeg", b"Content-Length: -1", b"\xff\xfe", b"x" * 5000),
]
HTTP_PIECES = [
    *(b"POST /v1/jobs HTTP/1.1\r\n", b"GET / HTTP/1.1\r\n", b"GET http://[ HTTP/1.1\r\n"),
    *(b"Host: x\r\n", b"\r\n", b"\r\n\r\n", b"\n", b"\r", b" ", b"\t", b":", b",", b"\x85", b"\0"),
    *(b"Content-Length: 5\r\n", b"Content-Length: " + b"9" * 5000, b"Content-Length: "),
    *(b"Transfer-Encoding: chunked\r\n", b"Expect: 100-continue\r\n", b"Connection: close\r\n"),
    *(b"5\r\nhello\r\n", b"0\r\n\r\n", b"fffffffff\r\n", b"-1\r\n", b"HTTP/1.0", b"//%ff", b"?#"),
    *(b"Content-Length: 50\r\n\r\nhello", b"X" * 40_000),
]


def mixture(pieces: list[bytes]) -> st.SearchStrategy[bytes]:
    """Return bodies made of pieces and noise."""
    piece = st.sampled_from(pieces)
    return st.lists(st.one_of(piece, piece, st.binary(max_size=30)), max_size=25).map(b"".join)


@seed(SEED)
@settings(max_examples=400, deadline=None, database=None)
@given(body=mixture(FORM_PIECES), boundary=st.one_of(st.just("x"), st.text(max_size=80)))
def test_a_form_is_read_or_refused(body: bytes, boundary: str) -> None:
    builder = EnvironBuilder(method="POST", data=body, content_type="multipart/form-data")
    request = Request(builder.get_environ())
    request.mimetype_params["boundary"] = boundary
    with Upload(BODY_LIMIT) as upload:
        with contextlib.suppress(InvalidRequest, InputError):
            options_from(receive_form(request, upload))
        assert upload.size <= BODY_LIMIT


@seed(SEED)
@settings(max_examples=400, deadline=None, database=None)
@given(
    data=mixture(HTTP_PIECES),
    begins=st.booleans(),
    sizes=st.lists(st.integers(1, 400), min_size=1, max_size=8),
)
def test_the_front_takes_any_bytes_in_any_portions(
    data: bytes, begins: bool, sizes: list[int]
) -> None:
    # Given a front of its own
    kind = type("Narrow", (Parser,), {"max_body_bytes": BODY_LIMIT, "budget": UploadBudget(6000)})
    adjustments = Adjustments(max_request_header_size=HEADER_BYTES)
    data = (b"POST / HTTP/1.1\r\nHost: x\r\n" if begins else b"") + data
    parsers, position = [kind(adjustments)], 0
    # When the bytes come in portions, as over a socket
    while position < len(data) and parsers[-1].error is None:
        portion = data[position : position + sizes[position % len(sizes)]]
        taken = parsers[-1].received(portion)
        assert 0 <= taken <= len(portion)
        assert parsers[-1].completed or taken > 0  # else the loop would turn for ever
        position += taken
        if parsers[-1].completed and parsers[-1].error is None:
            assert not parsers[-1].chunked
            parsers.append(kind(adjustments))
    # Then nothing is held that is not given back
    for parser in parsers:
        parser.close()
        parser.close()
    assert kind.budget.taken_bytes == 0


@seed(SEED)
@settings(max_examples=500, deadline=None, database=None)
@given(
    whole=st.sampled_from(PICTURES),
    cut=st.integers(0, 4000),
    changes=st.lists(st.tuples(st.integers(0, 119), st.integers(0, 255)), max_size=8),
    more=st.binary(max_size=40),
)
def test_a_header_is_read_or_refused(
    whole: bytes, cut: int, changes: list[tuple[int, int]], more: bytes
) -> None:
    broken = bytearray(whole[:cut])
    for place, value in changes:
        if place < len(broken):
            broken[place] = value
    data = bytes(broken) + more
    try:
        header = read_header(data, EXTRA)
        check_limits(header, 1_000_000)
    except InputError as error:
        need = error.at_least if isinstance(error, NeedMoreBytes) else len(data) + 1
    else:
        assert 0 < header.width * header.height <= 1_000_000
        return
    assert need > len(data)  # else the API would read on for ever


@seed(SEED)
@settings(max_examples=400, deadline=None, database=None)
@given(st.binary(max_size=300))
def test_noise_breaks_no_header_reader(data: bytes) -> None:
    with contextlib.suppress(InputError):
        read_header(data, EXTRA)

"""Every file of the corpus ends in a picture or in its code, and the child that met it lives on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.errors import InputError
from tests.hostile.corpus import CASES, CORPUS, OK, Hostile
from tests.pictures import EXTRA, FORMATS, encoded, photo
from tests.waits import PATIENT_S
from worker.imaging.decoder import Decoder

SEEDS = [encoded(photo(40, 30), name) for name in FORMATS]
SEEDS.append((CASES / "heic-turned-6.heic").read_bytes())


def _decoder(extra_formats: tuple[str, ...]) -> Decoder:
    return Decoder(
        processes=1,
        memory_bytes=1024 * 1024 * 1024,
        timeout_s=PATIENT_S,
        max_pixels=120_000_000,
        max_side_px=4096,
        extra_formats=extra_formats,
    )


@pytest.fixture(scope="module", params=["default", "extra"])
def lane(request: pytest.FixtureRequest) -> Iterator[tuple[str, Decoder]]:
    """A decoder with the default formats, and one with all."""
    decoder = _decoder(EXTRA if request.param == "extra" else ())
    decoder.start()
    decoder.wait_until_ready()
    yield request.param, decoder
    decoder.stop()


def outcome(decoder: Decoder, data: bytes) -> str:
    """What the decoder makes of `data`: `ok` or a code; any other error fails the test."""
    try:
        prepared = decoder.decode(data)
    except InputError as error:
        return error.code
    assert np.isfinite(prepared.tensor).all()
    assert max(prepared.width, prepared.height) <= 4096
    return OK


@pytest.mark.parametrize("hostile", CORPUS, ids=lambda hostile: hostile.name)
def test_has_its_outcome_and_costs_no_child(lane: tuple[str, Decoder], hostile: Hostile) -> None:
    formats, decoder = lane
    children = decoder.pids
    wanted = hostile.outcomes
    if formats == "extra" and hostile.extra is not None:
        wanted = hostile.extra
    assert outcome(decoder, hostile.make()) in wanted
    assert decoder.pids == children


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.sampled_from(SEEDS), data=st.data())
def test_whatever_is_flipped_cut_or_added_only_coded_errors_escape(
    lane: tuple[str, Decoder], seed: bytes, data: st.DataObject
) -> None:
    broken = bytearray(seed)
    for _ in range(data.draw(st.integers(0, 6))):
        broken[data.draw(st.integers(0, len(seed) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(4, len(seed)))
    outcome(lane[1], bytes(broken[:cut]) + data.draw(st.binary(max_size=20)))

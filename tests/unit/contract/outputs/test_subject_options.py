"""Options of outputs about a subject: what makes no sense is refused, by the field's name."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from api.jobs.options import options_from
from contract.options import JobOptions
from contract.outputs.crop_options import ratios
from contract.outputs.declaration import Need
from contract.outputs.subject_options import place


@pytest.mark.parametrize("text", ["0,0", "1,1", "0.5,0.25", ".5,1.0", "0.123456,0"])
def test_places_are_fractions_of_width_and_height(text: str) -> None:
    for name in ("at", "focus"):
        said = getattr(options_from([(name, text)]), name)
        x, y = place(said) or (None, None)
        assert (x, y) == tuple(float(part) for part in text.split(","))


@pytest.mark.parametrize(
    "text", ["", "0.5", "1.1,0", "0,-0.1", "0.5, 0.5", "320,240", "nan,0", "0.5,0.5,0.5", "1e-3,0"]
)
@pytest.mark.parametrize("name", ["at", "focus"])
def test_other_places_are_refused_by_the_name_of_the_field(name: str, text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        JobOptions.model_validate({name: text})
    assert [error["loc"] for error in caught.value.errors()] == [(name,)]
    (error,) = caught.value.errors()
    assert "two fractions of width and height" in error["msg"]
    assert "^" not in error["msg"], "no pattern in a sentence for people"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("aspects", "0:1"),
        ("aspects", "1:100"),
        ("aspects", "16x9"),
        ("aspects", ""),
        ("aspects", ",".join(["1:1"] * 13)),
        ("crop_zoom", 1.5),
        ("crop_zoom", "nan"),
        ("f_number", 0.1),
        ("f_number", 64),
        ("f_number", "inf"),
    ],
)
def test_shapes_and_strengths_without_sense_are_refused(name: str, value: object) -> None:
    with pytest.raises(ValidationError) as caught:
        JobOptions.model_validate({name: value})
    assert [error["loc"] for error in caught.value.errors()] == [(name,)]


def test_aspects_come_from_a_form_as_one_value_and_a_repeated_one_counts_once() -> None:
    options = options_from([("aspects", "1:1,16:9,1:1")])
    assert ratios(options.aspects) == {"1:1": 1.0, "16:9": 16 / 9}


def test_options_left_alone_are_in_no_record() -> None:
    kept = JobOptions.model_validate({"outputs": ["cutout", "crop", "refocus"]}).model_dump()
    assert not {"at", "focus", "aspects", "crop_zoom", "f_number"} & set(kept)


@pytest.mark.parametrize(
    ("output", "pixels"),
    [("subject", True), ("cutout", True), ("crop", False), ("crops", True), ("refocus", True)],
)
def test_only_what_shows_the_photograph_needs_its_pixels(output: str, pixels: bool) -> None:
    asked = JobOptions.model_validate({"outputs": [output]})
    assert (Need.PIXELS in asked.needs()) == pixels

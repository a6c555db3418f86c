"""Options as fields or parameters."""

from __future__ import annotations

import pytest

from api.answers.errors import InvalidFields
from api.jobs.options import options_from
from contract.options import JobOptions


def test_none_given_are_the_defaults():
    assert options_from([]) == JobOptions()


@pytest.mark.parametrize(
    "fields",
    [
        [("outputs", "depth,heatmap")],
        [("outputs", "depth, heatmap")],
        [("outputs", "depth"), ("outputs", "heatmap")],
    ],
)
def test_outputs_may_repeat_or_be_a_list(fields):
    assert options_from(fields).outputs == ("depth", "heatmap")


def test_numbers_come_as_text():
    assert options_from([("deadline_s", "30")]).deadline_s == 30


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ([("colour", "red")], "colour"),
        ([("size", "huge")], "size"),
        ([("refine", "sharp")], "refine"),
        ([("refine", "")], "refine"),
        ([("refine", "cubic"), ("refine", "guided")], "refine"),
        ([("size", "model"), ("size", "original")], "size"),
        ([("outputs", ",".join(["depth"] * 100))], "outputs"),
        ([("outputs", "depth,nonsense")], "outputs.1"),
        ([("deadline_s", "0")], "deadline_s"),
        ([("webhook_url", "ftp://example.org")], "webhook_url"),
    ],
)
def test_what_does_not_fit_is_named(fields, named):
    with pytest.raises(InvalidFields) as caught:
        options_from(fields)
    assert [each.field for each in caught.value.fields] == [named]

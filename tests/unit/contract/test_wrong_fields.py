"""What is said of fields that do not validate."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from contract.options import JobOptions
from contract.runs import DatasetSpec
from contract.video_documents import VideoOptions
from contract.wrong_fields import nearest, wrong_fields


def said(model: type[BaseModel], given: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(given)
    return {".".join(map(str, w.place)): w.says for w in wrong_fields(caught.value, model)}


@pytest.mark.parametrize(
    ("model", "given", "field", "sentence"),
    [
        (JobOptions, {"colormap": "infrno"}, "colormap", "did you mean inferno? It is one of au"),
        (JobOptions, {"size": "orignal"}, "size", "did you mean original? It is one of original,"),
        (JobOptions, {"size": "qqqq"}, "size", "It is one of original, model"),
        (JobOptions, {"colourmap": "hot"}, "colourmap", "is not known here; did you mean colormap"),
        (JobOptions, {"qqqqqq": "x"}, "qqqqqq", "is not known here"),
        (JobOptions, {"deadline_s": "soon"}, "deadline_s", "must be a whole number"),
        (JobOptions, {"deadline_s": 0}, "deadline_s", "must be at least 1"),
        (VideoOptions, {"fps": 0}, "fps", "must be more than 0"),
        (VideoOptions, {"start_s": 5, "end_s": 3}, "", "end_s must be after start_s"),
        (
            DatasetSpec,
            {"prefix": "s3://photos/", "options": {"colourmap": "hot"}},
            "options.colourmap",
            "is not known here; did you mean colormap?",
        ),
    ],
)
def test_a_mistake_is_named_in_plain_words_with_the_nearest_name(
    model: type[BaseModel], given: dict[str, Any], field: str, sentence: str
) -> None:
    found = said(model, given)
    assert list(found) == [field]
    assert found[field].startswith(sentence)


def test_a_list_whose_only_item_is_wrong_is_one_mistake_and_not_also_empty() -> None:
    found = said(JobOptions, {"outputs": ["heatmpa"]})
    assert list(found) == ["outputs.0"]
    assert found["outputs.0"].startswith("did you mean heatmap? It is one of depth, heatmap, ")


def test_an_empty_list_is_said_to_be_empty() -> None:
    assert said(JobOptions, {"outputs": []}) == {"outputs": "must not be empty"}


def test_values_are_not_repeated() -> None:
    found = said(JobOptions, {"colormap": "s3cret", "deadline_s": "s3cret", "size": "s3cret"})
    assert not any("s3cret" in sentence for sentence in found.values())


def test_what_resembles_nothing_gets_no_guess() -> None:
    assert nearest("zebra", ["depth", "heatmap"]) == ""
    assert nearest(None, ["depth"]) == ""
    assert nearest("DEPTHS", ["depth", "heatmap"]) == "did you mean depth?"

"""A job's estimate grows by what its outputs cost beyond the usual ones."""

from __future__ import annotations

import pytest

from api.load.rendering import extra_rendering_s
from contract.ids import new_id
from contract.jobs import InputInfo, JobRequest
from contract.options import JobOptions
from contract.outputs.registry import OUTPUTS, own_outputs


def extra(outputs: str, width: int = 4000, height: int = 3000, **options: str) -> float:
    asked = JobOptions.model_validate({"outputs": tuple(outputs.split(",")), **options})
    image = InputInfo(media_type="image/jpeg", bytes=1, sha256="a" * 64, width=width, height=height)
    request = JobRequest(
        id=new_id(), created_at=0.0, expires_at=1.0, options=asked, input=image, owner=None
    )
    return extra_rendering_s(request, 4096)


def test_the_usual_outputs_and_cheaper_ones_add_nothing() -> None:
    assert extra("depth,heatmap") == extra("heatmap") == extra("description") == 0.0


def test_a_mesh_and_speech_cost_more_than_a_heat_map_and_more_outputs_more() -> None:
    mesh, spoken, both = extra("depth,mesh"), extra("depth,speech"), extra("depth,mesh,speech")
    assert 0 < min(mesh, spoken) <= max(mesh, spoken) < both


def test_the_cost_follows_the_size_that_is_rendered() -> None:
    assert extra("depth,refocus", 400, 300) < extra("depth,refocus") / 10
    assert extra("depth,refocus", 40_000, 30_000) == pytest.approx(
        extra("depth,refocus", 4096, 3072)
    )
    assert extra("depth,refocus", size="model") < extra("depth,refocus") / 50


def test_every_output_says_what_it_costs() -> None:
    default = type(OUTPUTS["depth"].cost)()
    assert [output.name for output in own_outputs() if output.cost == default] == []

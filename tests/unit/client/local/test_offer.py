"""The published weights are offered in one line, where they would be better than what runs."""

from __future__ import annotations

from client.local.offer import better_weights
from contract.models.midas_small import PUBLISHED
from contract.settings import Settings


def test_they_are_offered_with_their_size_and_licence(tmp_path) -> None:
    offer = better_weights(Settings(cache_dir=tmp_path))
    assert offer is not None
    assert "depthq weights fetch midas_small" in offer
    assert "86 MB, MIT" in offer
    assert "\n" not in offer


def test_nothing_is_offered_where_they_are_or_others_were_chosen(tmp_path) -> None:
    assert better_weights(Settings(cache_dir=tmp_path, weights="bundled")) is None
    assert better_weights(Settings(cache_dir=tmp_path, models=("dpt_large_384",))) is None
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / PUBLISHED.filename).touch()
    assert better_weights(Settings(cache_dir=tmp_path)) is None

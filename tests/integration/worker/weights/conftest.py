"""A checkpoint in the published form, with seeded weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden.seeded_weights import state_dict


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A `.pt` as torch saves it."""
    import torch  # here: seconds in each test process, of which one needs it

    from worker.models.midas_small.network import build_network

    path = tmp_path_factory.mktemp("checkpoint") / "seeded.pt"
    # A module's own state dict is an ordered one with attributes, as the published file's is.
    torch.save(build_network(state_dict()).state_dict(), path)
    return path

"""A checkpoint in the published form, with seeded weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.golden.seeded_weights import state_dict


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A `.pt` as torch saves it."""
    path = tmp_path_factory.mktemp("checkpoint") / "seeded.pt"
    torch.save({name: torch.from_numpy(array) for name, array in state_dict().items()}, path)
    return path

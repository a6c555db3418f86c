"""The description inside a depth file."""

from __future__ import annotations

import json
from dataclasses import dataclass

from contract.jobs import DepthInfo, ModelInfo


@dataclass(frozen=True)
class About:
    """What the numbers mean, what computed them, and from how large an image (px, upright)."""

    depth: DepthInfo
    model: ModelInfo
    source_width: int
    source_height: int

    def to_json(self) -> str:
        """Return the description as one line of ASCII, always in the same order."""
        return json.dumps(
            {
                "v": 1,
                "kind": self.depth.kind,
                "min": self.depth.min,
                "max": self.depth.max,
                "model": self.model.name,
                "weights_id": self.model.weights_id,
                "engine": self.model.engine,
                "precision": self.model.precision,
                "net_size": list(self.model.net_size),
                "source_size": [self.source_height, self.source_width],
            }
        )

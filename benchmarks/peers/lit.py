"""LitServe with batching, and the same engine as ours."""

from __future__ import annotations

import base64
import sys
from typing import Any

import litserve
import numpy as np

from benchmarks.peers.work import begin, decode, fast_engine, finish

MAX_BATCH = 8


class DepthAPI(litserve.LitAPI):  # type: ignore[misc]
    """Its six hooks."""

    def setup(self, device: str) -> None:  # noqa: ARG002 - its signature
        """Load the engine."""
        self.engine = fast_engine(MAX_BATCH)

    def decode_request(self, request):  # no annotations: LitServe reads them as the wire format
        """Base64 in JSON → tensor, size, and what is kept."""
        data = base64.b64decode(request["image"])
        kept = begin(data)
        return *decode(data), kept

    def batch(self, inputs: list[Any]) -> Any:
        """Join the tensors; the rest rides along."""
        return np.stack([tensor for tensor, *_ in inputs]), [rest for _, *rest in inputs]

    def predict(self, batch: Any) -> Any:
        """Run the engine."""
        tensors, rests = batch
        depths = self.engine.infer(tensors)
        return [(depth, *rest) for depth, rest in zip(depths, rests, strict=True)]

    def unbatch(self, output: Any) -> Any:
        """One outcome per image."""
        return output

    def encode_response(self, output):
        """Keep the files, and answer with their names, or with one of them."""
        return finish(*output)


if __name__ == "__main__":
    api = DepthAPI(max_batch_size=MAX_BATCH, batch_timeout=0.005)
    server = litserve.LitServer(api, accelerator="cpu")
    server.run(host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False)

"""One range of depth for all files of a dataset that are scaled, from a sample taken beforehand."""

from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from contract.errors import DepthqError, InvalidRequest, StorageUnavailable
from contract.items import Item
from contract.options import JobOptions
from contract.runs import RunRecord
from storage.runs.files import RunObjects
from worker.attempts.metrics import StageClock
from worker.datasets.items import Compute, Fetches, Range

SAMPLE = 64  # images
PERCENTILES = (2.0, 98.0)  # the rest is clipped: a few extreme images must not wash out the others
_VALUES = 4_096  # taken of each image
_PROBE = JobOptions.model_validate({"outputs": ["depth"], "size": "model", "depth_format": "npy"})


@dataclass(frozen=True)
class RangeFinder:
    """Computes the depth of images spread evenly over the dataset's shards."""

    files: RunObjects
    fetcher: Fetches
    compute: Compute
    executor: Executor

    def __call__(self, record: RunRecord, shards: int) -> Range:
        """Return the 2nd and 98th percentile. Raises InvalidRequest if no image can be read."""
        items = list(self._sample(record.id, shards))
        owners = [record.request.owner] * len(items)
        found = self.executor.map(self._values, items, owners)
        samples = [values for values in found if values.size]
        if not samples:
            raise InvalidRequest(
                f"normalize: dataset needs images, and none of {len(items)} sampled can be read"
            )
        low, high = np.percentile(np.concatenate(samples), PERCENTILES)
        return float(low), float(high)

    def _sample(self, dataset_id: str, shards: int) -> Iterator[Item]:
        chosen = sorted({i * shards // SAMPLE for i in range(SAMPLE)})
        each = -(-SAMPLE // len(chosen))
        for shard in chosen:
            items = self.files.shard(dataset_id, shard)
            yield from items[:: max(1, len(items) // each)][:each]

    def _values(
        self, item: Item, owner: str | None
    ) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        try:
            data = self.fetcher.fetch(item, owner)
            output = self.compute(data, _PROBE, StageClock(), None)
        except StorageUnavailable:
            raise
        except DepthqError:  # it becomes a failed item when its shard runs
            return np.empty(0, np.float32)
        if not output.files:
            return np.array([output.depth.min, output.depth.max], np.float32)
        depth = np.load(io.BytesIO(output.files[0].data)).ravel()
        return np.asarray(depth[:: max(1, depth.size // _VALUES)], np.float32)

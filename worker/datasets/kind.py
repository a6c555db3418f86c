"""Datasets as a kind of long work: an item is an image, and no image depends on another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from contract.ids import DATASET
from contract.items import Item
from contract.options import JobOptions
from contract.runs import RunPlan, RunRecord, RunRequest
from storage.objects.protocol import ObjectStore
from worker.attempts.metrics import StageClock
from worker.attempts.patient import PatientObjects
from worker.datasets.forecast import Forecaster
from worker.datasets.index import IndexSummary
from worker.datasets.items import Compute, ItemOutput, ItemRunner, ItemTask, Range
from worker.datasets.layouts import FilesLayout, Layout, TarLayout
from worker.datasets.place import Place
from worker.datasets.ranges import RangeFinder
from worker.datasets.shard import DatasetShard
from worker.datasets.sources.fetch import Fetcher
from worker.datasets.sources.left_out import LeftOut
from worker.datasets.sources.simulated import Simulated
from worker.datasets.sources.sources import Sources, resumable
from worker.runs.kind import Kind
from worker.runs.tools import Tools


def open_kind(tools: Tools) -> DatasetKind:
    """Return the kind, for one worker process."""
    return DatasetKind(tools)


@dataclass(frozen=True)
class _Listing:
    """See worker.runs.kind.Source."""

    sources: Sources
    request: RunRequest
    passed_over: LeftOut = field(default_factory=LeftOut)

    @property
    def resumable(self) -> bool:
        return resumable(self.request)

    @property
    def early(self) -> bool:
        return self.resumable and self.request.spec.normalize == "image"

    @property
    def left_out(self) -> Mapping[str, int]:
        return self.passed_over.counts

    def items(self, start_after: str = "") -> Iterator[Item]:
        return self.sources.items(self.request, start_after, self.passed_over)


class DatasetKind(Kind):
    """See Kind."""

    name = DATASET

    def __init__(self, tools: Tools) -> None:
        settings, self._tools = tools.settings, tools
        fetcher = Fetcher(tools.objects, tools.buckets, tools.patience, settings.max_upload_bytes)
        images = Simulated(fetcher, _compute(tools), settings.simulated_item_ms / 1e3)
        self._runner = ItemRunner(
            images, images.compute, tools.worker, settings.max_attempts, tools.turn
        )
        self._range = RangeFinder(tools.files, images, images.compute, tools.executor)
        self._forecaster = Forecaster(tools.files, self._sources, self._runner, tools.executor)

    def source(self, request: RunRequest) -> _Listing:
        """See Kind."""
        return _Listing(self._sources(), request)

    def open_shard(self, record: RunRecord, shard: int) -> DatasetShard:
        """See Kind."""
        layout, request = self._layout(record.request, shard), record.request
        task = ItemTask(
            request.spec.options, layout, record.round, record.depth_range, request.owner
        )
        window = 2 * self._tools.settings.concurrency
        return DatasetShard(self._runner, task, self._tools.executor, window)

    def open_summary(self, record: RunRecord, plan: RunPlan) -> IndexSummary:  # noqa: ARG002
        """See Kind."""
        return IndexSummary(self._tools.files, record.id)

    def measure(self, record: RunRecord, shards: int) -> Range | None:
        """See Kind."""
        return self._range(record, shards) if record.request.spec.normalize == "dataset" else None

    def forecast(self, run_id: str) -> None:
        """See Kind."""
        self._forecaster.run(run_id)

    def _sources(self) -> Sources:
        tools = self._tools
        return Sources(
            tools.settings, tools.objects, tools.buckets, tools.weights_of, tools.disk_shares
        )

    def _layout(self, request: RunRequest, shard: int) -> Layout:
        tools = self._tools
        beside = tools.patience.beside(tools.objects.check)

        def patient(store: ObjectStore) -> ObjectStore:
            return PatientObjects(store, beside)

        def more_patient(store: ObjectStore) -> ObjectStore:
            return PatientObjects(patient(store), tools.patience)

        if request.spec.layout == "webdataset":  # when a tar is written, all its items are computed
            return TarLayout(Place(request, tools.objects, tools.buckets, more_patient), shard)
        place = Place(request, tools.objects, tools.buckets, patient)
        return FilesLayout(place, request.spec.options)


def _compute(tools: Tools) -> Compute:
    def compute(
        data: bytes, options: JobOptions, clock: StageClock, shared_range: Range | None
    ) -> ItemOutput:
        with tools.throughput.working():
            computed = tools.computer.compute(data, options, clock, None, shared_range)
        prepared = computed.prepared
        return ItemOutput(
            prepared.width,
            prepared.height,
            computed.depth,
            computed.files,
            prepared.damage,
            computed.model.name,
            computed.model.weights_id,
        )

    return compute

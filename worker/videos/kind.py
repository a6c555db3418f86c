"""Videos as a kind of long work: frames are items, segments are shards, films are made at last."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, cast

from contract.errors import InvalidRequest, NotFound
from contract.items import Item
from contract.kinds.video import VIDEO
from contract.names.object_keys import run_object
from contract.runs import RunPlan, RunRecord, RunRequest
from contract.states import DatasetState
from contract.videos import (
    FACTS_FILE,
    FRAMES_FILE,
    VIDEO_MEDIA_TYPES,
    VideoFacts,
    VideoWishes,
    is_prefix,
)
from storage.objects.buckets import split_uri
from storage.objects.protocol import ObjectStore
from worker.runs.kind import Kind
from worker.runs.tools import Tools
from worker.videos.decode.ask import DecodeLimits
from worker.videos.decode.process import require_av
from worker.videos.originals import Originals
from worker.videos.pieces import SEGMENT_FRAMES, items
from worker.videos.prefix import numbered, zip_of
from worker.videos.shard import VideoShard
from worker.videos.summary import VideoSummary
from worker.videos.survey import survey


def open_kind(tools: Tools) -> VideoKind:
    """Return the kind, for one worker process. Raises NotInstalled without PyAV."""
    require_av()
    return VideoKind(tools)


@dataclass(frozen=True)
class _Frames:
    """See worker.runs.kind.Source. Decoding a video twice gives the same frames."""

    kind: VideoKind
    request: RunRequest

    @property
    def resumable(self) -> bool:
        return False

    @property
    def early(self) -> bool:
        return False

    @property
    def left_out(self) -> Mapping[str, int]:
        return {}

    def items(self, start_after: str = "") -> Iterator[Item]:  # noqa: ARG002 - not resumable
        return self.kind.frames(self.request)


class VideoKind(Kind):
    """See Kind."""

    name = VIDEO

    def __init__(self, tools: Tools) -> None:
        settings, self._tools = tools.settings, tools
        self._originals = Originals(settings.max_video_bytes)
        self._limits = DecodeLimits(
            settings.decode_memory_bytes, settings.decode_timeout_s, settings.max_pixels
        )

    def source(self, request: RunRequest) -> _Frames:
        """See Kind."""
        return _Frames(self, request)

    def frames(self, request: RunRequest) -> Iterator[Item]:
        """Survey the video, write what it is, and yield its frames. Raises InputError."""
        settings, spec = self._tools.settings, wishes(request).spec
        with self._original(request) as video:
            found = survey(
                video, spec, self._limits, settings.max_video_frames, settings.max_video_s
            )
        key, body = run_object(request.id, FACTS_FILE), found.facts.model_dump_json()
        self._tools.files.store.put(key, body.encode(), media_type="application/json")
        yield from items(found.names, found.seconds)

    def batches(
        self,
        items: Iterator[Item],
        request: RunRequest,  # noqa: ARG002
        number: int,  # noqa: ARG002
        rate: float,  # noqa: ARG002
    ) -> Iterator[Sequence[Item]]:
        """Cut always alike: nothing of the result may follow from who computed it."""
        while batch := list(islice(items, SEGMENT_FRAMES)):
            yield batch

    def open_shard(self, record: RunRecord, shard: int) -> VideoShard:
        """See Kind."""
        tools, key = self._tools, segment_key(record.id, shard)
        return VideoShard(
            original=self._original(record.request),
            facts=self._facts(record.id),
            limits=self._limits,
            network=tools.computer.network(record.request.spec.options.model),
            turn=tools.turn,
            keep=lambda data: tools.files.store.put(
                key, data, media_type="application/octet-stream"
            ),
            worker=tools.worker,
            round=record.round,
        )

    def open_summary(self, record: RunRecord, plan: RunPlan) -> VideoSummary:  # noqa: ARG002
        """See Kind."""
        store = self._tools.files.store

        def keep(name: str, file: BinaryIO) -> str:
            key = run_object(record.id, name)
            store.put(key, file, media_type=VIDEO_MEDIA_TYPES[name.rpartition(".")[2]])
            return key

        return VideoSummary(
            original=self._original(record.request),
            spec=wishes(record.request).spec,
            model=record.request.spec.options.model,
            facts=self._facts(record.id),
            limits=self._limits,
            canceled=record.state is DatasetState.CANCELED,
            segment=lambda shard: store.get(segment_key(record.id, shard)),
            keep=keep,
        )

    def close(self) -> None:
        """See Kind."""
        self._originals.close()

    def _facts(self, run_id: str) -> VideoFacts:
        body = self._tools.files.store.get(run_object(run_id, FACTS_FILE))
        return VideoFacts.model_validate_json(body)

    def _original(self, request: RunRequest) -> AbstractContextManager[BinaryIO]:
        return self._originals.open(request.id, lambda: self._bytes(request))

    def _bytes(self, request: RunRequest) -> BinaryIO:
        if request.archive is not None:
            return self._tools.files.store.open(request.archive)
        place = wishes(request).s3
        if place is None:
            raise InvalidRequest("the video has no source")
        bucket, key = split_uri(place)
        store = self._tools.buckets.of(request.owner).open(bucket)
        if is_prefix(key):
            return cast("BinaryIO", zip_of(store, self._listed(request.id, store, key), key))
        try:
            return store.open(key)
        except NotFound as exc:
            raise InvalidRequest(f"there is no object {place[:200]}") from exc

    def _listed(self, run_id: str, store: ObjectStore, prefix: str) -> list[str]:
        """Return the images of a prefix as they were listed first: all workers see the same."""
        own, name = self._tools.files.store, run_object(run_id, FRAMES_FILE)
        try:
            known: list[str] = json.loads(own.get(name))
        except NotFound:
            known = numbered(store, prefix, self._tools.settings.max_video_frames)
            own.put(name, json.dumps(known).encode(), media_type="application/json")
        return known


def wishes(request: RunRequest) -> VideoWishes:
    """Return what a video is asked for."""
    return VideoWishes.model_validate(request.wishes)


def segment_key(run_id: str, shard: int) -> str:
    """Return the object key of a segment's depth."""
    return run_object(run_id, f"segments/{shard:06d}.codes")

"""One segment of a video as a shard of a run: its items are frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass, field
from types import TracebackType
from typing import BinaryIO, Self

from contract.errors import DepthqError, InputError, StorageUnavailable, VideoUndecodable
from contract.items import Item, ItemResult
from contract.jobs import JobError
from contract.videos import VideoFacts
from worker.compute.computer import Network
from worker.runs.kind import Signals
from worker.videos.decode.ask import DecodeLimits
from worker.videos.pieces import pieces
from worker.videos.segment import SegmentFile, steady_frames
from worker.videos.stable.steady import Steady


@dataclass(frozen=True)
class VideoShard:
    """See worker.runs.kind.Shard."""

    original: AbstractContextManager[BinaryIO]
    facts: VideoFacts
    limits: DecodeLimits
    network: Network
    turn: Callable[[], AbstractContextManager[object]]
    keep: Callable[[bytes], None]
    worker: str
    round: int
    made: SegmentFile = field(default_factory=SegmentFile)
    opened: ExitStack = field(default_factory=ExitStack)
    video: list[BinaryIO] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.video.append(self.opened.enter_context(self.original))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.opened.close()

    def run(self, items: Sequence[Item], signals: Signals) -> Iterator[ItemResult]:
        """See Shard."""
        for piece, part in pieces(items):
            frames = steady_frames(self.video[0], piece, self.facts, self.limits, self.network)
            with closing(frames):
                refused: InputError | None = None
                for item in part:
                    if signals.stop:
                        return
                    try:
                        steady = None if refused else self._next(frames)
                    except InputError as exc:
                        steady, refused = None, exc
                    yield self._result(item, steady, refused)

    def _next(self, frames: Iterator[Steady | None]) -> Steady | None:
        with self.turn():
            return next(frames)

    def run_alone(self, item: Item) -> ItemResult:
        """See Shard."""
        ((piece, _),) = pieces([item])
        frames = steady_frames(self.video[0], piece, self.facts, self.limits, self.network)
        try:
            with closing(frames):
                return self._result(item, self._next(frames))
        except StorageUnavailable:
            raise
        except DepthqError as exc:  # alone it has had its chance: the others need not wait
            return self._failed(item, exc)

    def poisoned(self, item: Item, deaths: int) -> ItemResult:
        """See Shard."""
        message = f"The worker crashed {deaths} times at this frame."
        error = JobError(code="poisoned", message=message, retryable=False)
        return self._ended(item, error)

    def add(self, result: ItemResult) -> None:
        """Nothing: frames are kept as they are made."""

    def finish(self) -> None:
        """See Shard."""
        self.keep(self.made.finished())

    def _result(
        self, item: Item, steady: Steady | None, refused: InputError | None = None
    ) -> ItemResult:
        if steady is None:
            return self._failed(
                item, refused or VideoUndecodable("This frame of the video cannot be decoded.")
            )
        facts = self.made.add(steady, item.extra["at"])
        return ItemResult(
            id=item.id,
            uri=item.uri,
            state="succeeded",
            width=self.facts.width,
            height=self.facts.height,
            depth_min=facts.low,
            depth_max=facts.high,
            model=self.network.name,
            weights_id=self.network.weights_id,
            extra={"name": item.extra["name"], **facts.model_dump()},
            worker=self.worker,
            round=self.round,
        )

    def _failed(self, item: Item, exc: DepthqError) -> ItemResult:
        error = JobError(code=exc.code, message=exc.message, retryable=exc.retryable)
        return self._ended(item, error)

    def _ended(self, item: Item, error: JobError) -> ItemResult:
        return ItemResult(
            id=item.id,
            uri=item.uri,
            state="failed",
            error=error,
            worker=self.worker,
            round=self.round,
        )

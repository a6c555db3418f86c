"""The last step of a video: all frames' facts, then all files in one pass."""

from __future__ import annotations

import io
import tempfile
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import BinaryIO, Self, cast

import numpy as np

from contract.errors import VideoUndecodable
from contract.items import ItemResult
from contract.videos import FrameFacts, VideoFacts, VideoSpec
from worker.outputs.encoding.origin import origin_line
from worker.runs.kind import CannotFinish, Signals
from worker.videos.assemble import Film, assemble
from worker.videos.decode.ask import DecodeLimits
from worker.videos.files.codes import Codes, read_codes
from worker.videos.shots import Columns, scaled

Keep = Callable[[str, BinaryIO], str]  # name, file → object key


@dataclass
class VideoSummary:
    """See worker.runs.kind.Summary. Holds some 100 bytes per frame, and one segment."""

    original: AbstractContextManager[BinaryIO]
    spec: VideoSpec
    model: str
    facts: VideoFacts
    limits: DecodeLimits
    canceled: bool
    segment: Callable[[int], bytes]  # a shard's number → its file
    keep: Keep
    columns: Columns = field(default_factory=Columns)
    numbers: array[int] = field(default_factory=lambda: array("q"))
    names: array[int] = field(default_factory=lambda: array("q"))
    shards: array[int] = field(default_factory=lambda: array("q"))
    weights: set[str] = field(default_factory=set)
    opened: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.opened.close()

    def add(self, shard: int, results: Sequence[ItemResult]) -> None:
        """See Summary."""
        for result in results:
            if result.state == "succeeded":
                self.columns.add(FrameFacts.model_validate(result.extra))
                self.numbers.append(int(result.id))
                self.names.append(int(result.extra["name"]))
                self.shards.append(shard)
                self.weights.add(result.weights_id)

    def finish(self, signals: Signals) -> Mapping[str, str]:
        """See Summary. A canceled video leaves its segments and no files."""
        if self.canceled:
            return {}
        if not len(self.columns):
            raise CannotFinish(VideoUndecodable("No frame of the video could be computed."))
        order = np.argsort(np.array(self.numbers), kind="stable")
        film = Film(
            video=self.opened.enter_context(self.original),
            spec=self.spec,
            facts=self.facts,
            limits=self.limits,
            scaled=scaled(self.columns.ordered(order), self.spec.normalize),
            names=[self.names[i] for i in order],
            codes=lambda: self._codes([self.shards[i] for i in order]),
            origin=origin_line(self.model, self.weights),
        )
        files: dict[str, BinaryIO] = {}

        def open_file(name: str) -> BinaryIO:
            file = tempfile.NamedTemporaryFile(buffering=0)  # noqa: SIM115 - closed with the rest
            files[name] = cast("BinaryIO", self.opened.enter_context(file))
            return files[name]

        assemble(film, open_file, signals.check)
        return {name: self.keep(name, file) for name, file in files.items()}

    def _codes(self, shards: Sequence[int]) -> Iterator[Codes]:
        """Yield the depth of each frame: `shards[i]` has the i-th, and has them in order."""
        left, readers = Counter(shards), dict[int, Iterator[Codes]]()
        for shard in shards:
            if shard not in readers:
                readers[shard] = read_codes(io.BytesIO(self.segment(shard)))
            yield next(readers[shard])
            left[shard] -= 1
            if not left[shard]:
                del readers[shard]

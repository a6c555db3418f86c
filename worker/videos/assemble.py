"""All segments of a video → its files, frame by frame: nothing holds more than one segment."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from contract.errors import DecoderCrashed
from contract.videos import VideoFacts, VideoSpec
from worker.outputs.heatmap import Shades
from worker.videos.decode.ask import Ask, DecodeLimits
from worker.videos.decode.process import answers
from worker.videos.files.codes import Codes
from worker.videos.files.frame import Frame
from worker.videos.files.movie import Part
from worker.videos.files.writers import Making, writers
from worker.videos.shots import Scaled


@dataclass(frozen=True)
class Film:
    """A video whose segments are all there."""

    video: BinaryIO
    spec: VideoSpec
    facts: VideoFacts
    limits: DecodeLimits
    scaled: Scaled
    names: Sequence[int]  # by which the decoder finds each frame
    codes: Callable[[], Iterable[Codes]]  # of all frames, in order
    origin: str  # what the files say they come from


def assemble(
    film: Film,
    open_file: Callable[[str], BinaryIO],
    on_frame: Callable[[], None] = lambda: None,
) -> None:
    """Write the files that the spec asks for into what `open_file` returns, all in one pass.

    `on_frame` may raise, to stop.
    """
    with ExitStack() as stack:
        making = Making(
            width=film.facts.width,
            height=film.facts.height,
            spec=film.spec,
            shades=Shades(film.spec.colormap),
            count=len(film.scaled.at),
            origin=film.origin,
            sound=(lambda: stack.enter_context(closing(_sound(film))))
            if film.facts.sound
            else None,
        )
        made = writers(making, open_file)
        pixels = stack.enter_context(closing(_pixels(film))) if making.needs_pixels else None
        for index, codes in enumerate(film.codes()):
            frame = _frame(film.scaled, index, codes, next(pixels) if pixels else None)
            for writer in made:
                writer.add(frame)
            on_frame()
        for writer in made:
            writer.close()


def _frame(scaled: Scaled, index: int, codes: Codes, pixels: NDArray[np.uint8] | None) -> Frame:
    return Frame(
        index=index,
        at=float(scaled.at[index] - scaled.at[0]),
        codes=codes,
        low=float(scaled.low[index]),
        high=float(scaled.high[index]),
        bottom=float(scaled.bottom[index]),
        top=float(scaled.top[index]),
        shot=int(scaled.shot[index]),
        pixels=pixels,
    )


def _pixels(film: Film) -> Generator[NDArray[np.uint8], None, None]:
    """Yield the video's own frames, RGB, at the size of the movies made; a second decode."""
    most = film.limits.max_pixels * 3 + 65_536
    facts, side = film.facts, film.spec.max_side
    wanted = frozenset(film.names)
    given = iter(film.names)
    for names in _batches(film.names):
        question = Ask(
            "pixels",
            film.limits,
            want=names,
            exact=facts.exact,
            size=(facts.width, facts.height),
            max_side=side,
        )
        for meta, data in answers(film.video, question, most):
            try:
                width, height = (int(v) for v in meta["size"])
                name = int(meta["frame"])
                rgb = np.frombuffer(data, np.uint8).reshape(height, width, 3)
            except (KeyError, TypeError, ValueError) as exc:
                raise DecoderCrashed("The process that decodes the video made no sense.") from exc
            if name not in wanted or name != next(given, None):
                raise DecoderCrashed("The video decodes to other frames than before.")
            yield rgb


def _batches(names: Sequence[int], size: int = 2_000) -> Iterator[tuple[int, ...]]:
    """Yield the names in lots that fit one command line."""
    for first in range(0, len(names), size):
        yield tuple(names[first : first + size])


def _sound(film: Film) -> Generator[Part, None, None]:
    """Yield the sound from the first frame on."""
    start = float(film.scaled.at[0])
    question = Ask("sound", film.limits, start_s=start, end_s=film.spec.end_s)
    for meta, data in answers(film.video, question, 4 * 1024 * 1024):
        samples = np.frombuffer(data, np.int16)
        yield int(meta["at"]), samples[: len(samples) // 2 * 2].reshape(-1, 2)

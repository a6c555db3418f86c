"""Pictures as a silent H.264 movie in MP4, by PyAV: an optional part of a worker (`video`)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from contract.errors import NotInstalled

_WANTS = (
    "this worker writes no MP4: install depthq[video] there (PyAV, whose wheel bundles GPL code), "
    "or ask for webp"
)
_OPTIONS = {"preset": "veryfast", "crf": "20"}


def encode_movie(
    pictures: Sequence[NDArray[np.uint8]], frame_ms: int, comment: str
) -> tuple[bytes, int, int]:
    """Return an MP4 of RGB pictures (h, w, 3) of one size, shown `frame_ms` each, and its size.

    `comment` stands in the file's metadata. Sides become even, for colors have half the resolution:
    the last column or row comes twice. Raises NotInstalled.
    """
    try:
        import av
    except ImportError as exc:
        raise NotInstalled(_WANTS) from exc
    file = io.BytesIO()
    with av.open(file, "w", format="mp4", options={"fflags": "+bitexact"}) as movie:
        movie.metadata["comment"] = comment
        stream = movie.add_stream("libx264", rate=Fraction(1000, frame_ms), options=dict(_OPTIONS))
        stream.codec_context.thread_count = 1  # as many pictures at once as cores
        stream.pix_fmt = "yuv420p"
        height, width = (side + side % 2 for side in pictures[0].shape[:2])
        stream.width, stream.height = width, height
        for rgb in pictures:
            even = np.pad(rgb, ((0, rgb.shape[0] % 2), (0, rgb.shape[1] % 2), (0, 0)), "edge")
            movie.mux(stream.encode(av.VideoFrame.from_ndarray(even, format="rgb24")))
        movie.mux(stream.encode(None))
    return file.getvalue(), width, height

"""Files of numbers: zips of PNGs and EXRs, one array of all frames, a table of statistics."""

from __future__ import annotations

import json
import struct
import zipfile
from typing import BinaryIO

import cv2
import numpy as np

from worker.outputs.depth import TEXT_KEYWORD
from worker.outputs.encoding.exr import encode_exr
from worker.outputs.encoding.origin import with_origin
from worker.outputs.encoding.zips import entry
from worker.videos.files.frame import Frame

_ROWS = 2_000


class PngZip:
    """`000000.png` and on, 16 bits: the codes of `depth`; `depth.csv` says what they mean."""

    def __init__(self, file: BinaryIO, origin: str) -> None:
        self._zip, self._origin = _zip(file, origin), origin
        self._lines = ["frame,seconds,low,high"]

    def add(self, frame: Frame) -> None:
        """Append a frame."""
        _, png = cv2.imencode(".png", frame.codes, (cv2.IMWRITE_PNG_COMPRESSION, 3))
        self._zip.writestr(
            entry(f"{frame.index:06d}.png"), with_origin(png.tobytes(), "png", self._origin)
        )
        self._lines.append(f"{frame.index},{frame.at:.6f},{frame.low!r},{frame.high!r}")

    def close(self) -> None:
        """Write what the codes mean and finish."""
        self._zip.writestr(entry("depth.csv", packed=True), "\n".join(self._lines) + "\n")
        self._zip.close()


class ExrZip:
    """`000000.exr` and on: float depth in one scale per shot; each says when it is shown."""

    def __init__(self, file: BinaryIO, origin: str) -> None:
        self._zip, self._said = _zip(file, origin), {"origin": origin}

    def add(self, frame: Frame) -> None:
        """Append a frame."""
        said = {"frame": frame.index, "seconds": round(frame.at, 6), "shot": frame.shot}
        exr = encode_exr(frame.depth(), {TEXT_KEYWORD: json.dumps(said | self._said)})
        self._zip.writestr(entry(f"{frame.index:06d}.exr"), exr)

    def close(self) -> None:
        """Finish."""
        self._zip.close()


class Npz:
    """`depth` float32 (n, h, w) in one scale per shot, `seconds` float64 (n), `shot` int32 (n), and
    `origin`, a text.
    """

    def __init__(self, file: BinaryIO, count: int, origin: str) -> None:
        self._zip = _zip(file, origin)
        self._count, self._origin = count, np.array(origin)
        self._member: BinaryIO | None = None
        self._seconds: list[float] = []
        self._shots: list[int] = []

    def add(self, frame: Frame) -> None:
        """Append a frame; the array's header goes before the first."""
        depth = frame.depth()
        if self._member is None:
            member = entry("depth.npy")
            self._member = self._zip.open(member, "w", force_zip64=True)  # type: ignore[assignment]
            assert self._member is not None  # noqa: S101
            self._member.write(_header((self._count, *depth.shape), "<f4"))
        self._member.write(np.ascontiguousarray(depth, "<f4").tobytes())
        self._seconds.append(frame.at)
        self._shots.append(frame.shot)

    def close(self) -> None:
        """Write the small arrays and finish."""
        if self._member is not None:
            self._member.close()
        small = {
            "seconds": np.array(self._seconds, "<f8"),
            "shot": np.array(self._shots, "<i4"),
            "origin": self._origin.astype(self._origin.dtype.newbyteorder("<")),
        }
        for name, values in small.items():
            body = _header(values.shape, values.dtype.str) + values.tobytes()
            self._zip.writestr(entry(f"{name}.npy"), body)
        self._zip.close()


def _zip(file: BinaryIO, origin: str) -> zipfile.ZipFile:
    """Return a new archive whose comment is `origin`."""
    archive = zipfile.ZipFile(file, "w", allowZip64=True)
    archive.comment = origin.encode()
    return archive


def _header(shape: tuple[int, ...], kind: str) -> bytes:
    """Return the start of an .npy file, format 1.0."""
    text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape!r}, }}"
    padded = text + " " * (-(10 + len(text) + 1) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(padded)) + padded.encode("latin1")


class Parquet:
    """One row per frame: number, seconds, shot, and depth's least, greatest, mean, deciles."""

    def __init__(self, file: BinaryIO, origin: str) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        kinds = {"frame": pa.int32(), "seconds": pa.float64(), "shot": pa.int32()}
        names = ("depth_min", "depth_max", "depth_mean", *(f"p{10 * i}" for i in range(1, 10)))
        columns = [*kinds.items(), *((name, pa.float32()) for name in names)]
        self._schema = pa.schema(columns, metadata={"origin": origin})
        self._names = names
        self._writer = pq.ParquetWriter(file, self._schema, compression="zstd")
        self._rows: list[dict[str, float]] = []

    def add(self, frame: Frame) -> None:
        """Append a frame."""
        depth = frame.depth()
        deciles = np.percentile(depth[::2, ::2], range(10, 100, 10))
        numbers = (depth.min(), depth.max(), depth.mean(dtype=np.float64), *deciles)
        row: dict[str, float] = {"frame": frame.index, "seconds": frame.at, "shot": frame.shot}
        self._rows.append(row | {n: float(v) for n, v in zip(self._names, numbers, strict=True)})
        if len(self._rows) == _ROWS:
            self._flush()

    def close(self) -> None:
        """Write the last rows and finish."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        import pyarrow as pa

        self._writer.write_table(pa.Table.from_pylist(self._rows, schema=self._schema))
        self._rows = []

"""The request to a decoding process, and its description of the video."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Literal

from contract.models.input_rule import InputRule
from contract.models.midas_small import MODEL

Mode = Literal["scan", "tensors", "pixels", "sound"]


@dataclass(frozen=True)
class DecodeLimits:
    """Limits of decoding: bytes of address space, seconds per answer, px per frame."""

    memory_bytes: int
    timeout_s: float
    max_pixels: int


@dataclass(frozen=True)
class Ask:
    """One process, one ask.

    `scan`: times of all frames. `tensors`: the wanted frames as the network reads them, by its
    `rule`, and at its size. `pixels`: the wanted frames at `max_side`. `sound`: 16-bit stereo at
    48 kHz.
    """

    mode: Mode
    limits: DecodeLimits
    max_frames: int = 0  # of a scan
    want: tuple[int, ...] = ()  # frames by time, or by number where times are not `exact`
    exact: bool = True
    rule: InputRule = MODEL.input
    size: tuple[int, int] | None = None  # px, upright, of all frames; None: each as it is
    max_side: int = 0  # px of `pixels`; 0: as they are
    start_s: float = 0.0  # of `sound`
    end_s: float | None = None

    def to_json(self) -> str:
        """Return the ask as one argument of a command line."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Ask:
        """Return what `to_json` wrote."""
        fields = json.loads(text)
        limits = DecodeLimits(**fields["limits"])
        rule, size = InputRule(**fields["rule"]), fields["size"]
        read = {"limits": limits, "rule": rule, "size": tuple(size) if size else None}
        return cls(**{**fields, **read, "want": tuple(fields["want"])})


@dataclass(frozen=True)
class VideoInfo:
    """A video as its decoder found it; sizes in px, upright and with square pixels."""

    width: int
    height: int
    time_base: tuple[int, int]  # seconds per unit of time, as a fraction
    codec: str
    sound: bool

    @classmethod
    def from_meta(cls, meta: dict[str, object]) -> VideoInfo:
        """Return the description in a child's first frame. Raises KeyError, TypeError, ValueError.

        Nothing a child says is trusted: numbers are bounded.
        """
        width, height = (_bounded(meta[name], 1, 65_536) for name in ("width", "height"))
        over, under = list(meta["time_base"])  # type: ignore[call-overload]
        base = (_bounded(over, 1, 2**31), _bounded(under, 1, 2**31))
        codec = "".join(sign for sign in str(meta["codec"])[:20] if sign.isalnum())
        return cls(width, height, base, codec, bool(meta["sound"]))


def _bounded(value: object, low: int, high: int) -> int:
    if not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{value!r} is not between {low} and {high}")
    return value

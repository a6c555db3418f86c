"""The call for depth at once, and what its answer says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2

from client.errors import UnexpectedAnswer
from client.wire.call import Call
from client.wire.downloads import extension_of
from client.wire.uploads import ImageSource, Upload, form_fields

HELD_S = 60  # the longest deadline that a service can have
_STAGE = re.compile(r"([a-z]+);dur=([0-9.]+)")


@dataclass(frozen=True)
class DepthNow:
    """One output, and what the service says of it."""

    data: bytes
    media_type: str
    extension: str  # without its dot
    model: str
    weights_id: str
    depth_min: float  # relative inverse depth, larger is nearer
    depth_max: float
    timings_ms: Mapping[str, float]  # stage → ms in the service
    warnings: tuple[str, ...] = ()
    downsampled_to: tuple[int, int] | None = None  # width, height: the picture was too large


def depth_call(image: ImageSource, output: str, options: Mapping[str, Any]) -> Call[DepthNow]:
    """Ask for one output of `image`, whose bytes are read here, once."""
    with Upload(image).open() as file:
        data = file.read()
    params = {"output": output, **form_fields(options)}
    return Call("POST", "/v1/depth", _read, params, HELD_S, content=data)


def _read(response: httpx2.Response) -> DepthNow:
    headers = response.headers
    try:
        least, most = (float(each) for each in headers["Depthq-Depth-Range"].split())
        size = headers.get("Depthq-Downsampled-To")
        width, height = map(int, size.split("x")) if size else (0, 0)
    except (KeyError, ValueError) as exc:
        raise UnexpectedAnswer(f"{response.url} answers, but not with depth") from exc
    media_type = headers.get("Content-Type", "")
    return DepthNow(
        data=response.content,
        media_type=media_type,
        extension=extension_of({"media_type": media_type}).removeprefix("."),
        model=headers.get("Depthq-Model", ""),
        weights_id=headers.get("Depthq-Weights", ""),
        depth_min=least,
        depth_max=most,
        timings_ms={
            name: float(ms) for name, ms in _STAGE.findall(headers.get("Server-Timing", ""))
        },
        warnings=tuple(filter(None, headers.get("Depthq-Warnings", "").split(", "))),
        downsampled_to=(width, height) if size else None,
    )

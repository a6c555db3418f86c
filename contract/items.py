"""One image of a dataset and its result, as processes exchange them. Frozen, JSON."""

from __future__ import annotations

import hashlib
from typing import Any, Literal

from pydantic import Field

from contract.jobs import JobError, Timings, Warnings
from contract.options import JobOptions
from contract.values import Value


class Item(Value):
    """One image of a dataset: a line of `shards/NNNNNN.jsonl`."""

    id: str
    uri: str
    etag: str = ""
    custom_id: str | None = None
    key: str = Field(
        "", description="where its bytes are in our own bucket, if `uri` is only a label"
    )
    size: int = Field(0, description="bytes, 0: not known before it is read")
    extra: dict[str, Any] = Field({}, description="the manifest's other fields, carried through")
    broken: str = Field("", description="why it stands in for an item that cannot be read; ours")


class ItemFile(Value):
    """One file made for an item."""

    key: str
    bytes: int
    sha256: str
    member: str = Field("", description="its name in the tar at `key` (layout: webdataset)")


class ItemResult(Value):
    """How an item ended: a line of `results/NNNNNN.jsonl`."""

    id: str
    uri: str
    custom_id: str | None = None
    state: Literal["succeeded", "failed", "skipped"]
    error: JobError | None = None
    input_bytes: int = 0
    width: int | None = None
    height: int | None = None
    depth_min: float | None = None
    depth_max: float | None = None
    warnings: Warnings = ()
    model: str = Field("", description="what computed it; empty unless it was computed now")
    weights_id: str = ""
    outputs: dict[str, ItemFile] = Field({})
    timings: Timings | None = None
    extra: dict[str, Any] = Field({})
    worker: str = ""
    round: int = Field(0, description="0: the first run; n: the n-th retry")


def item_id(
    uri: str, etag: str, options: JobOptions, weights_id: str, normalize: str = "image"
) -> str:
    """Return the item's id, 32 hex digits: equal options, image and weights give an equal id."""
    words = [uri, etag, options.model_dump_json(), weights_id]
    if normalize != "image":  # files on another scale are other files
        words.append(normalize)
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:32]

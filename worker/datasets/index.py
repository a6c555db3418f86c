"""`index.parquet`: one row per item, written in pieces so that memory does not grow with them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any, BinaryIO, Protocol, cast

from contract.items import ItemResult
from contract.names.object_keys import RUN_INDEX, run_object
from contract.outputs.registry import OUTPUTS
from storage.runs.files import RunObjects
from worker.runs.kind import Signals
from worker.runs.scratch import scratch_file

log = logging.getLogger(__name__)

_ROWS_AT_ONCE = 20_000
_BYTES_AT_ONCE = 16 * 1024 * 1024  # of the manifest's own fields, which may be a megabyte each


class IndexWriter(Protocol):
    """Takes results shard by shard."""

    def write(self, shard: int, results: Sequence[ItemResult]) -> None:
        """Add the results of a shard."""

    def finish(self) -> BinaryIO | None:
        """Return the file, complete; None: none is made."""


class IndexSummary(AbstractContextManager["IndexSummary"]):
    """The last step of a dataset: its index. See worker.runs.kind.Summary."""

    def __init__(self, files: RunObjects, dataset_id: str) -> None:
        self._files = files
        self._key = run_object(dataset_id, RUN_INDEX)
        self._stack = ExitStack()
        self._index = self._stack.enter_context(open_index())

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def add(self, shard: int, results: Sequence[ItemResult]) -> None:
        """See Summary."""
        self._index.write(shard, results)

    def finish(self, signals: Signals) -> Mapping[str, str]:  # noqa: ARG002
        """See Summary."""
        made = self._index.finish()
        if made is None:
            return {}
        self._files.store.put(self._key, made, media_type="application/vnd.apache.parquet")
        return {"index": self._key}


@contextmanager
def open_index() -> Iterator[IndexWriter]:
    """Yield a writer; one that writes nothing where pyarrow is not installed."""
    try:
        import pyarrow  # imported when needed: it takes 60 MB of memory
        import pyarrow.parquet
    except ImportError:
        log.warning("no index.parquet: pyarrow is not installed", extra={"action": "finalize"})
        yield _NoIndex()
        return
    with scratch_file() as file:
        yield _Parquet(pyarrow, file)


class _NoIndex:
    def write(self, shard: int, results: Sequence[ItemResult]) -> None:
        """Nothing."""

    def finish(self) -> BinaryIO | None:
        """Nothing was made."""
        return None


class _Parquet:
    def __init__(self, arrow: Any, file: BinaryIO) -> None:
        self._arrow = arrow
        self._file = file
        self._schema = _schema(arrow)
        self._writer = arrow.parquet.ParquetWriter(file, self._schema, compression="zstd")
        self._rows: list[dict[str, Any]] = []
        self._extra_bytes = 0

    def write(self, shard: int, results: Sequence[ItemResult]) -> None:
        for row in (_row(shard, result) for result in results):
            self._rows.append(row)
            self._extra_bytes += len(row["extra"] or "")
        if len(self._rows) >= _ROWS_AT_ONCE or self._extra_bytes >= _BYTES_AT_ONCE:
            self._flush()

    def finish(self) -> BinaryIO | None:
        self._flush()
        self._writer.close()
        return self._file

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(self._arrow.Table.from_pylist(self._rows, schema=self._schema))
            self._rows, self._extra_bytes = [], 0


def _schema(arrow: Any) -> Any:
    text, whole, real = arrow.string(), arrow.int32(), arrow.float32()
    columns = {
        "id": text,
        "custom_id": text,
        "uri": text,
        "state": text,
        "error_code": text,
        "error_message": text,
        "width": whole,
        "height": whole,
        "depth_min": real,
        "depth_max": real,
        "model": text,
        "weights_id": text,
        **{
            f"{output}_{column}": kind
            for output in OUTPUTS
            for column, kind in (
                ("key", text),
                ("member", text),
                ("sha256", text),
                ("bytes", whole),
            )
        },
        "shard": whole,
        "round": whole,
        "infer_ms": real,
        "worker": text,
        "extra": text,
    }
    return arrow.schema(list(columns.items()))


def _row(shard: int, result: ItemResult) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": result.id,
        "custom_id": result.custom_id,
        "uri": result.uri,
        "state": result.state,
        "error_code": result.error.code if result.error else None,
        "error_message": result.error.message if result.error else None,
        "width": result.width,
        "height": result.height,
        "depth_min": result.depth_min,
        "depth_max": result.depth_max,
        "model": result.model or None,
        "weights_id": result.weights_id or None,
        "shard": shard,
        "round": result.round,
        "infer_ms": result.timings.infer_ms if result.timings else None,
        "worker": result.worker,
        "extra": json.dumps(result.extra) if result.extra else None,
    }
    for output, file in result.outputs.items():
        row |= {f"{output}_{name}": value for name, value in cast("Any", file)}
    return row

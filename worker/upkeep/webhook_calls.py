"""Webhook calls: the content for the end of a job or dataset, and its receiver."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from contract.jobs import JobRecord
from contract.names.object_keys import WEBHOOK_MARK, run_object, webhook_mark
from contract.runs import RunRecord
from worker.upkeep.webhook_lines import Line


@dataclass(frozen=True)
class Call:
    """One call to make."""

    item_id: str  # of a job or a dataset
    url: str
    terminal: bool
    body: bytes
    message_id: str
    mark: str  # exists in storage until the call succeeds or is given up
    line: Line  # the line (queue) in which it waits


def job_call(record: JobRecord | None) -> Call | None:
    """Return the call that a job asks for; None: none."""
    if record is None or record.request.options.webhook_url is None:
        return None
    url, mark = record.request.options.webhook_url, webhook_mark(record.id)
    line = _line(record.request.owner, url)
    body = payload(record)
    return Call(record.id, url, record.state.terminal, body, f"msg_{record.id}", mark, line)


def run_call(record: RunRecord | None) -> Call | None:
    """Return the call that a dataset asks for; each round has one."""
    if record is None or record.request.spec.webhook_url is None:
        return None
    message_id = f"msg_{record.id}_{record.round}"
    url, mark = record.request.spec.webhook_url, run_object(record.id, WEBHOOK_MARK)
    line = _line(record.request.owner, url)
    body = run_payload(record)
    return Call(record.id, url, record.state.terminal, body, message_id, mark, line)


def _line(owner: str | None, url: str) -> Line:
    return Line(owner, (urlsplit(url).hostname or "").rstrip("."))


def run_payload(record: RunRecord) -> bytes:
    """Return the payload for a dataset: type, time, counts."""
    data = {
        "id": record.id,
        "state": record.state.value,
        "terminal": record.state.terminal,
        "round": record.round,
        "counts": record.counts.model_dump(),
    }
    moment = datetime.fromtimestamp(record.finished_at or time.time(), UTC)
    return json.dumps(
        {
            "type": f"{record.kind}.{record.state.value}",
            "timestamp": moment.isoformat(),
            "data": data,
        }
    ).encode()


def payload(record: JobRecord) -> bytes:
    """Return the payload for a job: type, time, and its end, without storage keys."""
    result = record.result
    data: dict[str, object] = {"id": record.id, "state": record.state.value, "terminal": True}
    if result is not None:
        data |= json.loads(result.model_dump_json(exclude={"v", "outputs"}, exclude_none=True))
        data["outputs"] = sorted(result.outputs)
    moment = datetime.fromtimestamp(result.finished_at if result else time.time(), UTC)
    return json.dumps(
        {"type": f"job.{record.state.value}", "timestamp": moment.isoformat(), "data": data}
    ).encode()

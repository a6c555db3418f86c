"""Tells clients that their job has ended: signed, retried, never to private addresses.

Standard Webhooks 1.0.0 (standardwebhooks.com): headers `webhook-id`, `webhook-timestamp`,
`webhook-signature`; signed is `{id}.{timestamp}.{body}` with HMAC-SHA256. Any answer but 2xx is a
failure, also a redirect. The id stays the same over all tries, so that a receiver can drop repeats.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from contract.datasets import DatasetRecord
from contract.errors import DepthqError, InvalidRequest, StorageUnavailable
from contract.jobs import JobRecord
from contract.names.object_keys import WEBHOOK_MARK, dataset_object, webhook_mark
from outbound.http import Door
from storage.datasets.store import DatasetStore
from storage.jobs.store import JobStore
from storage.ledger.webhooks import WebhookQueue
from storage.objects.marks import clear_mark
from storage.objects.protocol import ObjectStore

log = logging.getLogger(__name__)

PAUSES_S = (5, 30, 120, 600, 1_800, 7_200, 18_000, 36_000, 50_400)  # then it is given up: 32 h
GONE = 410  # the receiver wants no more


def secret_key(secret: str) -> bytes:
    """Return the signing key of `whsec_…`, 24 to 64 bytes. Raises InvalidRequest."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error as exc:
        raise InvalidRequest("DEPTHQ_WEBHOOK_SECRET is not whsec_ and base64") from exc
    if not 24 <= len(key) <= 64:
        raise InvalidRequest("DEPTHQ_WEBHOOK_SECRET must hold 24 to 64 bytes")
    return key


def signature(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of the `webhook-signature` header."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


@dataclass(frozen=True)
class Call:
    """What is to be told, to whom."""

    item_id: str  # of a job or a dataset
    url: str
    terminal: bool
    body: bytes
    message_id: str
    mark: str  # in storage, until the call is taken or given up


def job_call(record: JobRecord | None) -> Call | None:
    """Return the call that a job asks for; None: none."""
    if record is None or record.request.options.webhook_url is None:
        return None
    url, mark = record.request.options.webhook_url, webhook_mark(record.id)
    return Call(record.id, url, record.state.terminal, payload(record), f"msg_{record.id}", mark)


def dataset_call(record: DatasetRecord | None) -> Call | None:
    """Return the call that a dataset asks for; each round that ends is told once."""
    if record is None or record.request.spec.webhook_url is None:
        return None
    message_id = f"msg_{record.id}_{record.round}"
    url, mark = record.request.spec.webhook_url, dataset_object(record.id, WEBHOOK_MARK)
    return Call(record.id, url, record.state.terminal, dataset_payload(record), message_id, mark)


def dataset_payload(record: DatasetRecord) -> bytes:
    """Return what is told of a dataset: type, time, counts."""
    data = {
        "id": record.id,
        "state": record.state.value,
        "terminal": record.state.terminal,
        "round": record.round,
        "counts": record.counts.model_dump(),
    }
    moment = datetime.fromtimestamp(record.finished_at or time.time(), UTC)
    return json.dumps(
        {"type": f"dataset.{record.state.value}", "timestamp": moment.isoformat(), "data": data}
    ).encode()


def payload(record: JobRecord) -> bytes:
    """Return what is told: type, time, and how the job ended, without storage keys."""
    result = record.result
    data: dict[str, object] = {"id": record.id, "state": record.state.value, "terminal": True}
    if result is not None:
        data |= json.loads(result.model_dump_json(exclude={"v", "outputs"}, exclude_none=True))
        data["outputs"] = sorted(result.outputs)
    moment = datetime.fromtimestamp(result.finished_at if result else time.time(), UTC)
    return json.dumps(
        {"type": f"job.{record.state.value}", "timestamp": moment.isoformat(), "data": data}
    ).encode()


class Webhooks:
    """Makes the calls that are due; `leads()` says whether it is this process's turn."""

    def __init__(
        self,
        jobs: JobStore,
        queue: WebhookQueue,
        door: Door,
        key: bytes | None,
        leads: Callable[[], bool],
        objects: ObjectStore,
        datasets: DatasetStore | None = None,
    ) -> None:
        self._jobs = jobs
        self._objects = objects
        self._datasets = datasets
        self._queue = queue
        self._door = door
        self._key = key
        self._leads = leads

    def tick(self) -> int:
        """Make the calls that are due; returns how many were taken."""
        if self._key is None:
            return 0
        try:
            if not self._leads():
                return 0
            return sum(self._tell(job_id, self._key) for job_id in self._queue.due(time.time()))
        except StorageUnavailable as exc:
            log.warning("webhooks wait: %s", exc, extra={"action": "webhook"})
            return 0

    def _call(self, item_id: str) -> Call | None:
        job = self._jobs.get(item_id)
        if job is not None or self._datasets is None:
            return job_call(job)
        return dataset_call(self._datasets.get(item_id))

    def _tell(self, item_id: str, key: bytes) -> bool:
        due_at = self._queue.due_at(item_id)  # before the record: what ends later is told later
        call = self._call(item_id)
        if call is None:
            self._queue.done(item_id, due_at)
            return False
        if not call.terminal:  # scheduled just before the end
            self._queue.schedule(item_id, time.time() + 1)
            return False
        status = self._post(call, key)
        if 200 <= status < 300 or status == GONE:
            self._done(call, due_at)
            return status != GONE
        jitter = random.uniform(1.0, 1.2)  # noqa: S311
        pauses = [pause * jitter for pause in PAUSES_S]
        if self._queue.failed(item_id, due_at, time.time(), pauses) is None:
            log.error("webhook given up", extra={"action": "webhook", "job_id": item_id})
            clear_mark(self._objects, call.mark)
        return False

    def _done(self, call: Call, due_at: float) -> None:
        # In this order: while storage is away, a mark that stays costs a repeat after the next wipe
        # of Redis; the other way round it would cost one every second.
        if self._queue.done(call.item_id, due_at):
            clear_mark(self._objects, call.mark)

    def _post(self, call: Call, key: bytes) -> int:
        """Return the answer's status, 0 when there was none."""
        timestamp = int(time.time())
        about = {"action": "webhook", "job_id": call.item_id}
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "depthq",
            "webhook-id": call.message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(key, call.message_id, timestamp, call.body),
        }
        try:
            status = self._door.post(call.url, call.body, headers).status
        except DepthqError as exc:
            log.warning("webhook failed: %s", exc, extra=about)
            return 0
        log.info("webhook: %s", status, extra=about)
        return status

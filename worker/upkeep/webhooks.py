"""Notifies clients that their job has ended: signed, retried, never to private addresses.

Standard Webhooks 1.0.0 (standardwebhooks.com): headers `webhook-id`, `webhook-timestamp`,
`webhook-signature`; signed is `{id}.{timestamp}.{body}` with HMAC-SHA256. Any answer but 2xx is a
failure, also a redirect. The id stays the same over all tries, so that a receiver can drop repeats.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import logging
import random
import time
from collections import defaultdict
from threading import Thread

from contract.errors import DepthqError, InvalidRequest
from outbound.http import GuardedClient
from storage.jobs.store import JobStore
from storage.ledger.webhooks import WebhookQueue
from storage.objects.marks import clear_mark
from storage.objects.protocol import ObjectStore
from storage.runs.store import RunStore
from worker.upkeep.webhook_calls import Call, job_call, run_call
from worker.upkeep.webhook_lines import Line, Lines

log = logging.getLogger(__name__)

# Then the call is given up, after 32 h in all.
PAUSES_S = (5, 30, 120, 600, 1_800, 7_200, 18_000, 36_000, 50_400)
GONE = 410  # 410: the receiver wants no more calls
LINE_LENGTH = 64  # calls that a line takes at once
WINDOW = 2_000  # due calls looked at in one tick; those that must wait leave it for a while


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


class Webhooks:
    """Makes due calls, signed with `key`."""

    def __init__(
        self,
        jobs: JobStore,
        queue: WebhookQueue,
        client: GuardedClient,
        key: bytes,
        objects: ObjectStore,
        datasets: RunStore | None = None,
    ) -> None:
        self._jobs = jobs
        self._objects = objects
        self._datasets = datasets
        self._queue = queue
        self._client = client
        self._key = key
        self._lines = Lines(self._tell)
        self._ends: dict[Line, float] = {}  # when the last call of a line that waits is due

    def run(self) -> list[Thread]:
        """Begin the calls that are due; return the threads that make them.

        Raises StorageUnavailable.
        """
        begun, now = [], time.time()
        for line, item_ids in self._due(now).items():
            thread = self._lines.begin(line, item_ids[:LINE_LENGTH])
            if thread is not None:
                begun.append(thread)
                item_ids = item_ids[LINE_LENGTH:]
            self._postpone(line, item_ids, now)
        return begun

    def _due(self, now: float) -> dict[Line, list[str]]:
        """Return the due items by line, longest due first."""
        due, under_way = defaultdict[Line, list[str]](list), self._lines.under_way()
        for item_id in self._queue.due(now, WINDOW):
            if item_id not in under_way and (found := self._next(item_id)):
                due[found[0].line].append(item_id)
        return due

    def _postpone(self, line: Line, item_ids: list[str], now: float) -> None:
        """Postpone calls that must wait to when their line could make them.

        So they leave the window of due calls to others, however many they are.
        """
        self._ends = {line: end for line, end in self._ends.items() if end > now}
        begins = max(now + 1, self._ends.get(line, 0.0))
        times = {each: begins + i / LINE_LENGTH for i, each in enumerate(item_ids)}
        if times:
            self._queue.postpone(times)
            self._ends[line] = max(times.values())

    def _call(self, item_id: str) -> Call | None:
        job = self._jobs.get(item_id)
        if job is not None or self._datasets is None:
            return job_call(job)
        return run_call(self._datasets.get(item_id))

    def _next(self, item_id: str) -> tuple[Call, float] | None:
        """Return the call to be made now, and when it was due; None: none is, or not yet."""
        due_at = self._queue.due_at(item_id)  # before the record: a later end has a later call
        call = self._call(item_id)
        if call is None:
            self._queue.done(item_id, due_at)
            return None
        if not call.terminal:  # scheduled just before the end
            self._queue.schedule(item_id, time.time() + 1)
            return None
        return call, due_at

    def _tell(self, item_id: str) -> None:
        found = self._next(item_id)
        if found is None:
            return
        call, due_at = found
        status = self._post(call)
        if 200 <= status < 300 or status == GONE:
            self._done(call, due_at)
            return
        jitter = random.uniform(1.0, 1.2)  # noqa: S311
        pauses = [pause * jitter for pause in PAUSES_S]
        if self._queue.failed(item_id, due_at, time.time(), pauses) is None:
            log.error("webhook given up", extra={"action": "webhook", "job_id": item_id})
            clear_mark(self._objects, call.mark)

    def _done(self, call: Call, due_at: float) -> None:
        # In this order: while storage is unavailable, a mark that stays costs one repetition after
        # the next loss of Redis; the other order would cost one every second.
        if self._queue.done(call.item_id, due_at):
            clear_mark(self._objects, call.mark)

    def _post(self, call: Call) -> int:
        """Return the answer's status, 0 when there was none."""
        timestamp = int(time.time())
        about = {"action": "webhook", "job_id": call.item_id}
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "depthq",
            "webhook-id": call.message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(self._key, call.message_id, timestamp, call.body),
        }
        try:
            status = self._client.post(call.url, call.body, headers).status
        except DepthqError as exc:
            log.warning("webhook failed: %s", exc, extra=about)
            return 0
        log.info("webhook: %s", status, extra=about)
        return status

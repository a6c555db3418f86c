"""Names of Redis keys and channels. {id} is a job id, {lane} a lane, {worker} a worker's name."""

from __future__ import annotations

from contract.ids import DATASET, kind_of
from contract.models.declaration import DEFAULT_MODEL
from contract.names.queues import Lane, of_model

KEY_PREFIX = "depthq:"


# Redis keys. {id} is a job id, {lane} a lane, {worker} a worker's name.
def job_key(job_id: str) -> str:
    """Hash: the job's record."""
    return f"{KEY_PREFIX}job:{job_id}"


def queued_key(lane: Lane, model: str = DEFAULT_MODEL) -> str:
    """Sorted set: ids of accepted jobs that are not claimed, by time of acceptance (s)."""
    return of_model(f"{KEY_PREFIX}queued:{lane.value}", model)


def running_key(lane: Lane, model: str = DEFAULT_MODEL) -> str:
    """Sorted set: ids of claimed jobs, by the end of their lease (s)."""
    return of_model(f"{KEY_PREFIX}running:{lane.value}", model)


# Set: models other than the default one of which there were jobs.
MODELS_KEY = f"{KEY_PREFIX}models"


def input_key(place: int) -> str:
    """String with a short expiry: a job's id and its input's bytes, on their way to a worker."""
    return f"{KEY_PREFIX}input:{place}"


def worker_key(worker: str) -> str:
    """String with a short expiry: a live worker's description (JSON)."""
    return f"{KEY_PREFIX}worker:{worker}"


def idempotency_key(digest: str) -> str:
    """String: which job a client's Idempotency-Key stands for (JSON)."""
    return f"{KEY_PREFIX}idempotency:{digest}"


def allowance_key(caller: str) -> str:
    """Hash that expires after two days: recent submissions of a key or an address."""
    return f"{KEY_PREFIX}allowance:{caller}"


def result_of_key(digest: str) -> str:
    """String: the finished job that has the result of the same computation (its id)."""
    return f"{KEY_PREFIX}result-of:{digest}"


def run_key(dataset_id: str) -> str:
    """Hash: the record of a run of any kind.

    Related keys, with these endings: `:leases` (sorted set: steps dispatched or running, by the end
    of their lease), `:steps` (hash: their holders, crashes), `:done` (bitmap of finished shards),
    `:rate` (hash: items ended per five seconds of the last minute).
    """
    return f"{KEY_PREFIX}dataset:{dataset_id}"


def active_key(kind: str) -> str:
    """Sorted set: ids of the kind's runs with work left, by time of creation.

    One for each kind: a worker that does not know a kind does not see its runs.
    """
    return f"{KEY_PREFIX}datasets" if kind == DATASET else f"{KEY_PREFIX}runs:{kind}"


WORKERS_KEY = f"{KEY_PREFIX}workers"  # set of names that may have a worker_key


LEADER_KEY = f"{KEY_PREFIX}leader"  # string with a short expiry: the leader


SETTLED_KEY = f"{KEY_PREFIX}settled"  # string: the Redis run id that was compared with storage


QUARANTINE_KEY = f"{KEY_PREFIX}quarantine"  # sorted set: poisoned job ids, by time


CHANGES_CHANNEL = f"{KEY_PREFIX}changes"  # publish: "<job id>" whenever its record changed


ENDINGS_CHANNEL = f"{KEY_PREFIX}endings"  # the same, of jobs only, when they end or are deleted


# Publish: the same endings, each with the record that it left (storage/jobs/endings.py). On the
# channel above only while a process listens that does not know this one.
RECORDS_CHANNEL = f"{KEY_PREFIX}endings:records"


def presence_channel(machine: str) -> str:
    """Publish: "here" when a worker of this machine takes a job of the interactive lane."""
    return f"{KEY_PREFIX}presence:{machine}"


def line_channel(name: str) -> str:
    """Publish: what is meant for one waiting request, or for one task thread; never stored."""
    return f"{KEY_PREFIX}line:{name}"


WEBHOOKS_KEY = f"{KEY_PREFIX}webhooks"  # sorted set: ids with a webhook call due, by time
RUN_WEBHOOKS_KEY = f"{WEBHOOKS_KEY}:runs"  # the same of runs that are no datasets


def webhooks_key(item_id: str) -> str:
    """Return which of both has `item_id`."""
    return WEBHOOKS_KEY if kind_of(item_id) == DATASET else RUN_WEBHOOKS_KEY


WEBHOOK_TRIES_KEY = f"{KEY_PREFIX}webhook-tries"  # hash: id → calls that failed

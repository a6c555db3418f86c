"""Keys of objects in the store."""

from __future__ import annotations

from contract.ids import DATASET, kind_of

# One bucket; the filesystem store uses the same keys. Every key begins with one of these prefixes,
# and a test compares the store's policies (deploy/minio/policy.json) with them.
OWN_PREFIXES = ("jobs/", "datasets/", "dataset-list/")  # the service's own; datasets have no access
FILES_PREFIX = "files/"  # all that datasets see of the bucket, each key a folder of its own


def dataset_files_prefix(owner: str | None) -> str:
    """Return the folder of our bucket in which datasets of `owner` may read and write."""
    return f"{FILES_PREFIX}{owner or 'all'}/"


def job_prefix(job_id: str) -> str:
    """Return the folder of a job's objects: `jobs/YYYY/MM/DD/<id>/`."""
    return f"jobs/{job_id[:4]}/{job_id[4:6]}/{job_id[6:8]}/{job_id}/"


# For test objects: below `jobs/`, so that every policy that allows jobs allows them, and the
# bucket's lifecycle rule removes what a crash leaves.
CHECK_PREFIX = "jobs/check/"


def input_object(job_id: str) -> str:
    """Return the key of the original bytes; the object's metadata holds the job's request."""
    return job_prefix(job_id) + "input"


def output_object(job_id: str, output: str, extension: str) -> str:
    """Return the key of one output, e.g. `…/depth.png`."""
    return f"{job_prefix(job_id)}{output}.{extension}"


def result_object(job_id: str) -> str:
    """Return the key of `result.json`, written last."""
    return job_prefix(job_id) + "result.json"


# Marks: empty objects in the folder of a job or dataset, for state that is otherwise in Redis only.
# Their names hold all information, so a listing is enough to read them.
WEBHOOK_MARK = "webhook-owed"  # exists while a webhook call is due
POISONED_MARK = "poisoned"  # exists while the job is in quarantine
_IDEMPOTENCY_MARK = "idempotency-"


def webhook_mark(job_id: str) -> str:
    """Return the key of the mark that a job's webhook call is due."""
    return job_prefix(job_id) + WEBHOOK_MARK


def poisoned_mark(job_id: str) -> str:
    """Return the key of the mark that a job is in quarantine."""
    return job_prefix(job_id) + POISONED_MARK


def idempotency_mark(folder: str, digest: str, fingerprint: str) -> str:
    """Return the key of the mark of an Idempotency-Key: two SHA-256 digests, no client text."""
    return f"{folder}{_IDEMPOTENCY_MARK}{digest}-{fingerprint}"


def read_idempotency_mark(name: str) -> tuple[str, str] | None:
    """Return digest and fingerprint of a mark's name (without its folder); None: it is another."""
    if not name.startswith(_IDEMPOTENCY_MARK):
        return None
    digest, _, fingerprint = name.removeprefix(_IDEMPOTENCY_MARK).partition("-")
    return (digest, fingerprint) if digest and fingerprint else None


def idempotency_marks(folder: str) -> str:
    """Return the prefix of such marks in `folder`."""
    return folder + _IDEMPOTENCY_MARK


def run_prefix(dataset_id: str) -> str:
    """Return the folder of a run's own objects."""
    return f"datasets/{dataset_id}/"


REQUEST_METADATA = "depthq-request"  # the input object's metadata entry with the job's request


def shard_object(dataset_id: str, shard: int) -> str:
    """Return the key of a shard's items."""
    return f"{run_prefix(dataset_id)}shards/{shard:06d}.jsonl"


def shard_result_object(dataset_id: str, shard: int) -> str:
    """Return the key of a shard's results, written when all its items have ended."""
    return f"{run_prefix(dataset_id)}results/{shard:06d}.jsonl"


def run_object(dataset_id: str, name: str) -> str:
    """Return the key of one of a run's own files, e.g. `summary.json`."""
    return run_prefix(dataset_id) + name


def shard_failures_object(dataset_id: str, shard: int) -> str:
    """Return the key of a shard's failed results; absent where nothing failed."""
    return f"{run_prefix(dataset_id)}failures/{shard:06d}.jsonl"


def run_list_prefix(owner: str | None, kind: str = DATASET) -> str:
    """Return the folder that lists an owner's runs of `kind`, newest first; apart from their
    files.
    """
    of_kind = "" if kind == DATASET else f".{kind}"
    return f"dataset-list/{owner or 'all'}{of_kind}/"


def run_list_object(owner: str | None, created_at: float, dataset_id: str) -> str:
    """Return the key of a run's list entry; keys sort newest first, until the year 2286."""
    before_ms = 10**13 - int(created_at * 1000)
    folder = run_list_prefix(owner, kind_of(dataset_id))
    return f"{folder}{before_ms:013d}_{dataset_id}"


def retry_object(dataset_id: str, round_: int) -> str:
    """Return the key of the request to run failed items again, written before anything starts."""
    return f"{run_prefix(dataset_id)}{RUN_RETRIES}{round_:06d}.json"


RUN_RETRIES = "retries/"
RUN_REQUEST = "dataset.json"  # written before the record: what is needed to run it again
RUN_PLAN = "plan.json"  # rounds whose shards are all written
RUN_ARCHIVE = "archive"  # the uploaded zip or tar
RUN_CANCELED = "canceled.json"
RUN_REFUSED = "refused.json"  # why nothing was run
RUN_SUMMARY = "summary.json"  # written last
RUN_ERRORS = "errors.jsonl"
RUN_INDEX = "index.parquet"
RUN_FORECAST = "forecast.json"

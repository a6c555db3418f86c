"""`python -m storage.doctor`: uses the configured stores as the service does, and reports.

Prints one JSON object: for each store what is wrong (`problems`) and what is unwise (`notes`).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable

from contract.errors import DepthqError, StorageUnavailable
from contract.settings import Settings
from contract.startup import settings_or_exit
from storage.broker.settings import check_broker
from storage.ledger.connection import open_redis
from storage.ledger.health import shortcomings
from storage.objects.open import open_object_store
from storage.objects.probe import use


def examine(settings: Settings) -> dict[str, dict[str, list[str]]]:
    """Return what is wrong and unwise about the object store and Redis."""
    return {
        "store": _told(lambda: _store(settings)),
        "redis": _told(lambda: _redis(settings)),
    }


def _store(settings: Settings) -> list[str]:
    store = open_object_store(settings.model_copy(update={"s3_create_bucket": False}))
    try:
        use(store)
    except StorageUnavailable as exc:
        if "NoSuchBucket" in exc.message and settings.s3_create_bucket:
            return [f"there is no bucket {settings.s3_bucket} yet; the service makes it"]
        raise
    return []


def _redis(settings: Settings) -> list[str]:
    with open_redis(settings) as redis:
        notes = shortcomings(redis)
    check_broker(settings)
    return notes


def _told(look: Callable[[], Iterable[str]]) -> dict[str, list[str]]:
    try:
        return {"problems": [], "notes": list(look())}
    except DepthqError as exc:
        return {"problems": [exc.message], "notes": []}


def main() -> int:
    """Print the findings."""
    sys.stdout.write(json.dumps(examine(settings_or_exit("doctor"))) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

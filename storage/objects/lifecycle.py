"""Lifecycle rules of a bucket: set once, when the service creates it. The sweeper works without."""

from __future__ import annotations

import logging
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

log = logging.getLogger(__name__)

_DAY_S = 86_400
_ABANDONED_DAYS = 1


def lifecycle_rules(retention_s: int) -> list[dict[str, Any]]:
    """Return the rules: jobs expire a day after the service's retention; unfinished uploads expire
    too.
    """
    return [
        {
            "ID": "depthq-jobs",
            "Status": "Enabled",
            "Filter": {"Prefix": "jobs/"},
            "Expiration": {"Days": retention_s // _DAY_S + 1},
        },
        {
            "ID": "depthq-uploads",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": _ABANDONED_DAYS},
        },
    ]


def set_lifecycle(client: Any, bucket: str, retention_s: int) -> None:
    """Set the rules of `bucket`, as far as the server supports them. Never fails.

    MinIO refuses rules for unfinished uploads and removes these by itself.
    """
    rules = lifecycle_rules(retention_s)
    for chosen in (rules, rules[:1]):
        try:
            client.put_bucket_lifecycle_configuration(
                Bucket=bucket, LifecycleConfiguration={"Rules": chosen}
            )
        except (ClientError, BotoCoreError) as exc:
            log.info("lifecycle rules refused: %s", exc, extra={"action": "lifecycle"})
        else:
            return

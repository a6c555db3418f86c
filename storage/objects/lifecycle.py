"""Rules by which a bucket forgets: set once, when we make it. The sweeper does without them."""

from __future__ import annotations

import logging
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

log = logging.getLogger(__name__)

_DAY_S = 86_400
_ABANDONED_DAYS = 1


def lifecycle_rules(retention_s: int) -> list[dict[str, Any]]:
    """Return the rules: jobs go a day after the service forgot them, unfinished uploads too."""
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
    """Give `bucket` its rules, as many as the server knows. Never fails: the sweeper is there.

    MinIO refuses rules for unfinished uploads and clears them away by itself.
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

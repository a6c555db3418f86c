"""Refuses a `webhook_url` of a job or dataset that could never be called."""

from __future__ import annotations

import re

from api.answers.errors import InvalidFields
from contract.documents import FieldProblem
from contract.errors import UrlForbidden
from contract.options import URL_PATTERN
from contract.settings import Settings
from outbound.receivers import check_receiver


def check_webhook_url(url: str | None, settings: Settings) -> None:
    """Raise InvalidFields where the service has no secret, or does not call that place.

    Checks only what the URL itself shows: host names are resolved when the call is made.
    """
    if url is None:
        return
    if settings.webhook_secret is None:
        raise _refused("this service has no DEPTHQ_WEBHOOK_SECRET to sign calls with.")
    if not re.match(URL_PATTERN, url):
        raise _refused("expected http:// or https://, a host, and nothing before it.")
    try:
        check_receiver(url, settings.webhook_places)
    except UrlForbidden as exc:
        raise _refused(
            f"{exc.message} Private receivers are listed in DEPTHQ_WEBHOOK_ALLOW."
        ) from exc


def _refused(message: str) -> InvalidFields:
    return InvalidFields([FieldProblem(field="webhook_url", message=message)])

"""`python -m api [--host HOST] [--port PORT]`: serves the HTTP API until SIGTERM."""

from __future__ import annotations

from runtime.loading import loaded

# isort: split
import argparse
import logging
import sys

from api.front.parser import Parser
from api.front.server import open_front
from api.receiving.multipart import ENVELOPE_BYTES
from api.services import EXTENSION
from api.wsgi import app_from
from contract.addresses import authority
from contract.errors import InvalidRequest
from contract.startup import WRONG_SETTINGS, settings_or_exit
from runtime.heaps import keep_few_heaps
from runtime.io_threads import keep_few_io_threads
from runtime.logs import configure_logging
from storage.ledger.connection import open_redis
from storage.ledger.health import warn_if_unsuitable

log = logging.getLogger("api")


def main(arguments: list[str] | None = None) -> int:
    """Run the server; return the exit code."""
    settings = settings_or_exit("api")
    parser = argparse.ArgumentParser(prog="python -m api", description="The HTTP API of depthq.")
    parser.add_argument("--host", default=settings.host)
    parser.add_argument("--port", type=int, default=settings.port)
    chosen = parser.parse_args(arguments)
    settings = settings.model_copy(update=vars(chosen))
    configure_logging(settings.log_format, settings.log_level)
    keep_few_heaps()
    keep_few_io_threads()
    try:
        with open_redis(settings) as redis:
            warn_if_unsuitable(redis)
        app = app_from(settings)
    except InvalidRequest as exc:
        log.error("cannot start: %s", exc, extra={"action": "start"})
        return WRONG_SETTINGS
    parts = app.extensions[EXTENSION]
    limit = settings.max_upload_bytes + ENVELOPE_BYTES
    try:
        front = open_front(app, settings, parts.keys, chosen.host, chosen.port, limit)
    except OSError as exc:
        log.error("cannot listen on %s: %s", authority(chosen.host, chosen.port), exc.strerror)
        return 1
    log.info(
        "listening on http://%s",
        authority(chosen.host, front.effective_port),
        extra={"action": "listen"},
    )
    parts.measures.uploading.set_function(lambda: Parser.budget.taken_bytes)
    loaded()
    front.serve(on_drain=parts.stop_waiting)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Logging of every process: JSON lines in production, readable lines on a terminal.

`extra=` fields are kept: `action`, `job_id`, and any other. Texts may be untrusted: they are
truncated, and in readable lines invisible characters are escaped.
"""

from __future__ import annotations

import json
import logging
import sys
import textwrap
from datetime import UTC, datetime

from runtime.printable import printable

_AS_JSON = json.JSONEncoder(default=str).encode
_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


# Of one message or extra: more than any of ours has, far less than a request can hold.
TEXT_CHARS = 2_000
TRACEBACK_CHARS = 20_000


def _cut(text: str, chars: int = TEXT_CHARS) -> str:
    return text if len(text) <= chars else f"{text[:chars]}… ({len(text)} characters)"


def _extras(record: logging.LogRecord) -> dict[str, object]:
    return {
        key: _cut(value) if isinstance(value, str) else value
        for key, value in vars(record).items()
        if key not in _STANDARD
    }


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (RFC 3339), level, logger, message, extras, traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _cut(record.getMessage()),
            **_extras(record),
        }
        if record.exc_info:
            line["traceback"] = _cut(self.formatException(record.exc_info), TRACEBACK_CHARS)
        return _AS_JSON(line).replace("\x7f", "\\u007f")


class TextFormatter(logging.Formatter):
    """`12:34:56 INFO  worker.jobs.pipeline  message  job_id=…`"""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        clock = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        extras = " ".join(f"{key}={value}" for key, value in _extras(record).items())
        told = f"{_cut(record.getMessage())}  {extras}".rstrip()
        line = f"{clock} {record.levelname:<7} {record.name}: {printable(told)}"
        if record.exc_info:
            traceback = _cut(self.formatException(record.exc_info), TRACEBACK_CHARS)
            # indented: a line end in an error's text must not begin what looks like a record
            line += "\n" + textwrap.indent(printable(traceback, keep="\n"), "    ")
        return line


def configure_logging(log_format: str, log_level: str) -> None:
    """Send every logger of this process to standard error in the format that `settings` ask for."""
    text = log_format == "text" or (log_format == "auto" and sys.stderr.isatty())
    handler = logging.StreamHandler()
    handler.setFormatter(TextFormatter() if text else JsonFormatter())
    logging.basicConfig(level=log_level, handlers=[handler], force=True)
    # what no line of ours has need not be found out (the standard library's list of optimizations)
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    # routine messages of libraries are not logged
    for noisy in ("celery", "kombu", "botocore", "boto3", "urllib3", "httpx2", "waitress"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.root.level))

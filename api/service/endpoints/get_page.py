"""`GET /`: the web page, and its files under `/web/`."""

from __future__ import annotations

from pathlib import Path

from flask import Response, send_from_directory

from api.answers.blueprint import root
from api.receiving.parameters import FilePath

_WEB = Path(__file__).parents[2] / "web"


@root.get("/", doc_ui=False)
def get_page() -> Response:
    """Answer the page."""
    return send_from_directory(_WEB, "index.html", max_age=0)


@root.get("/web/<path:name>", doc_ui=False)
def get_page_file(path: FilePath) -> Response:
    """Answer a file of the page."""
    return send_from_directory(_WEB, path.name, max_age=0)

"""`GET /` and `GET /ops`: the web pages, and their files under `/web/`."""

from __future__ import annotations

from pathlib import Path

from flask import Response, request, send_from_directory

from api.answers.blueprint import root
from api.answers.prefixes import below, prefix_of
from api.receiving.parameters import FilePath
from api.services import services

_WEB = Path(__file__).parents[2] / "web"


@root.get("/", doc_ui=False)
def get_page() -> Response:
    """Answer the page."""
    return _page("index.html")


@root.get("/ops", doc_ui=False)
def get_operations_page() -> Response:
    """Answer the page that shows how the service is doing; its data wants a key, if there are."""
    return _page("ops.html")


def _page(name: str) -> Response:
    """Return the page, its links below the path that a proxy gives us."""
    page = (_WEB / name).read_text(encoding="utf-8")
    page = below(prefix_of(services().settings.public_url), page)
    response = Response(page, content_type="text/html; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


@root.get("/web/<path:name>", doc_ui=False)
def get_page_file(path: FilePath) -> Response:
    """Answer a file of the page."""
    return send_from_directory(_WEB, path.name, max_age=0)

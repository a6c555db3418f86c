"""`GET /openapi.json`, and its UI at `GET /docs`: no outside assets, no inline script."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import flask_openapi3_swagger
from flask import Response, current_app, jsonify, send_from_directory
from flask_openapi3.openapi import OpenAPI

from api.answers.blueprint import root
from api.answers.prefixes import below, prefix_of
from api.receiving.parameters import FilePath
from api.services import services

_ASSETS = Path(flask_openapi3_swagger.__file__).parent / "templates" / "swagger"

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>depthq API</title>
<link rel="icon" href="/web/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/docs/assets/css/swagger-ui.css">
<div id="swagger-ui"></div>
<script src="/docs/assets/js/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</html>
"""

# A file of its own because the content security policy allows no inline script. It is at
# /docs/start.js, or below the path that a proxy gives us.
_START = """const script = document.currentScript.src;
window.addEventListener("load", () => {
  const url = new URL("../openapi.json", script).pathname;
  SwaggerUIBundle({ url, dom_id: "#swagger-ui", deepLinking: true });
});
"""


@root.get("/openapi.json", doc_ui=False)
def get_openapi() -> Response:
    """Answer the OpenAPI 3.1 document."""
    return jsonify(cast("OpenAPI", current_app).api_doc)


@root.get("/docs", doc_ui=False)
def get_docs() -> Response:
    """Answer the page that shows it."""
    page = below(prefix_of(services().settings.public_url), _PAGE)
    return Response(page, content_type="text/html; charset=utf-8")


@root.get("/docs/start.js", doc_ui=False)
def get_docs_script() -> Response:
    """Answer the script that starts the UI."""
    return Response(_START, content_type="text/javascript; charset=utf-8")


@root.get("/docs/assets/<path:name>", doc_ui=False)
def get_docs_asset(path: FilePath) -> Response:
    """Answer a bundled file of the UI."""
    return send_from_directory(_ASSETS, path.name, max_age=86_400)

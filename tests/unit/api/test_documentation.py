"""The API and its descriptions agree."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.wsgi import app_from
from contract.errors import ERROR_CODES
from contract.settings import Settings

GUIDE = Path(__file__).parents[3] / "docs" / "api.md"


@pytest.fixture(scope="module")
def app():
    return app_from(Settings(_env_file=None))


def test_every_route_is_in_the_guide(app):
    text = GUIDE.read_text()
    rules = {
        rule.rule.replace("<string:", "{").replace("<path:", "{").replace(">", "}")
        for rule in app.url_map.iter_rules()
    }
    assert [rule for rule in sorted(rules) if f"{rule}`" not in text] == []


def test_every_error_code_is_in_the_guide():
    text = GUIDE.read_text()
    assert [code for code in ERROR_CODES if f"`{code}`" not in text] == []


def test_the_openapi_document_is_valid_3_1(app):
    from openapi_spec_validator import validate  # here: only this test needs it

    spec = app.test_client().get("/openapi.json").json
    assert spec["openapi"].startswith("3.1")
    validate(spec)


def references_in(node: object) -> set[str]:
    """Return what `$ref` says, at every depth."""
    if isinstance(node, list):
        return set().union(*map(references_in, node))
    if not isinstance(node, dict):
        return set()
    own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
    return own.union(*map(references_in, node.values()))


def test_every_reference_of_the_openapi_document_leads_to_a_schema(app):
    spec = app.test_client().get("/openapi.json").json
    schemas = {f"#/components/schemas/{name}" for name in spec["components"]["schemas"]}
    assert "#/components/schemas/VideoSource" in references_in(spec)
    assert sorted(references_in(spec) - schemas) == []


def test_every_v1_route_is_in_the_openapi_document(app):
    spec = app.test_client().get("/openapi.json").json
    described = {(path, method.upper()) for path, item in spec["paths"].items() for method in item}
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/v1/"):
            path = rule.rule.replace("<string:", "{").replace(">", "}")
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                assert (path, method) in described


def test_the_docs_page_loads_nothing_from_elsewhere_and_runs_nothing_inline(app):
    client = app.test_client()
    page = client.get("/docs")
    assert "http" not in page.text
    assert "<script>" not in page.text
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    for asset in ("/docs/start.js", "/docs/assets/js/swagger-ui-bundle.js"):
        assert asset in page.text
        with client.get(asset) as response:
            assert response.status_code == 200


def test_the_openapi_document_says_when_results_are_smaller_than_the_picture(app):
    document = app.test_client().get("/openapi.json").json
    posted = document["paths"]["/v1/jobs"]["post"]
    forms = document["components"]["schemas"]["CreateJobForm"]["properties"]
    (query,) = [each for each in posted["parameters"] if each["name"] == "size"]
    for size in (query, forms["size"]):
        assert (
            "smaller where a side is longer than `DEPTHQ_MAX_SIDE_PX` (4096 px"
            in (size["description"])
        )
    assert "gray" in forms["colormap"]["enum"]
    assert forms["invert"]["type"] == "boolean"

"""Whatever route names a job or a dataset: to another key, and to nobody's id, it is not there.

The routes are read from the app itself, so that a new one cannot be forgotten.
"""

from __future__ import annotations

import pytest

from api.answers.openapi import DepthApp
from contract.ids import new_id
from tests.integration.api.worker import succeed
from tests.unit.api.fakes import jpeg

PLACES = {"job_id", "dataset_id"}
OTHERS = {"name": "depth", "item_id": "0" * 32}


def routes(app: DepthApp) -> list[tuple[str, str]]:
    """Return (method, rule) of everything under /v1/ that names one thing."""
    return sorted(
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.arguments & PLACES
        for method in rule.methods - {"HEAD", "OPTIONS"}
    )


def filled(rule: str, found_id: str) -> str:
    """Return the rule with its blanks filled."""
    path = rule
    for name in (*PLACES, *OTHERS):
        value = found_id if name in PLACES else OTHERS[name]
        for kind in ("string:", "int:", "path:", ""):
            path = path.replace(f"<{kind}{name}>", value)
    assert "<" not in path, f"say what stands for the blanks of {rule}"
    return path


@pytest.fixture
def api(make_api, tmp_path):
    folder = tmp_path / "buckets" / "photos" / "cats"
    folder.mkdir(parents=True)
    (folder / "a.jpg").write_bytes(b"an image")
    return make_api(api_keys="anna,bert", dataset_buckets=("photos",))


def call(api, key, method, path, **more):
    return api.client.open(path, method=method, headers={"Authorization": f"Bearer {key}"}, **more)


@pytest.fixture
def annas(api) -> dict[str, str]:
    """A finished job and a dataset of Anna's, by the name of their blank."""
    job = call(api, "anna", "POST", "/v1/jobs", data=jpeg(), content_type="image/jpeg").json["id"]
    succeed(api.parts, job)
    made = call(api, "anna", "POST", "/v1/datasets", json={"prefix": "s3://photos/cats/"})
    assert made.status_code == 202, made.text
    return {"job_id": job, "dataset_id": made.json["id"]}


def test_every_route_that_names_a_thing_is_guarded(api):
    found = routes(api.app)
    assert len(found) >= 5
    assert all(rule.startswith("/v1/") for _, rule in found)


def test_another_key_finds_nothing(api, annas):
    seen = 0
    for method, rule in routes(api.app):
        for blank, found_id in annas.items():
            if f"{blank}>" not in rule:
                continue
            seen += 1
            theirs = call(api, "bert", method, filled(rule, found_id))
            nobodys = call(api, "bert", method, filled(rule, new_id()))
            assert theirs.status_code == 404, (method, rule, theirs.text)
            assert theirs.json["code"] == "not_found"
            # and a foreign id cannot be told from one that does not exist
            assert set(theirs.json) == set(nobodys.json), rule
            assert theirs.json["title"] == nobodys.json["title"]
            assert theirs.json["detail"].replace(found_id, "") == nobodys.json["detail"].replace(
                nobodys.json["instance"].split("/")[3], ""
            )
    assert seen == len(routes(api.app))
    # and none of these calls changed anything
    assert call(api, "anna", "GET", f"/v1/jobs/{annas['job_id']}").json["state"] == "succeeded"


def test_without_a_key_no_route_says_anything(api, annas):
    for method, rule in routes(api.app):
        for found_id in (*annas.values(), new_id()):
            answer = api.client.open(filled(rule, found_id), method=method)
            assert (answer.status_code, answer.json["code"]) == (401, "unauthorized")
            assert found_id not in answer.json["detail"]


def test_lists_hold_the_callers_own_only(api, annas):
    for rule in api.app.url_map.iter_rules():
        if rule.rule.startswith("/v1/") and "GET" in rule.methods and not rule.arguments:
            answer = call(api, "bert", "GET", rule.rule)
            assert answer.status_code == 200
            assert not [found for found in annas.values() if found in answer.text]

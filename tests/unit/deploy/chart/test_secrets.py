"""Secrets rest in one Secret, and reach those pods only that need them."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from redis import Redis

from contract.settings import Settings
from tests.services.chart import (
    Chart,
    Manifest,
    RefusedError,
    Values,
    containers,
    of_kind,
    secret_variables,
)
from tests.unit.deploy.chart.conftest import EVERYTHING, FOREIGN, PLAIN, Rendered

NEEDED = {
    "DEPTHQ_REDIS_URL",
    "DEPTHQ_S3_ACCESS_KEY_ID",
    "DEPTHQ_S3_SECRET_ACCESS_KEY",
    "DEPTHQ_WEBHOOK_SECRET",
}


def changed(values: Values, **changes: Any) -> Values:
    return {**values, **changes}


def test_no_secret_is_anywhere_but_in_the_secret(everything: list[Manifest]) -> None:
    for manifest in everything:
        if manifest["kind"] != "Secret":
            assert "s3cret" not in json.dumps(manifest), manifest["metadata"]["name"]
    (secret,) = of_kind(everything, "Secret").values()
    assert secret["stringData"]["DEPTHQ_API_KEYS"] == "first-api-s3cret,second-api-s3cret"


def test_each_pod_gets_the_secrets_it_needs(manifests: list[Manifest]) -> None:
    found = of_kind(manifests, "Secret")
    for name, container in containers(manifests):
        references = secret_variables(container)
        if found and name != "redis":
            assert set(references) == NEEDED | ({"DEPTHQ_API_KEYS"} if name == "api" else set())
        for variable, reference in references.items():
            assert reference["key"] == variable
            assert not reference.get("optional"), "a missing key would start the API without login"
            assert not found or variable in found[reference["name"]]["stringData"]


def test_a_secret_of_ones_own_takes_the_place_of_ours(rendered: Rendered) -> None:
    manifests = rendered["foreign"]
    assert of_kind(manifests, "Secret") == {}
    names = {
        reference["name"]
        for _, container in containers(manifests)
        for reference in secret_variables(container).values()
    }
    assert names == {"sealed"}


def test_no_keys_are_demanded_where_a_role_is_used(rendered: Rendered) -> None:
    for name, container in containers(rendered["foreign"]):
        api = {"DEPTHQ_API_KEYS"} if name == "api" else set()
        assert set(secret_variables(container)) == {"DEPTHQ_REDIS_URL"} | api


def test_any_password_survives_its_way_into_the_url(rendered: Rendered) -> None:
    (secret,) = of_kind(rendered["plain"], "Secret").values()
    url = Settings(redis_url=secret["stringData"]["DEPTHQ_REDIS_URL"]).redis_url
    with Redis.from_url(url) as client:
        address = client.connection_pool.connection_kwargs
    assert address["password"] == "redis-s3cret /+"
    assert (address["host"], address["port"], address["db"]) == ("redis.example", 6380, 1)


def test_without_keys_of_ones_own_a_long_one_is_made(chart: Chart) -> None:
    values = changed(EVERYTHING, auth={}, redis={})
    (secret,) = of_kind(chart.render(values), "Secret").values()
    data = secret["stringData"]
    assert len(data["DEPTHQ_API_KEYS"]) >= 32
    assert len(data["REDIS_PASSWORD"]) >= 32
    assert data["REDIS_PASSWORD"] != data["DEPTHQ_API_KEYS"]
    assert data["REDIS_PASSWORD"] in data["DEPTHQ_REDIS_URL"]


def test_a_login_ends_only_when_that_is_said(chart: Chart) -> None:
    manifests = chart.render(changed(PLAIN, auth={"enabled": False}))
    assert "DEPTHQ_API_KEYS" not in yaml.safe_dump_all(manifests)


def test_a_new_secret_starts_new_pods(chart: Chart, rendered: Rendered) -> None:
    later = chart.render(changed(PLAIN, auth={"apiKeys": ["another-api-s3cret"]}))
    for name, deployment in of_kind(rendered["plain"], "Deployment").items():
        template = of_kind(later, "Deployment")[name]["spec"]["template"]
        assert template["metadata"] != deployment["spec"]["template"]["metadata"]


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        (changed(PLAIN, existingSecret="sealed"), "existingSecret"),
        (changed(PLAIN, valkey={"enabled": True}), "choose one Redis"),
        (changed(PLAIN, redis={}), "redis.url: name a Redis"),
        (changed(PLAIN, s3={"bucket": "b"}), "s3.accessKeyId, s3.secretAccessKey: both"),
        (changed(PLAIN, webhooks={"enabled": True}), "webhooks.secret"),
        (changed(FOREIGN, s3={"accessKeys": False}), "s3.bucket: name the bucket"),
        (changed(PLAIN, ingress={"enabled": True}), "ingress.host: name the host"),
    ],
)
def test_values_that_cannot_work_are_refused_in_words(
    chart: Chart, values: Values, complaint: str
) -> None:
    with pytest.raises(RefusedError, match=complaint):
        chart.render(values)
